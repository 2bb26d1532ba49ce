import { type DType, type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { takeRows } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix } from '../kernel/checks.js';
import type { Matrix } from '../kernel/contract.js';
import { DEFAULT_TOLERANCE } from './tolerance.js';

/** What {@link WeightedCloud.centres} gives. */
interface KernelCentres {
  centres: Matrix;
  logWeights?: FloatData;
  tolerance: number;
}

/** Points with weights that sum to 1: the atoms of an empirical measure, or the centres of a mixture. */
export class WeightedCloud {
  readonly points: NdArray;
  /** Absent where all are equal. */
  readonly weights?: Float64Array;
  /** Error that sums over the points may have; absent: the default of the element type. */
  readonly tolerance?: number;
  readonly #converted = new Map<DType, KernelCentres>();
  #cumulative: Float64Array | undefined;
  #mean: Float64Array | undefined;

  constructor(points: NdArray, weights?: Float64Array, tolerance?: number) {
    this.points = points;
    this.weights = weights;
    this.tolerance = tolerance;
  }

  get size(): number {
    return this.points.shape[0];
  }

  get dimension(): number {
    return this.points.shape[1];
  }

  /** The points, the logarithms of their weights and the tolerance, as the score kernel takes them. */
  centres(dtype: DType): KernelCentres {
    let converted = this.#converted.get(dtype);
    if (!converted) {
      const logWeights = this.weights && allocate(dtype, this.size, 'log-weights');
      this.weights?.forEach((weight, i) => (logWeights![i] = Math.log(weight)));
      const tolerance = this.tolerance ?? DEFAULT_TOLERANCE[dtype];
      converted = { centres: asMatrix(toDtype(this.points, dtype)), logWeights, tolerance };
      this.#converted.set(dtype, converted);
    }
    return converted;
  }

  /** The cloud of some of the points, with their share of the weight. The share must not be 0. O(size · d) time. */
  subset(indices: readonly number[]): { cloud: WeightedCloud; weight: number } {
    const { points, weights, size, tolerance } = this;
    if (indices.length === size) return { cloud: this, weight: 1 };
    const array = takeRows(points, indices, 'points');
    if (!weights)
      return { cloud: new WeightedCloud(array, undefined, tolerance), weight: indices.length / size };
    const weight = indices.reduce((sum, i) => sum + weights[i], 0);
    const shares = Float64Array.from(indices, (i) => weights[i] / weight);
    return { cloud: new WeightedCloud(array, shares, tolerance), weight };
  }

  /** The point that a uniform number of (0, 1) falls to, by its row. O(log size) time. */
  pick(uniform: number): number {
    if (!this.weights) return Math.floor(uniform * this.size);
    const cumulative = (this.#cumulative ??= cumulativeSums(this.weights));
    let low = 0;
    let high = this.size - 1;
    // The first whose cumulative weight exceeds the number: never one of weight 0.
    const target = uniform * cumulative[high];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** O(nd) time, the first time. */
  mean(): Float64Array {
    return (this.#mean ??= this.#weightedMean()).slice();
  }

  #weightedMean(): Float64Array {
    const { dimension: d, points, weights, size } = this;
    const mean = new Float64Array(d);
    // About the first point, so that a cloud far from the origin keeps its digits.
    for (let i = 0; i < size; i++) {
      const weight = weights ? weights[i] : 1 / size;
      for (let k = 0; k < d; k++) mean[k] += weight * (points.data[i * d + k] - points.data[k]);
    }
    return mean.map((value, k) => value + points.data[k]);
  }

  /** Σ w_i (x_i − m)(x_i − m)ᵀ, d × d row-major. O(nd²) time, O(nd) memory where there are weights. */
  async covariance(options: CallOptions): Promise<Float64Array> {
    const { dimension: d, points, weights, size } = this;
    if (size === 1) return new Float64Array(d * d);
    const kernels = await kernelsFor(options);
    const dtype = kernels.dtypes.includes('float64') ? dtypeOf(points) : 'float32';
    if (!weights) return (await kernels.covariance(this.centres(dtype).centres, options)).covariance;
    // With y_i = √(n w_i)(x_i − m) the answer is the mean of y yᵀ, which is cov(y) + ȳȳᵀ.
    const mean = this.mean();
    const scaled = allocate(dtype, size * d, 'weighted points');
    const pace = new Pace({ signal: options.signal }, size);
    for (let i = 0; i < size; i++) {
      const scale = Math.sqrt(size * weights[i]);
      for (let k = 0; k < d; k++) scaled[i * d + k] = scale * (points.data[i * d + k] - mean[k]);
      await pace.tick(1);
    }
    const moments = await kernels.covariance({ data: scaled, rows: size, columns: d }, options);
    const { covariance } = moments;
    for (let k = 0; k < d; k++) {
      for (let l = 0; l < d; l++) covariance[k * d + l] += moments.mean[k] * moments.mean[l];
    }
    return covariance;
  }
}

function cumulativeSums(weights: Float64Array): Float64Array {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}
