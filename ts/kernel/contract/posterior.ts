import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** Weighted centres c_j seen from queries x_i, with the posterior weights r_ij ∝ w_j exp(−|x_i − c_j|²/2σ²). */
export interface PosteriorCovarianceProblem {
  queries: Matrix;
  /** v_i, one for each query. */
  vectors: Matrix;
  centres: Matrix;
  /** log w_j, one per centre, up to a constant; absent: equal weights. −∞ leaves a centre out. */
  logWeights?: FloatData;
  /** σ² > 0. */
  variance: number;
}

/** Sums over the posterior of a cloud beyond those of the score. */
export interface PosteriorKernels {
  /**
   * Cov_r(c)·v_i for every query, n × d, in the dtype of the queries: the Hessian of the log-density is (Cov/σ² − I)/σ².
   * Computed in float64, since it is a small difference of products. Zero where all weights vanish. O(nmd) time.
   */
  posteriorCovarianceProduct(problem: PosteriorCovarianceProblem, run?: RunControl): Promise<FloatData>;
}
