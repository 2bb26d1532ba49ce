import type { Matrix, RunControl } from './control.js';

/** Sums over distances. */
export interface DistanceKernels {
  /**
   * n × groupCount, in float64: Σ_j |x_i − y_j| over the points y_j of each group. `groups` has one number, from 0 to
   * groupCount − 1, per point. O(nmd) time, O(m) memory beyond the result; where the queries are the points themselves, half
   * the time and O(md) memory.
   */
  distanceSums(
    problem: { queries: Matrix; points: Matrix; groups: Int32Array; groupCount: number },
    run?: RunControl,
  ): Promise<Float64Array>;
}
