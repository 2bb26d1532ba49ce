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

/** Weighted points, projected on directions, spread on a grid, filtered and read off. */
export interface ConvolveProjectionsProblem {
  /** n × d. */
  points: Matrix;
  /** n × k. */
  values: Matrix;
  /** n values. Default 1. */
  weights?: FloatData;
  /** m × d, of any length. */
  directions: Matrix;
  /** Element e of the grid lies at first + e/perCell; 2^a, 3·2^a or 5·2^a elements, 64 to 2²². */
  grid: { first: number; perCell: number; length: number };
  /**
   * Spreading: a point at element e + f, 0 ≤ f < 1, adds tap c to element e − taps/2 + 1 + c; tap c is
   * Σ_p coefficients[p · taps + c] (2f − 1)^p. 8 or 16 taps.
   */
  spread: { taps: number; degree: number; coefficients: Float64Array };
  /** The filter at 2πj per length, j = 0 … length/2; at negative frequencies the conjugate. */
  response: { re: Float64Array; im: Float64Array };
  /** Result j is at element offset + j · stride; offset at least 1. */
  read: { offset: number; stride: number; count: number };
  scale: number;
}

/** Shallow networks and ridgelet transforms. */
export interface RidgeletKernels {
  /**
   * scale · Σ_j w_j f(x_i·c_j + α_i + β_j) v_j for every query, n × k: two matrix products and the nonlinearity between
   * them, fused. Nothing of size n × m is stored. O(nm(d + k)) time.
   */
  ridgeSum(problem: RidgeSumProblem, run?: RunControl): Promise<FloatData>;

  /** The filtered grids of every direction and channel, m × count × k. O(mk(n taps + length log length)) time. */
  convolveProjections(problem: ConvolveProjectionsProblem, run?: RunControl): Promise<FloatData>;

  /** values ← f(values + rowBias + columnBias), in place. */
  activate(
    problem: { values: Matrix; rowBias?: FloatData; columnBias?: FloatData; nonlinearity: Nonlinearity },
    run?: RunControl,
  ): Promise<void>;
}
