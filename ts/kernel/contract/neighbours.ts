import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** Results of {@link NeighbourKernels.nearestNeighbours}: for each query its k nearest points, nearest first. */
export interface NeighbourResult {
  /** Euclidean distances, n × k, ascending in a row. */
  distances: FloatData;
  /** Row numbers of the points, n × k. Ties go to the lower row number. */
  indices: Int32Array;
}

/** Nearest neighbours. */
export interface NeighbourKernels {
  /** The k nearest of `points` for every query; with `excludeSelf` query i skips point i. O(nmd) time at worst, O(nk) memory. */
  nearestNeighbours(
    problem: { queries: Matrix; points: Matrix; k: number; excludeSelf?: boolean },
    run?: RunControl,
  ): Promise<NeighbourResult>;
}
