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

/** An assignment of rows to columns, and duals u_i + v_j ≤ c_ij with equality on it. */
export interface AssignmentResult {
  /** The column of each row. */
  columns: Int32Array;
  u: Float64Array;
  v: Float64Array;
}

/** A plan by its entries, at most n + m − 1, and duals u_i + v_j ≤ c_ij with equality on them. */
export interface SparsePlanResult {
  rows: Int32Array;
  columns: Int32Array;
  masses: Float64Array;
  u: Float64Array;
  v: Float64Array;
}

/** Two weighted clouds seen along directions. */
export interface SlicedProblem {
  /** n × d. */
  a: Matrix;
  /** m × d. */
  b: Matrix;
  /** Of unit length, count × d. */
  directions: Matrix;
  /** Sum to 1; absent: equal. */
  weightsA?: Float64Array;
  weightsB?: Float64Array;
  /** At least 1. */
  p: number;
  /** Also the gradients of the distances with respect to their directions. */
  wantGradients?: boolean;
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
   * Σ_j exp(r_i + h_j − c(x_i, y_j)/ε) c(x_i, y_j), n values: what the points cost under a transport plan. Sums in
   * float64. O(nmd) time, O(nd + md) memory.
   */
  planCosts(problem: PairProblem & { rowLogWeights: Float64Array }, run?: RunControl): Promise<Float64Array>;

  /** Σ_j exp(r_i + h_j − C_ij/ε) C_ij for every row of a matrix of costs. Sums in float64. */
  matrixPlanCosts(
    problem: { costs: Matrix; epsilon: number; rowLogWeights: Float64Array; logWeights: Float64Array },
    run?: RunControl,
  ): Promise<Float64Array>;

  /**
   * −ε log Σ_j exp(h_j − C_ij/ε) for every row of a matrix of costs, or with `transposed` the sum over the rows i for
   * every column. +∞ where all are left out. Sums in float64.
   */
  matrixSoftmin(
    problem: { costs: Matrix; transposed: boolean; epsilon: number; logWeights: Float64Array },
    run?: RunControl,
  ): Promise<Float64Array>;

  /** c(x_i, y_j) of every pair, n × m, in float64 from differences. O(nmd) time. */
  pairCosts(problem: Pick<PairProblem, 'from' | 'to' | 'cost'>, run?: RunControl): Promise<Float64Array>;

  /**
   * The assignment of least cost, of n × n costs, of which those that are ∞ forbid a pair; undefined where every
   * assignment uses one. O(n³) time at worst, O(n) memory.
   */
  assignment(
    problem: { costs: Float64Array; n: number },
    run?: RunControl,
  ): Promise<AssignmentResult | undefined>;

  /**
   * The plan of least cost between weights that sum to 1 each, of n × m costs, ∞ and undefined as of assignment: network
   * simplex. A backend may lack it.
   */
  networkSimplex?(
    problem: { costs: Float64Array; supplies: Float64Array; demands: Float64Array },
    run?: RunControl,
  ): Promise<SparsePlanResult | undefined>;

  /**
   * W_p between the projections on each direction, (∫₀¹ |F⁻¹ − G⁻¹|^p)^(1/p), summed in float64 in units in which no power
   * leaves its range; and count × d gradients where they are wanted. O(count · (n + m)(d + log(n + m))) time, O(n + m) memory.
   */
  slicedDistances(
    problem: SlicedProblem,
    run?: RunControl,
  ): Promise<{ distances: Float64Array; gradients?: Float64Array }>;
}
