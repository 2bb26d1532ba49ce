import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/**
 * The Gaussian kernel density of weighted centres c_j seen from queries x_i:
 * p(x) = Σ_j w_j N(x; c_j, σ²I), with the posterior weights r_ij ∝ w_j exp(−|x_i − c_j|²/2σ²).
 */
export interface ScoreProblem {
  queries: Matrix;
  centres: Matrix;
  /** log w_j, one per centre, normalised by the caller; absent: equal weights 1/m. −∞ leaves a centre out. */
  logWeights?: FloatData;
  /** σ² > 0. */
  variance: number;
  /** Which results to compute; the cost of leaving one out is saved. */
  want: { mean?: boolean; logDensity?: boolean; divergence?: boolean };
  /** Query i skips centre i (leave-one-out). Needs as many queries as centres. */
  excludeSelf?: boolean;
  /**
   * Error ε that is allowed, 0 to 0.1, for every query relative to its own sum of weights: ε nats in the log-density, εσ
   * in the mean, 4ε/σ² in the divergence, beside rounding. Centres whose weight is negligible for a query may be left
   * out, and sums be taken from a grid, where that is faster. Default 0: exact to rounding. A backend may always be exact.
   */
  tolerance?: number;
  /** Storage for wanted results, which else is made anew: a flow evaluates often. */
  into?: ScoreResult;
}

/** Results of {@link ScoreKernels.score}, in the dtype of the queries. */
export interface ScoreResult {
  /** Σ_j r_ij c_j, n × d: the posterior mean, which is the DAE map of the cloud. The score is (mean − x)/σ². */
  mean?: FloatData;
  /** log p(x_i), n values, in nats. */
  logDensity?: FloatData;
  /** Δ log p(x_i) = −d/σ² + (Σ_j r_ij|c_j|² − |mean_i|²)/σ⁴, n values: the divergence of the score. */
  divergence?: FloatData;
}

/** Kernel densities and their scores. */
export interface ScoreKernels {
  /** Posterior mean, log-density and divergence of the score of a Gaussian kernel density, in one pass. O(nmd) time. */
  score(problem: ScoreProblem, run?: RunControl): Promise<ScoreResult>;
}
