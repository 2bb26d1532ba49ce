import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { partOf } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, ScoreProblem } from '../kernel/contract.js';
import { WeightedCloud } from '../measure/weighted-cloud.js';
import { GaussianNoiseMap } from './gaussian-noise.js';
import type { Batch } from './transport-map.js';

/** Points with weights as kernels take them: without weights where all are equal. */
export function weightedCloud(points: NdArray, weights: Float64Array, tolerance?: number): WeightedCloud {
  const equal = weights.every((weight) => weight === weights[0]);
  return new WeightedCloud(points, equal ? undefined : weights, tolerance);
}

/**
 * The DAE map of a cloud Σ w_i N(x_i, S) corrupted by N(0, T), where S + T = σ²I: g(x) = (I − K)x + K Σ r_i(x) x_i with
 * the gain K = T/σ², diagonal, and r_i ∝ w_i exp(−|x − x_i|²/2σ²). The gain is 1 for an empirical measure, S = 0. O(nmd)
 * time for n queries and m points, except for the divergence with more than one gain: O(nmd²).
 */
export class CloudDae extends GaussianNoiseMap {
  readonly #cloud: WeightedCloud;
  readonly #variance: number;
  readonly #gain: number | Float64Array;

  /** One gain for all coordinates, or d of them. */
  constructor(cloud: WeightedCloud, variance: number, gain: number | Float64Array) {
    // A map with several gains is seen through other coordinates, which have a potential of their own.
    super(cloud.dimension, typeof gain === 'number' ? gain * variance : NaN);
    this.#cloud = cloud;
    this.#variance = variance;
    this.#gain = gain;
  }

  #values({ kernels, x, options }: Batch, want: ScoreProblem['want']) {
    const cloud = this.#cloud.centres(dtypeOf(x));
    return kernels.score({ queries: asMatrix(x), ...cloud, variance: this.#variance, want }, options);
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const { mean } = await this.#values(batch, { mean: true });
    return this.#blend(batch.kernels, mean!, batch.x.data);
  }

  /** (I − K)v + K Cov_r(x_i)v/σ². */
  protected async push({ kernels, x, options }: Batch, v: NdArray): Promise<FloatData> {
    const [queries, vectors] = [asMatrix(x), asMatrix(v)];
    const variance = this.#variance;
    const cloud = this.#cloud.centres(dtypeOf(queries));
    const moved = await kernels.posteriorCovarianceProduct({ queries, vectors, ...cloud, variance }, options);
    kernels.linearCombination(moved, [{ coefficient: 1 / variance, array: moved }]);
    return this.#blend(kernels, moved, v.data);
  }

  /** (I − K)·start + K·end, in place of the end. */
  #blend(kernels: Kernels, end: FloatData, start: FloatData): FloatData {
    const gain = this.#gain;
    if (gain === 1) return end;
    if (typeof gain === 'number') {
      kernels.linearCombination(end, [
        { coefficient: gain, array: end },
        { coefficient: 1 - gain, array: start },
      ]);
      return end;
    }
    const d = this.dimension;
    for (let at = 0; at < end.length; at += d) {
      for (let k = 0; k < d; k++) {
        end[at + k] = gain[k] * end[at + k] + (1 - gain[k]) * start[at + k];
      }
    }
    return end;
  }

  protected async trace(batch: Batch): Promise<FloatData> {
    const gain = this.#gain;
    const d = this.dimension;
    if (typeof gain === 'number') {
      const { divergence } = await this.#values(batch, { divergence: true });
      return divergence!.map((value) => d + gain * this.#variance * value);
    }
    const [n] = batch.x.shape;
    const trace = allocate(dtypeOf(batch.x), n, 'divergences');
    const axis = { data: allocate(dtypeOf(batch.x), n * d, 'vectors'), shape: batch.x.shape };
    for (let k = 0; k < d; k++) {
      for (let i = 0; i < n; i++) {
        axis.data[i * d + k] = 1;
        if (k > 0) axis.data[i * d + k - 1] = 0;
      }
      const moved = await this.push({ ...batch, options: partOf(batch.options, k / d, (k + 1) / d) }, axis);
      for (let i = 0; i < n; i++) trace[i] += moved[i * d + k];
    }
    return trace;
  }

  protected async logCorrupted(batch: Batch): Promise<FloatData> {
    return (await this.#values(batch, { logDensity: true })).logDensity!;
  }
}
