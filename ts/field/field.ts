import type { FloatData, NdArray } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';

/** Velocities (n × d) and, where wanted, divergences (n) at n points. */
export interface FieldValues {
  velocity: NdArray;
  divergence?: FloatData;
}

/** What is asked of a field. */
export interface FieldRequest {
  divergence?: boolean;
  /**
   * Storage that the field may take for results of its length and element type, instead of new: integrators give theirs,
   * so that no evaluation allocates. None of it is that of the points. A field need not look at it.
   */
  into?: { velocity?: FloatData; divergence?: FloatData };
}

/**
 * A time-dependent velocity field v_t(x) on ℝ^d, evaluated on a batch of points. Fields of the library know their
 * divergence and Jacobian–vector products exactly; a user's function need not. Those of the library take points as every call
 * does, `VelocityField<NdArrayLike>`; to one of your own it gives arrays { data, shape }.
 */
export interface VelocityField<Points extends NdArrayLike = NdArray> {
  /** d, where the field has a fixed one. */
  readonly dimension?: number;

  /** The open-ended interval of times on which the field exists; −∞ and ∞ where it always does. */
  readonly times: { from: number; to: number };

  /** Whether `divergence` and `jacobianVector` are exact. Where false, integrators fall back on Hutchinson's estimate and finite differences. */
  readonly differentiable: boolean;

  /** v_t at every row of `x`, and its divergence where asked (only if differentiable). Throws COLLAPSED outside `times`. */
  evaluate(x: Points, t: number, want: FieldRequest, options?: CallOptions): Promise<FieldValues>;

  /** Dv_t(x_i) · u_i for every row (only if differentiable). */
  jacobianVector?(x: Points, t: number, u: Points, options?: CallOptions): Promise<NdArray>;
}
