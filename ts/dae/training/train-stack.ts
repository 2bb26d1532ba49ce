import type { NdArrayLike } from '../../core/foreign.js';
import { type StackOptions, stackedLayers } from './layer-by-layer.js';
import { EncoderStack, type StackedDae } from './stack.js';
import { type TrainDaeOptions, trainLayer } from './train-dae.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link trainStackedDae}. */
export interface TrainStackedDaeOptions
  extends Omit<TrainDaeOptions, 'noise' | 'width' | 'residual'>, StackOptions {}

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
export async function trainStackedDae(
  points: NdArrayLike,
  options: TrainStackedDaeOptions,
): Promise<StackedDae> {
  ({ points } = checkCall(SIGNATURES.trainStackedDae, { points, options }));
  const layers = await stackedLayers(points, options, (features, settings, corruption, depth) =>
    trainLayer(features, { ...settings, residual: false }, corruption, { depth, rows: 'spread' }),
  );
  return new EncoderStack(layers);
}
