import { invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import { type RowsLike, type VectorLike, dtypeOfArgument, toCloud, toWeights } from './arguments.js';
import { Covariance } from './covariance.js';
import { GaussianMixture } from './mixture.js';
import { checkTolerance } from './tolerance.js';
import { WeightedCloud } from './weighted-cloud.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Parameters of {@link smoothed}. */
export interface SmoothedParameters {
  /** n × d; a list of n numbers where d = 1. */
  points: RowsLike;
  /** Not looked at: a {@link SampleSet} is what these parameters ask for. */
  labels?: unknown;
  /** n weights of at least 0 that sum to 1 within 1e-6. Default: all equal. */
  weights?: VectorLike;
  /** Variance s > 0 of the Gaussian around each point. */
  variance: number;
  /**
   * Error ε of sums over the points that is allowed, 0 to 0.1, for every query relative to its own sum: ε nats in the
   * log-density, ε/σ in the score, 4ε/σ² in its divergence, beside rounding, σ² the variance. Default 1e-6, in float64
   * 1e-10; 0 is exact to rounding. Spent only where that saves time, see `score`.
   */
  tolerance?: number;
}

/**
 * A smoothed cloud Σ_i w_i N(x_i, sI): the empirical measure of the points after heat flow for time s/2. Its collapse
 * time is s/2.
 *
 * Evaluation at m points takes O(nmd) time at most, by the score kernel; less with a tolerance in low dimensions. Samples are of the type of the points, float32 for a
 * list. The points are not copied: do not write to them.
 *
 * @throws EMPTY_CLOUD, INVALID_ARGUMENT (variance, weights, tolerance), INVALID_SHAPE, NON_FINITE (with row and column).
 */
export function smoothed(parameters: SmoothedParameters): GaussianMixture {
  checkCall(SIGNATURES.smoothed, { parameters });
  const cloud = toWeightedCloud(parameters);
  const variance = checkPositive(parameters.variance, 'variance');
  return new GaussianMixture(
    cloud,
    [Covariance.isotropic(variance, cloud.dimension)],
    dtypeOfArgument(parameters.points),
  );
}

/** Checked points and weights. */
export function toWeightedCloud(parameters: {
  points: RowsLike;
  weights?: VectorLike;
  tolerance?: number;
}): WeightedCloud {
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidArgument('the parameters of a cloud', 'an object { points, … }', parameters);
  }
  const points = toCloud(parameters.points, 'points');
  const weights = toWeights(parameters.weights, points.shape[0]);
  return new WeightedCloud(points, weights, checkTolerance(parameters.tolerance, 'tolerance'));
}
