import type { FloatData, NdArray } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';

/** A number with how it was obtained; estimates carry their standard error. */
export interface Estimate {
  value: number;
  method: 'exact' | 'monte-carlo' | 'nearest-neighbours' | 'kernel-density';
  standardError?: number;
}

/** Options of the methods that may have to estimate. */
export interface EstimateOptions extends CallOptions {
  /** Number of points of a Monte Carlo estimate, at least 2. Default 8192. */
  samples?: number;
}

/** What to compute of a density at points. */
export interface DensityRequest {
  logDensity?: boolean;
  score?: boolean;
  divergence?: boolean;
  /** Storage that may be taken for results of its length and element type, instead of new; none of it is that of the points. */
  into?: { score?: FloatData; divergence?: FloatData };
}

/** Log-density, score ∇log μ (n × d) and Δ log μ at n points. */
export interface DensityValues {
  logDensity?: FloatData;
  score?: NdArray;
  divergence?: FloatData;
}

/**
 * A probability measure on ℝ^d. Times are those of the heat semigroup ∂u/∂t = Δu: `heat(t)` of N(m, Σ) is
 * N(m, Σ + 2tI), and a negative t runs it backwards.
 */
export interface Measure {
  readonly dimension: number;

  /** The longest time the heat equation can be run backwards; beyond it there is no measure. 0 for an empirical measure. */
  readonly collapseTime: number;

  /** n independent points, by the option `seed`: the same bits on every backend. */
  sample(n: number, options?: CallOptions): Promise<NdArray>;

  /** Log-density, score and divergence of the score at the rows of `x`, as wanted, in one pass. */
  evaluate(x: NdArrayLike, want: DensityRequest, options?: CallOptions): Promise<DensityValues>;

  /** ∇² log μ(x_i) · v_i for every row. */
  hessianVector(x: NdArrayLike, v: NdArrayLike, options?: CallOptions): Promise<NdArray>;

  /**
   * The measure after heat flow for time t, forward (t > 0) or backward (−collapseTime < t < 0). Throws COLLAPSED, with
   * `details.collapseTime`.
   */
  heat(t: number): Measure;

  /** Shannon entropy −∫ μ log μ in nats. */
  entropy(options?: EstimateOptions): Promise<Estimate>;

  /** Fisher information ∫ |∇log μ|² μ. */
  fisherInformation(options?: EstimateOptions): Promise<Estimate>;

  mean(): Float64Array;

  /** Covariance, d × d row-major. O(Kd²) time for K components or points. */
  covariance(options?: CallOptions): Promise<Float64Array>;
}
