import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** Moments of clouds and of groups of their points. */
export interface MomentKernels {
  /**
   * Mean and covariance (divided by their number) of the rows with these numbers, by default all; both in float64 whatever
   * the input. O(nd²) time.
   */
  covariance(
    points: Matrix,
    run?: RunControl,
    rows?: Int32Array,
  ): Promise<{ mean: Float64Array; covariance: Float64Array }>;

  /** (x − centre) · factor of the rows x with these numbers, by default all: a new array of the dtype of the points. */
  centredRows(
    problem: { points: Matrix; centre: Float64Array; factor?: number; rows?: Int32Array },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * Of the rows of each group its mean, groupCount × d, and the sum of their squared distances from it, in float64; zero for
   * a group without rows. `groups` has one number, from 0 to groupCount − 1, per row. O((n + groupCount)d) time.
   */
  groupMoments(
    problem: { points: Matrix; groups: Int32Array; groupCount: number },
    run?: RunControl,
  ): Promise<{ means: Float64Array; squares: Float64Array }>;
}
