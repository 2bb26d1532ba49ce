import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** Results of {@link NeighbourKernels.nearestNeighbours}: for each query its k nearest points, nearest first. */
export interface NeighbourResult {
  /** Distances, n × k, ascending in a row. */
  distances: FloatData;
  /** Row numbers of the points, n × k. Ties go to the lower row number. */
  indices: Int32Array;
}

/** How the distance of two points is measured: Euclidean (the default), or the largest difference of a coordinate. */
export type Norm = 'euclidean' | 'maximum';

/** Nearest neighbours. */
export interface NeighbourKernels {
  /**
   * The k nearest of `points` for every query; with `excludeSelf` query i skips point i. O(nmd) time at worst, O(nk + md)
   * memory.
   */
  nearestNeighbours(
    problem: { queries: Matrix; points: Matrix; k: number; norm?: Norm; excludeSelf?: boolean },
    run?: RunControl,
  ): Promise<NeighbourResult>;

  /**
   * For every query how many of `points` are as near as its radius, or with `strict` nearer; with `excludeSelf` query i skips
   * point i. Distances are rounded to the dtype before they are compared, as those of nearestNeighbours are. O(nmd) time at
   * worst, O(n + md) memory.
   */
  countWithin(
    problem: {
      queries: Matrix;
      points: Matrix;
      /** n values of at least 0, in the dtype of the queries. */
      radii: FloatData;
      norm?: Norm;
      strict?: boolean;
      excludeSelf?: boolean;
    },
    run?: RunControl,
  ): Promise<Int32Array>;
}
