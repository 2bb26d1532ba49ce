import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** The entropic kernel of two clouds: weights exp(h_j − c(x_i, y_j)/ε) of targets y_j seen from points x_i. */
export interface PairProblem {
  /** x, n × d. */
  from: Matrix;
  /** y, m × d. */
  to: Matrix;
  /** c: |x − y|² or |x − y|. */
  cost: 'squaredEuclidean' | 'euclidean';
  /** ε > 0. */
  epsilon: number;
  /** h_j, m values; −∞ leaves a target out. */
  logWeights: Float64Array;
}

/** Optimal transport. */
export interface TransportKernels {
  /**
   * −ε log Σ_j exp(h_j − c(x_i, y_j)/ε), n values: a half-step of Sinkhorn's algorithm. +∞ where every target is left
   * out. Sums in float64. O(nmd) time, O(nd + md) memory.
   */
  softmin(problem: PairProblem, run?: RunControl): Promise<Float64Array>;

  /**
   * exp(r_i + h_j − c(x_i, y_j)/ε), n × m, in the dtype of x: some rows of a transport plan. With `overDistance` and the
   * Euclidean cost each is divided by |x_i − y_j|, and 0 where that is 0.
   */
  planRows(
    problem: PairProblem & { rowLogWeights: Float64Array; overDistance?: boolean },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * −ε log Σ_j exp(h_j − C_ij/ε) for every row of a matrix of costs, or with `transposed` the sum over the rows i for
   * every column. +∞ where all are left out. Sums in float64.
   */
  matrixSoftmin(
    problem: { costs: Matrix; transposed: boolean; epsilon: number; logWeights: Float64Array },
    run?: RunControl,
  ): Promise<Float64Array>;
}
