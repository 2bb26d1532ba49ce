import { invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import { type RowsLike, type VectorLike, dtypeOfArgument, toCloud, toWeights } from './arguments.js';
import { Covariance } from './covariance.js';
import { GaussianMixture } from './mixture.js';
import { WeightedCloud } from './weighted-cloud.js';

/** Parameters of {@link smoothed}. */
export interface SmoothedParameters {
  /** n × d; a list of n numbers where d = 1. */
  points: RowsLike;
  /** n weights of at least 0 that sum to 1 within 1e-6. Default: all equal. */
  weights?: VectorLike;
  /** Variance s > 0 of the Gaussian around each point. */
  variance: number;
}

/**
 * A smoothed cloud Σ_i w_i N(x_i, sI): the empirical measure of the points after heat flow for time s/2. Its collapse
 * time is s/2.
 *
 * Evaluation at m points takes O(nmd) time, by the score kernel. Samples are of the type of the points, float32 for a
 * list. The points are not copied: do not write to them.
 *
 * @throws EMPTY_CLOUD, INVALID_ARGUMENT (variance, weights), INVALID_SHAPE, NON_FINITE (with row and column).
 */
export function smoothed(parameters: SmoothedParameters): GaussianMixture {
  const cloud = toWeightedCloud(parameters);
  const variance = checkPositive(parameters.variance, 'variance');
  return new GaussianMixture(
    cloud,
    [Covariance.isotropic(variance, cloud.dimension)],
    dtypeOfArgument(parameters.points),
  );
}

/** Checked points and weights. */
export function toWeightedCloud(parameters: { points: RowsLike; weights?: VectorLike }): WeightedCloud {
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidArgument('the parameters of a cloud', 'an object { points, … }', parameters);
  }
  const points = toCloud(parameters.points, 'points');
  return new WeightedCloud(points, toWeights(parameters.weights, points.shape[0]));
}
