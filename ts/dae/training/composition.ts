import type { FloatData, NdArray } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, partOf } from '../../core/options.js';
import { type Batch, BatchMap, type TransportMap, toBatch } from '../transport-map.js';
import { type LayerNoise, composedLayers } from './layer-by-layer.js';
import { type TrainDaeOptions, trainLayer } from './train-dae.js';
import type { TrainedDae } from './trained-dae.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { METHODS } from '../method-signatures.js';

/** Options of {@link trainComposedDae}. */
export interface TrainComposedDaeOptions extends Omit<TrainDaeOptions, 'noise'>, LayerNoise {}

/** Denoising autoencoders one after the other, each trained on what those before it made of the data. */
export interface TrainedComposition extends TransportMap {
  readonly layers: readonly TrainedDae[];

  /** The points before the first layer and after each, layers + 1 arrays. Throws as `apply`. */
  trajectory(x: NdArrayLike, options?: CallOptions): Promise<NdArray[]>;
}

/** @internal */
export class ComposedLayers extends BatchMap implements TrainedComposition {
  readonly layers: readonly TrainedDae[];
  protected override readonly rows = 'own';

  constructor(layers: readonly TrainedDae[]) {
    super(layers[0].dimension);
    this.layers = layers;
  }

  async trajectory(x: NdArrayLike, options: CallOptions = {}): Promise<NdArray[]> {
    ({ x } = checkCall(METHODS.TrainedComposition.trajectory, { x, options }));
    const batch = await toBatch(x, this.dimension, options, this.rows);
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
  points: NdArrayLike,
  options: TrainComposedDaeOptions,
): Promise<TrainedComposition> {
  ({ points } = checkCall(SIGNATURES.trainComposedDae, { points, options }));
  const layers = await composedLayers(points, options, (moved, settings, depth) =>
    trainLayer(moved, settings, settings.noise, { depth, rows: 'spread' }),
  );
  return new ComposedLayers(layers);
}
