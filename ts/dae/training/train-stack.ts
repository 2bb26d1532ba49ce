import { type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger, partOf } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { type LayerNoise, layerNoises, layerSeed } from './composition.js';
import { liftedNoise } from './lifted-noise.js';
import { EncoderStack, type StackedDae } from './stack.js';
import { type TrainDaeOptions, fitDae } from './train-dae.js';
import type { TrainedDae } from './trained-dae.js';

/** Options of {@link trainStackedDae}. */
export interface TrainStackedDaeOptions
  extends Omit<TrainDaeOptions, 'noise' | 'checkpoint' | 'resume' | 'width' | 'residual'>, LayerNoise {
  /** Hidden units of each layer, or of all of them. */
  widths: number | readonly number[];
  /**
   * What corrupts the features of layer l. `lifted` (the default): N(0, t_l I) added to the decoded points Ψ_l(h), and the
   * sum brought back to features, so that the decoded layer Ψ_l ∘ g_l ∘ Ψ_l⁻¹ is a denoising autoencoder of the decoded
   * points. `isotropic`: N(0, sI) added to the features, with s such that it has, decoded, the variance t_l per coordinate.
   */
  featureNoise?: 'lifted' | 'isotropic';
}

/**
 * Trains denoising autoencoders greedily, layer by layer, each on the features of the one before. What the noise of a layer
 * is in its features follows from what it is to be in data space, so that stacked, composed and exact autoencoders can be
 * compared at the same noise. With ever wider layers the decoded stack then tends to `composedDae(empirical({ points }), …)`
 * of the same noises, as the composition that `trainComposedDae` trains does.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `trainDae`; DEGENERATE_CLOUD where a layer learnt a constant.
 *
 * O(epochs · n · m²) time for each layer of width m between layers of that width. Source: P. Vincent et al., JMLR 11 (2010).
 * @example const g = await trainStackedDae(points, { widths: [128, 64], noises: [0.1, 0.1] }); await g.encode(points);
 */
export async function trainStackedDae(points: NdArray, options: TrainStackedDaeOptions): Promise<StackedDae> {
  const noises = layerNoises(options ?? {});
  const { featureNoise = 'lifted' } = options;
  if (featureNoise !== 'lifted' && featureNoise !== 'isotropic')
    throw invalidArgument('featureNoise', '"lifted" or "isotropic"', featureNoise);
  const widths = widthsOf(options.widths, noises.length);
  checkPoints(points, 'points', { minimum: 2 });
  const x = toDtype(points, options.dtype ?? dtypeOf(points));
  const layers: TrainedDae[] = [];
  for (const [l, variance] of noises.entries()) {
    const part = partOf(options, l / noises.length, (l + 1) / noises.length);
    const call = { ...options, onProgress: undefined };
    const below = l === 0 ? undefined : new EncoderStack(layers);
    const features = below ? await below.encode(x, call) : x;
    const seed = layerSeed(options.seed, l);
    let noise: number | ((epoch: number) => Promise<NdArray>) = variance;
    if (below && featureNoise === 'lifted') noise = await liftedNoise(below, x, variance, { ...call, seed });
    else if (below) noise = await isotropicNoise(below, features, variance, call);
    const settings = { ...options, ...part, width: widths[l], residual: false, seed };
    layers.push(await fitDae(features, settings, noise));
  }
  return new EncoderStack(layers);
}

function widthsOf(widths: number | readonly number[], count: number): readonly number[] {
  const all = typeof widths === 'number' ? new Array<number>(count).fill(widths) : widths;
  if (!Array.isArray(all) || all.length !== count)
    throw invalidArgument('widths', `a width, or one for each of the ${count} layers`, widths);
  return all.map((width: number, l) => checkInteger(width, `widths[${l}]`, 1));
}

/** The s for which N(0, sI) on features is, decoded, of this variance in the mean of the coordinates. */
async function isotropicNoise(
  stack: EncoderStack,
  features: NdArray,
  variance: number,
  options: CallOptions,
): Promise<number> {
  const moved = allocate(dtypeOf(features), features.data.length, 'noise of the features');
  new RandomStream(options.seed, 'probe', stack.layers.length).fillNormal(moved);
  for (let at = 0; at < moved.length; at++) moved[at] += features.data[at];
  // Decoders are affine: what noise becomes is the difference of what is decoded, and in proportion to it.
  const there = await stack.decode({ data: moved, shape: features.shape }, options);
  const here = await stack.decode(features, options);
  let square = 0;
  for (let at = 0; at < here.data.length; at++) square += (there.data[at] - here.data[at]) ** 2;
  const factor = (variance * here.data.length) / square;
  if (Number.isFinite(factor)) return factor;
  throw new RidgeflowError('DEGENERATE_CLOUD', 'The decoder of a layer is constant: train it for longer');
}
