import type { DType, NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { type RowsLike, type VectorLike, dtypeOfArgument } from './arguments.js';
import { Covariance } from './covariance.js';
import { checkHeatTime } from './heat.js';
import type { DensityValues, Estimate, EstimateOptions, Measure } from './measure.js';
import { GaussianMixture } from './mixture.js';
import { samplePoints } from './sampling.js';
import { toWeightedCloud } from './smoothed.js';
import type { WeightedCloud } from './weighted-cloud.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** Parameters of {@link empirical}. */
export interface EmpiricalParameters {
  /** n × d; a list of n numbers where d = 1. */
  points: RowsLike;
  /** Not looked at: a {@link SampleSet} is what these parameters ask for. */
  labels?: unknown;
  /** n weights of at least 0 that sum to 1 within 1e-6. Default: all equal. */
  weights?: VectorLike;
  /** Error that sums over the points may have once the measure is smoothed, as for `smoothed`. */
  tolerance?: number;
}

/**
 * The empirical measure Σ_i w_i δ(x_i) of a cloud: samples, mean and covariance, but no density until the heat flow has
 * smoothed it. The points are not copied: do not write to them.
 *
 * @throws EMPTY_CLOUD, INVALID_ARGUMENT (weights, tolerance), INVALID_SHAPE, NON_FINITE (with row and column).
 * @example empirical(twoMoons(500)).heat(0.01)
 */
export function empirical(parameters: EmpiricalParameters): EmpiricalMeasure {
  checkCall(SIGNATURES.empirical, { parameters });
  const cloud = toWeightedCloud(parameters);
  return new EmpiricalMeasure(cloud, dtypeOfArgument(parameters.points));
}

/** An empirical measure. Made by {@link empirical}. */
export class EmpiricalMeasure implements Measure {
  readonly #cloud: WeightedCloud;
  readonly #dtype: DType;
  /** Point masses cannot be run backwards at all. */
  readonly collapseTime = 0;

  /** @internal */
  constructor(cloud: WeightedCloud, dtype: DType) {
    this.#cloud = cloud;
    this.#dtype = dtype;
  }

  get dimension(): number {
    return this.#cloud.dimension;
  }

  /** The points, n × d. Not a copy: do not write to it. */
  get points(): NdArray {
    return this.#cloud.points;
  }

  /** n weights that sum to 1. */
  get weights(): Float64Array {
    const { weights, size } = this.#cloud;
    return weights ? weights.slice() : new Float64Array(size).fill(1 / size);
  }

  /** As it was given; absent where it was not. */
  get tolerance(): number | undefined {
    return this.#cloud.tolerance;
  }

  /** n draws of the points, with replacement. O(n(d + log m)) time. */
  async sample(n: number, options: CallOptions = {}): Promise<NdArray> {
    checkCall(METHODS.Measure.sample, { options });
    return samplePoints(this.#cloud, undefined, n, options.dtype ?? this.#dtype, options);
  }

  /** @throws UNSUPPORTED: point masses have no density. */
  async evaluate(): Promise<DensityValues> {
    throw noDensity('log-density, score or divergence');
  }

  /** @throws UNSUPPORTED: point masses have no density. */
  async hessianVector(): Promise<NdArray> {
    throw noDensity('Hessian of a log-density');
  }

  /** The smoothed cloud Σ w_i N(x_i, 2tI) for t > 0; the measure itself for t = 0. Throws COLLAPSED for t < 0. */
  heat(t: number): Measure {
    checkHeatTime(t, () => this.collapseTime);
    if (t === 0) return this;
    return new GaussianMixture(this.#cloud, [Covariance.isotropic(2 * t, this.dimension)], this.#dtype);
  }

  /** −∞: the limit of the entropy of the smoothed cloud as the smoothing vanishes. */
  async entropy(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.entropy, { options });
    return { value: -Infinity, method: 'exact' };
  }

  /** ∞: the limit of the Fisher information of the smoothed cloud as the smoothing vanishes. */
  async fisherInformation(options: EstimateOptions = {}): Promise<Estimate> {
    checkCall(METHODS.Measure.fisherInformation, { options });
    return { value: Infinity, method: 'exact' };
  }

  mean(): Float64Array {
    return this.#cloud.mean();
  }

  async covariance(options: CallOptions = {}): Promise<Float64Array> {
    checkCall(METHODS.Measure.covariance, { options });
    return this.#cloud.covariance(options);
  }
}

function noDensity(what: string): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `An empirical measure has no ${what}: smooth it first, with heat(t) for some t > 0, or make it with smoothed({ points, variance })`,
  );
}
