import { type NdArray, elementCount } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, tell, throwIfAborted } from '../../core/options.js';
import { nextTurn } from '../../core/pace.js';
import { kernelsFor } from '../../kernel/backend.js';
import { tokenRows } from './token-rows.js';
import {
  type FeatureMaps,
  type RowLayout,
  type SequencePooling,
  checkFeatureMaps,
  checkPooling,
  rowLayout,
  rowsOf,
} from './feature-maps.js';
import { BatchSize } from './batch-size.js';
import { Examples } from './examples.js';
import { DEFAULT_MEMORY, inGroups } from './groups.js';
import { INFINITE, infiniteLayers, nonFinite } from './infinite-layers.js';
import { type LayerPlace, channelAxis, exampleFirst, isMoved, probeBatches } from './layer-places.js';
import { chooseAll } from './choose-layers.js';
import { collectRows } from './collect-rows.js';
import { type ModelData, ownData } from './model-data.js';
import type { LeftOutLayer, ModelLayer, NetworkModel } from './model.js';
import { type PositionMask, maskOf, maskRows } from './position-mask.js';
import { RandomProjection } from './random-projection.js';
import { TokenShares, takesTokenIds } from './token-shares.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../method-signatures.js';

/** Options of {@link openActivations}. */
export interface ActivationOptions extends CallOptions {
  /**
   * Which layers: names, or kinds such as `Add`, with * for any run of characters; those that any of them matches. Default:
   * all.
   */
  layers?: readonly string[];
  /** What becomes of feature maps and sequences. Default `mean`: the mean of each channel over the positions. */
  featureMaps?: FeatureMaps;
  /**
   * What stands for a sequence (batch, position, channel) where featureMaps is `mean`: the mean over its tokens, the first (`cls`,
   * what encoders put a summary in) or the last (`last`, what decoders go on from), of those that the mask has. Default `mean`.
   * Maps of images are averaged whatever it is.
   */
  pool?: SequencePooling;
  /** Rows wider than this are projected at random to it, keeping distances to about 1 ± √(2/width). Default 1024. */
  width?: number;
  /**
   * Most examples at once. Default 256. Of a slow model fewer are taken, so that a batch takes about 50 ms: an abort waits for
   * the batch that runs.
   */
  batch?: number;
  /**
   * The input that says which positions of a sequence count, by name: means leave out those where it is 0, and with `positions`
   * they are no rows. Default: the one whose name holds `mask`, where there is one; else what the model itself leaves out
   * ({@link NetworkModel.padding}); false for none.
   */
  mask?: string | false;
  /** About so many bytes of activations are held at once; of more the model is run several times over. Default 2³⁰. */
  memoryLimit?: number;
  /** With `positions`: most rows in all; of more a random set of positions is taken, the same in every example. Default 20 000. */
  rows?: number;
}

/** A layer as its activations come. */
export interface ActivationLayer extends ModelLayer {
  /** Extents of one example's activations. */
  readonly shape: readonly number[];
  /** Values of a row as the model has them, and as they are given: fewer where they are projected at random. */
  readonly fullWidth: number;
  readonly width: number;
  /** Rows for each example: 1, or with `positions` the positions taken; their mean number where `masked`. */
  readonly positions: number;
  /** Whether a mask leaves out some of the positions, not as many in every example: {@link Activations.tokenExamples} says which rows are whose. */
  readonly masked?: true;
  /** Of data that are ids of tokens: how many occur. A row is the share of each among the positions that a mask has. */
  readonly tokens?: number;
  /** Whether the model itself gives them otherwise, the batch not first. */
  readonly moved?: true;
}

/** A model, and data to run through it. */
export interface Activations {
  /**
   * The data themselves, flattened, or of ids of tokens the share of each, named `input` (of several inputs the first that has an
   * array); then the chosen layers in order.
   */
  readonly layers: readonly ActivationLayer[];
  readonly examples: number;
  /** The example of each row of the layers that are `masked`; undefined where none is. */
  readonly tokenExamples?: Int32Array;
  /** Layers that nothing can be shown of, of all or of those chosen. */
  readonly leftOut: readonly LeftOutLayer[];
  /**
   * Runs the data through the model and gives the rows of these layers for every batch in turn, before the next is run:
   * `first` is the first example of the batch. The arrays are the visitor's to keep.
   *
   * @throws NON_FINITE naming layer and example, UNSUPPORTED, INVALID_SHAPE, ABORTED.
   */
  stream(
    layers: readonly string[],
    visit: (batch: { first: number; examples: number; rows: ReadonlyMap<string, NdArray> }) => unknown,
    options?: Pick<CallOptions, 'signal' | 'onProgress'>,
  ): Promise<void>;
  /** All rows of these layers: [examples · positions, width] each, float32. */
  collect(
    layers: readonly string[],
    options?: Pick<CallOptions, 'signal' | 'onProgress'>,
  ): Promise<Map<string, NdArray>>;
}

/** Why a layer has no rows. */
const NO_VALUES = 'gives no values';

/** The name that the data themselves go by among the layers. */
export const INPUT = 'input';

/** Some of the examples, copied. */
function pointsFrom({ data, shape: [n, ...example] }: NdArray, first: number, count: number): NdArray {
  const size = data.length / n;
  const own = new Float32Array(data.subarray(first * size, (first + count) * size));
  return { data: own, shape: [count, ...example] };
}

/**
 * Prepares to run data through a model: a few examples are run, in two numbers and in another
 * order, to learn the shape of every layer and which of its axes is the batch. Layers that give no floating-point numbers, or
 * not one set of them per example, are left out; so are the scores of attention that a mask makes infinite.
 *
 * @param points [n, …], n examples of the shape that the model takes, or of as many values in that order; of a model of several
 *   inputs an array for each by its name.
 * @throws INVALID_SHAPE where the model takes others, EMPTY_CLOUD, INVALID_ARGUMENT, UNSUPPORTED where no chosen layer can be
 * looked at.
 */
export async function openActivations(
  model: NetworkModel,
  points: ModelData<NdArrayLike>,
  options: ActivationOptions = {},
): Promise<Activations> {
  checkCall(SIGNATURES.openActivations, { model, points, options });
  const all = Examples.of(model, ownData(points));
  const examples = all.count;
  const featureMaps = checkFeatureMaps(options.featureMaps);
  const pool = checkPooling(options.pool, featureMaps);
  const limit = checkInteger(options.width ?? 1024, 'width', 2);
  const most = checkInteger(model.input.batch ?? options.batch ?? 256, 'batch', 1);
  const positions = Math.max(1, Math.floor(checkInteger(options.rows ?? 20_000, 'rows', 1) / examples));
  throwIfAborted(options.signal);
  const kernels = await kernelsFor(options);

  const { layers: chosen, leftOut } = chooseAll(model, options.layers);
  const run = async (first: number, rows: number, names: readonly string[]) =>
    model.run(all.batch(first, rows), names);
  // Half for what a batch gives, half for the rows that are made of it.
  const memory = checkInteger(options.memoryLimit ?? DEFAULT_MEMORY, 'memoryLimit', 1) / 2;
  const mask = maskOf(model, options.mask);
  const isIds = takesTokenIds(model, all.main);
  const marks =
    mask === undefined || (featureMaps !== 'positions' && !isIds)
      ? undefined
      : maskRows(all.batch(0, examples), mask);
  const tokens =
    featureMaps === 'positions' && marks?.data.length === examples * (marks?.positions ?? 0)
      ? tokenRows(marks, positions, options.seed)
      : undefined;
  const places = await probeBatches(model, all, chosen, memory);
  const bytesOf = (name: string) => 4 * elementCount((places.get(name) as LayerPlace).shape);
  const infinite = await infiniteLayers(model, all, {
    names: chosen.map(({ name }) => name).filter((name) => typeof places.get(name) === 'object'),
    bytesOf,
    memory,
    mask,
  });
  const layouts = new Map<string, RowLayout>();
  const projections = new Map<number, RandomProjection>();
  const layers: ActivationLayer[] = [];
  const add = (
    layer: ModelLayer & { moved?: true },
    shape: readonly number[],
    how: FeatureMaps,
    channelAxis: number,
  ) => {
    const layout = rowLayout(shape, how, {
      ...{ channelAxis, most: positions, seed: options.seed, pool },
      ...(tokens && { tokens: { rows: tokens, length: marks!.positions } }),
    });
    const width = Math.min(limit, layout.width);
    if (width < layout.width && !projections.has(layout.width))
      projections.set(layout.width, new RandomProjection(layout.width, width, options.seed));
    layouts.set(layer.name, layout);
    layers.push({
      ...{ ...layer, shape, fullWidth: layout.width, width },
      ...(layout.tokens
        ? { positions: layout.tokens.positions.length / examples, masked: true as const }
        : { positions: layout.positions.length }),
    });
  };
  const shares = isIds ? new TokenShares(all.points, marks) : undefined;
  add({ name: INPUT, kind: INPUT }, shares ? [shares.width] : all.points.shape.slice(1), 'flatten', 0);
  if (shares) layers[0] = { ...layers[0], shape: all.points.shape.slice(1), tokens: shares.width };
  for (const layer of chosen) {
    const { name, kind } = layer;
    const found = infinite.has(name) ? INFINITE : places.get(name);
    if (name === INPUT || found === undefined) continue;
    if (typeof found === 'string' || found.shape.length === 0 || elementCount(found.shape) === 0) {
      leftOut.push({ name, kind, reason: typeof found === 'string' ? found : NO_VALUES });
      continue;
    }
    add(
      { name, kind, ...(isMoved(found) ? { moved: true } : {}) },
      found.shape,
      featureMaps,
      channelAxis(model, layer, found),
    );
  }
  if (layers.length === 1) {
    throw new RidgeflowError(
      'UNSUPPORTED',
      `None of the ${chosen.length} layers asked for in ${model.source} gives floating-point numbers for every example ` +
        `(${leftOut[0]?.name} ${leftOut[0]?.reason}): choose others`,
    );
  }

  const rowsFor = async (
    name: string,
    activations: NdArray,
    count: number,
    signal: AbortSignal | undefined,
    batch?: { first: number; mask?: PositionMask },
  ): Promise<NdArray> => {
    const rows = rowsOf(activations, count, layouts.get(name)!, batch);
    const projection = projections.get(rows.shape[1]);
    return projection ? projection.apply(rows, { backend: options.backend, signal }) : rows;
  };
  const names = new Set(layers.map(({ name }) => name));
  const stream: Activations['stream'] = async (wanted, visit, call = {}) => {
    checkCall(METHODS.Activations.stream, { layers: wanted, visit, options: call });
    for (const name of wanted)
      if (!names.has(name)) throw invalidArgument('layers', 'names of layers that were opened', name);
    const inner = wanted.filter((name) => name !== INPUT);
    const example = inner.reduce((sum, name) => sum + bytesOf(name), 1);
    const fitting = Math.max(1, Math.min(most, Math.floor(memory / example)));
    const size = new BatchSize(model.input.batch ?? fitting, model.input.batch !== null);
    for (let first = 0, count = 0; first < examples; first += count) {
      throwIfAborted(call.signal);
      count = Math.min(size.rows, examples - first);
      const rows = new Map<string, NdArray>();
      const masked = mask && maskRows(all.batch(first, count), mask);
      if (wanted.includes(INPUT)) {
        const own = shares?.rows(first, count, masked) ?? pointsFrom(all.points, first, count);
        rows.set(INPUT, await rowsFor(INPUT, own, count, call.signal));
      }
      // Where even one example is too much, the layers come in several runs.
      for (const group of inGroups(inner, (name) => count * bytesOf(name), memory)) {
        const outputs = await size.run(
          count,
          () => run(first, model.input.batch ?? count, group),
          call.signal,
        );
        for (const name of group) {
          const activations = exampleFirst(outputs.get(name)!, places.get(name) as LayerPlace);
          outputs.delete(name);
          const each = activations.data.length / activations.shape[0];
          const at = kernels.firstNonFinite(activations.data.subarray(0, count * each));
          if (at >= 0) throw nonFinite(name, first + Math.floor(at / each), activations.data[at]);
          rows.set(name, await rowsFor(name, activations, count, call.signal, { first, mask: masked }));
          await nextTurn();
          throwIfAborted(call.signal);
        }
      }
      await visit({ first, examples: count, rows });
      await tell(call.onProgress, (first + count) / examples);
    }
  };
  const collect: Activations['collect'] = async (wanted, call) => {
    checkCall(METHODS.Activations.collect, { layers: wanted, options: call });
    return collectRows({ layers, examples, stream }, wanted, call);
  };
  const owners = layers.some(({ masked }) => masked) ? tokens?.examples : undefined;
  return { layers, leftOut, examples, ...(owners && { tokenExamples: owners }), stream, collect };
}
