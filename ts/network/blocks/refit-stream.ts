import type { ActivationName } from '../../core/activation.js';
import type { NdArray } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import type { SampleEstimate } from '../../entropy/estimate.js';
import { fitNetwork } from '../fit.js';
import type { ModelData, NetworkModel } from '../model/index.js';
import { type ResidualLayer, type ResidualNetwork, residualNetwork } from '../residual-network.js';
import { SIGNATURES } from '../signatures.js';
import { gathered } from './local-geometry.js';
import { withoutBlock } from './left-out-block.js';
import { streamToRefit } from './stream-to-refit.js';
import { ownData } from '../model/model-data.js';

/** Layers that a stream may be refitted with. */
export const MOST_LAYERS = 10_000;

/** Options of {@link refitStream}. */
export interface RefitStreamOptions extends CallOptions {
  /** Layers that the stream is to have: fewer or more than it has blocks. */
  depth: number;
  /** Units of each layer. Default 256. */
  width?: number;
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** Most examples, drawn by the seed, of which a quarter is held out. Default 4000. */
  examples?: number;
}

/** What {@link refitStream} returns. */
export interface RefittedStream {
  /** The states before the first block and after the last, by the names of their layers; `input` is the data. */
  readonly from: string;
  readonly to: string;
  /** Blocks that the stream has. */
  readonly blocks: number;
  /** Layers in their place, of time 1 in all. */
  readonly network: ResidualNetwork;
  /** Examples that were held out, of which the rest speaks. */
  readonly heldOut: number;
  /** Share of the squared distance from the first state to the last that the network explains. */
  readonly explained: number;
  /** Share whose largest output of the model stays the same one; null of one output, or where the rest cannot be run alone. */
  readonly agreement: SampleEstimate | null;
}

/**
 * From a network to a flow and back: the states of a residual stream are the path of every example, with depth as time from 0 to
 * 1, in straight lines between blocks; a residual network of any other depth is fitted to follow it, layer by layer without
 * descent (`fitNetwork`), each to where the examples, as the layers before left them, should be at its end. Of a model with several
 * streams the one with most blocks is taken. {@link writeRefittedOnnx} puts it back in the place of the blocks.
 *
 * @param points 8 or more examples. @throws UNSUPPORTED where no stream of two blocks or more has states of one vector an
 * example (maps and sequences have none), EMPTY_CLOUD, and as `openActivations` and `fitNetwork`. Time: that of `depth` fits.
 */
export async function refitStream(
  model: NetworkModel,
  points: ModelData<NdArrayLike>,
  options: RefitStreamOptions,
): Promise<RefittedStream> {
  checkCall(SIGNATURES.refitStream, { model, points, options });
  const depth = checkInteger(options.depth, 'depth', 1, MOST_LAYERS);
  const width = checkInteger(options.width ?? 256, 'width', 1);
  const most = checkInteger(options.examples ?? 4000, 'examples', 8);
  const { seed, signal, backend, dtype, activation } = options;
  const call = { seed, signal, backend, dtype };
  const { blocks, last, count, layer, between, collect } = await streamToRefit(
    model,
    ownData(points),
    options,
  );
  const rows = new RandomStream(seed, 'sample').choose(count, Math.min(count, most));
  const names = [blocks[0].from, ...blocks.map(({ to }) => to)];
  const clouds = await collect([...names, last], rows);
  const states = names.map((name) => clouds.get(name)!);
  const held = Math.max(1, Math.floor(rows.length / 4));
  const part = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  const [fitted, judged] = [part(held, rows.length), part(0, held)];
  const path = states.map((state) => gathered(state, fitted));
  const layers: ResidualLayer[] = [];
  let at = path[0];
  for (let l = 0; l < depth; l++) {
    const aim = pointsAt(path, (l + 1) / depth);
    const values = { data: aim.data.map((value, k) => depth * (value - at.data[k])), shape: aim.shape };
    const { network } = await fitNetwork(
      { points: at, values },
      {
        ...partOf(options, l / depth, (l + 1) / depth),
        ...{ width, activation, units: 'pairs', seed: (seed ?? 0) + l },
      },
    );
    layers.push({ network, step: 1 / depth });
    at = await residualNetwork({ layers: [layers[l]] }).evaluate(at, call);
  }
  const network = residualNetwork({ layers });
  const [start, end] = [states[0], states[states.length - 1]].map((state) => gathered(state, judged));
  const found = await network.evaluate(start, call);
  const rest = names[names.length - 1] === last ? undefined : between(names[names.length - 1], last);
  const outputs = gathered(clouds.get(last)!, judged);
  const before = { states: found, shape: layer(names[0]).shape };
  const without = rest ? await withoutBlock(rest, before, outputs, call) : null;
  await tell(options.onProgress, 1);
  return {
    from: names[0],
    to: names[names.length - 1],
    blocks: blocks.length,
    network,
    heldOut: held,
    explained: 1 - squares(found, end) / squares(start, end),
    agreement: without && without.agreement,
  };
}

/** Where the examples are at a time from 0 to 1, in straight lines between the states. */
function pointsAt(path: readonly NdArray[], time: number): NdArray {
  const place = time * (path.length - 1);
  const before = Math.min(path.length - 2, Math.floor(place));
  const share = place - before;
  const [from, to] = [path[before].data, path[before + 1].data];
  const data = Float32Array.from(from, (value: number, k) => value + share * (to[k] - value));
  return { data, shape: path[0].shape };
}

function squares(a: NdArray, b: NdArray): number {
  let sum = 0;
  for (let k = 0; k < a.data.length; k++) sum += (a.data[k] - b.data[k]) ** 2;
  return sum;
}
