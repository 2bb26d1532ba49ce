import type { ActivationCode } from '../../core/activation.js';
import type { FloatData } from '../../core/array.js';
import type { PiecewisePolynomials } from '../../core/piecewise.js';
import type { Matrix, RunControl } from './control.js';

/** A function of one variable: an activation by its number, or a table. */
export type Nonlinearity = ActivationCode | PiecewisePolynomials;

/** Ridge functions f(x·c_j + α + β_j) with vectors v_j: a shallow network, or the ridgelet transform of a cloud. */
export interface RidgeSumProblem {
  /** n × d. */
  queries: Matrix;
  /** m × d. */
  centres: Matrix;
  /** α, n values. Default 0. */
  queryBias?: FloatData;
  /** β, m values. Default 0. */
  centreBias?: FloatData;
  /** v, m × k. */
  values: Matrix;
  /** w, m values. Default 1. */
  weights?: FloatData;
  nonlinearity: Nonlinearity;
  /** Default 1. */
  scale?: number;
}

/** Shallow networks and ridgelet transforms. */
export interface RidgeletKernels {
  /**
   * scale · Σ_j w_j f(x_i·c_j + α_i + β_j) v_j for every query, n × k: two matrix products and the nonlinearity between
   * them, fused. Nothing of size n × m is stored. O(nm(d + k)) time.
   */
  ridgeSum(problem: RidgeSumProblem, run?: RunControl): Promise<FloatData>;

  /** values ← f(values + rowBias + columnBias), in place. */
  activate(
    problem: { values: Matrix; rowBias?: FloatData; columnBias?: FloatData; nonlinearity: Nonlinearity },
    run?: RunControl,
  ): Promise<void>;
}
