import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, partOf } from '../../core/options.js';
import { type Batch, BatchMap, type TransportMap, toBatch } from '../transport-map.js';
import { type TrainDaeOptions, trainDae } from './train-dae.js';
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

/** Options of {@link trainComposedDae}. */
export interface TrainComposedDaeOptions
  extends Omit<TrainDaeOptions, 'noise' | 'checkpoint' | 'resume'>, LayerNoise {}

/** Denoising autoencoders one after the other, each trained on what those before it made of the data. */
export interface TrainedComposition extends TransportMap {
  readonly layers: readonly TrainedDae[];

  /** The points before the first layer and after each, layers + 1 arrays. Throws as `apply`. */
  trajectory(x: NdArray, options?: CallOptions): Promise<NdArray[]>;
}

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

/** @internal */
export class ComposedLayers extends BatchMap implements TrainedComposition {
  readonly layers: readonly TrainedDae[];

  constructor(layers: readonly TrainedDae[]) {
    super(layers[0].dimension);
    this.layers = layers;
  }

  async trajectory(x: NdArray, options: CallOptions = {}): Promise<NdArray[]> {
    const batch = await toBatch(x, this.dimension, options);
    const states = [batch.x];
    for (const [l, layer] of this.layers.entries())
      states.push(await layer.apply(states[l], this.#share(batch.options, l)));
    return states;
  }

  protected async move({ x, options }: Batch): Promise<FloatData> {
    let points = x;
    for (const [l, layer] of this.layers.entries())
      points = await layer.apply(points, this.#share(options, l));
    return points.data;
  }

  protected async push({ x, options }: Batch, v: NdArray): Promise<FloatData> {
    let [points, vectors] = [x, v];
    for (const [l, layer] of this.layers.entries()) {
      vectors = await layer.jacobianVector(points, vectors, this.#share(options, l));
      if (l < this.layers.length - 1)
        points = await layer.apply(points, { ...options, onProgress: undefined });
    }
    return vectors.data;
  }

  #share(options: CallOptions, layer: number): CallOptions {
    return partOf(options, layer / this.layers.length, (layer + 1) / this.layers.length);
  }
}

/** The seed of layer l: layers that shared a stream would be corrupted by the same noise. */
export function layerSeed(seed: number | undefined, layer: number): number {
  return ((seed ?? 0) + layer * 0x9e3779b97f4b) % Number.MAX_SAFE_INTEGER;
}

/**
 * Trains a composition of denoising autoencoders: each on the points that those before it moved. With ever wider layers it
 * tends to `composedDae(empirical({ points }), …)` of the same noises.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `trainDae`.
 *
 * As many times the cost of `trainDae` as there are layers. Source: S. Sonoda, N. Murata, JMLR 20 (2019).
 * @example const g = await trainComposedDae(points, { layers: 4, T: 0.2, width: 64 }); await g.trajectory(points);
 */
export async function trainComposedDae(
  points: NdArray,
  options: TrainComposedDaeOptions,
): Promise<TrainedComposition> {
  const noises = layerNoises(options ?? {});
  checkPoints(points, 'points', { minimum: 2 });
  let moved = toDtype(points, options.dtype ?? dtypeOf(points));
  const layers: TrainedDae[] = [];
  for (const [l, noise] of noises.entries()) {
    const part = partOf(options, l / noises.length, (l + 1) / noises.length);
    const layer = await trainDae(moved, { ...options, ...part, noise, seed: layerSeed(options.seed, l) });
    layers.push(layer);
    if (l < noises.length - 1) moved = await layer.apply(moved, { ...options, onProgress: undefined });
  }
  return new ComposedLayers(layers);
}
