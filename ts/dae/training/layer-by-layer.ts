import { type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, callOptions, checkInteger, checkPositive, partOf } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { kernelsFor, runsOverRanks } from '../../kernel/backend.js';
import type { ShareKernels } from '../../kernel/contract/shares.js';
import { placeOf } from '../../kernel/whole.js';
import { type LayersBefore, finishedLayers } from './checkpoint.js';
import type { DrawnCorruption } from './corruption.js';
import { liftedNoise } from './lifted-noise.js';
import { EncoderStack } from './stack.js';
import type { TrainedDae } from './trained-dae.js';

/** Noise of the layers of a deep autoencoder: either of each, or `T` in all, in equal parts. */
export interface LayerNoise {
  /** Number of layers, each of noise variance T/layers. */
  layers?: number;
  /** Total noise variance T > 0. */
  T?: number;
  /** Noise variance of each layer, in the order in which they are applied. */
  noises?: readonly number[];
}

/** What stacks are made of, beside what makes each layer. */
export interface StackOptions extends LayerNoise {
  /** Hidden units of each layer, or of all of them. */
  widths: number | readonly number[];
  /**
   * What corrupts the features of layer l. `lifted` (the default): N(0, t_l I) added to the decoded points Ψ_l(h), and the
   * sum brought back to features, so that the decoded layer Ψ_l ∘ g_l ∘ Ψ_l⁻¹ is a denoising autoencoder of the decoded
   * points. `isotropic`: N(0, sI) added to the features, with s such that it has, decoded, the variance t_l per coordinate.
   */
  featureNoise?: 'lifted' | 'isotropic';
}

/** What all layers are made with. */
type Shared = CallOptions & { resume?: string };

/** Noise variances of the layers. Throws INVALID_ARGUMENT. */
export function layerNoises({ layers, T, noises }: LayerNoise): readonly number[] {
  if (noises === undefined) {
    const count = checkInteger(layers!, 'layers', 1);
    return new Array<number>(count).fill(checkPositive(T!, 'T') / count);
  }
  if (layers !== undefined || T !== undefined)
    throw invalidArgument('noises', 'nothing where layers and T are given', noises);
  if (!Array.isArray(noises) || noises.length === 0)
    throw invalidArgument('noises', 'a list of at least one noise variance', noises);
  return noises.map((noise: number, layer) => checkPositive(noise, `noises[${layer}]`));
}

/** The seed of layer l: layers that shared a stream would be corrupted by the same noise. */
export function layerSeed(seed: number | undefined, layer: number): number {
  return ((seed ?? 0) + layer * 0x9e3779b97f4b) % Number.MAX_SAFE_INTEGER;
}

/**
 * Makes layers one after the other: `make` is called with the points moved by those before, and the seed, progress and
 * noise of the layer. With `resume`, the layers that were done come from the checkpoint.
 */
export async function composedLayers<O extends LayerNoise & Shared>(
  points: NdArray,
  options: O,
  make: (moved: NdArray, settings: O & { noise: number }, depth: LayersBefore) => Promise<TrainedDae>,
): Promise<TrainedDae[]> {
  const noises = layerNoises(options ?? {});
  checkPoints(points, 'points', { minimum: (await runsOverRanks(options)) ? 0 : 2 });
  let moved = toDtype(points, options.dtype ?? dtypeOf(points));
  let at = 0;
  const call = { ...callOptions(options), onProgress: undefined };
  const plan = { kind: 'composition', noises };
  const dimension = points.shape[1];
  return layerByLayer(options, { plan, count: noises.length, dimension }, async (l, settings, depth) => {
    for (; at < l; at++) moved = await depth.finished[at].apply(moved, call);
    return make(moved, { ...settings, noise: noises[l] }, depth);
  });
}

/** The same on features: `make` is called with those of the layer, its width, and what corrupts them. */
export async function stackedLayers<O extends StackOptions & Shared>(
  points: NdArray,
  options: O,
  make: (
    features: NdArray,
    settings: O & { width: number },
    corruption: number | DrawnCorruption,
    depth: LayersBefore,
  ) => Promise<TrainedDae>,
): Promise<TrainedDae[]> {
  const noises = layerNoises(options ?? {});
  const { featureNoise = 'lifted' } = options;
  if (featureNoise !== 'lifted' && featureNoise !== 'isotropic')
    throw invalidArgument('featureNoise', '"lifted" or "isotropic"', featureNoise);
  const widths = widthsOf(options.widths, noises.length);
  const { n } = checkPoints(points, 'points', { minimum: (await runsOverRanks(options)) ? 0 : 2 });
  const dtype = options.dtype ?? dtypeOf(points);
  const x = toDtype(points, dtype);
  const kernels = await kernelsFor(options, dtype, 'spread');
  await kernels.checkSame({ noises: noises.join(' '), widths: widths.join(' ') });
  const { first } = await placeOf(kernels, n, 'points', 2);
  const plan = { kind: 'stack', noises, widths, featureNoise };
  const dimension = points.shape[1];
  return layerByLayer(options, { plan, count: noises.length, dimension }, async (l, settings, depth) => {
    const given = { ...settings, width: widths[l] };
    if (l === 0) return make(x, given, noises[0], depth);
    const call = { ...callOptions(options), onProgress: undefined };
    const below = new EncoderStack(depth.finished);
    const features = await kernels.doneByAll(below.encode(x, call));
    const corruption =
      featureNoise === 'lifted'
        ? await kernels.doneByAll(liftedNoise(below, x, noises[l], { ...call, seed: settings.seed, first }))
        : await isotropicNoise(below, features, noises[l], { ...call, first, kernels });
    return make(features, given, corruption, depth);
  });
}

async function layerByLayer<O extends Shared>(
  options: O,
  { plan, count, dimension }: { plan: { kind: string }; count: number; dimension: number },
  make: (l: number, settings: O, depth: LayersBefore) => Promise<TrainedDae>,
): Promise<TrainedDae[]> {
  const layers: TrainedDae[] = [];
  if (options.resume !== undefined)
    layers.push(...(await finishedLayers(options.resume, { kind: plan.kind, count, dimension }, options)));
  const first = layers.length;
  for (let l = first; l < count; l++) {
    const settings = {
      ...options,
      ...partOf(options, l / count, (l + 1) / count),
      seed: layerSeed(options.seed, l),
      resume: l === first ? options.resume : undefined,
    };
    layers.push(
      await make(l, settings, { plan, finished: layers.slice() }).catch((error: unknown) => {
        throw inLayer(error, l);
      }),
    );
  }
  return layers;
}

/** The same error, with the layer, counted from 0, whose training came to no end. */
function inLayer(error: unknown, layer: number): unknown {
  if (!(error instanceof RidgeflowError) || error.code !== 'NOT_CONVERGED') return error;
  return new RidgeflowError(error.code, `Layer ${layer}: ${error.message}`, {
    cause: error,
    details: { ...error.details, layer },
  });
}

function widthsOf(widths: number | readonly number[], count: number): readonly number[] {
  const all = typeof widths === 'number' ? new Array<number>(count).fill(widths) : widths;
  if (!Array.isArray(all) || all.length !== count)
    throw invalidArgument('widths', `a width, or one for each of the ${count} layers`, widths);
  return all.map((width: number, l) => checkInteger(width, `widths[${l}]`, 1));
}

/**
 * The s for which N(0, sI) on features is, decoded, of this variance in the mean of the coordinates.
 *
 * @param first the number of the first of these rows in the whole cloud.
 */
async function isotropicNoise(
  stack: EncoderStack,
  features: NdArray,
  variance: number,
  { first, kernels, ...options }: CallOptions & { first: number; kernels: ShareKernels },
): Promise<number> {
  const moved = allocate(dtypeOf(features), features.data.length, 'noise of the features');
  new RandomStream(options.seed, 'probe', stack.layers.length).fillNormal(moved, first * features.shape[1]);
  for (let at = 0; at < moved.length; at++) moved[at] += features.data[at];
  // Decoders are affine: what noise becomes is the difference of what is decoded, and in proportion to it.
  const decoded = async () => [
    await stack.decode({ data: moved, shape: features.shape }, options),
    await stack.decode(features, options),
  ];
  const [there, here] = await kernels.doneByAll(decoded());
  let square = 0;
  for (let at = 0; at < here.data.length; at++) square += (there.data[at] - here.data[at]) ** 2;
  const [whole, count] = await kernels.sumOverRanks([square, here.data.length]);
  const factor = (variance * count) / whole;
  if (Number.isFinite(factor)) return factor;
  throw new RidgeflowError('DEGENERATE_CLOUD', 'The decoder of a layer is constant: train it for longer');
}
