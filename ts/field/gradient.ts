import type { FloatData, NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import type { FieldDomain } from './domain.js';
import type { VelocityField } from './field.js';
import { fieldFromFunction } from './from-function.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * A function φ_t on ℝ^d with its derivatives, on a batch of points: x is n × d. Results are arrays of float32 or
 * float64, at once or as promises.
 */
export interface Potential {
  /** φ_t(x_i), n values. Not needed by the field itself. */
  value?(x: NdArray, t: number, options: CallOptions): FloatData | Promise<FloatData>;
  /** ∇φ_t(x_i), n × d. */
  gradient(x: NdArray, t: number, options: CallOptions): NdArray | Promise<NdArray>;
  /** ∇²φ_t(x_i) · u_i, n × d. */
  hessianVector?(x: NdArray, t: number, u: NdArray, options: CallOptions): NdArray | Promise<NdArray>;
  /** Δφ_t(x_i), n values. Default: the trace of the Hessian, by d products. */
  laplacian?(x: NdArray, t: number, options: CallOptions): FloatData | Promise<FloatData>;
}

/** The gradient of a potential. */
export interface GradientField extends VelocityField {
  readonly potential: Potential;
}

/**
 * The field v_t = ∇φ_t of a potential; `scaled(gradientField(potential), -1)` descends it. Differentiable where the
 * potential has its Hessian.
 *
 * @throws INVALID_ARGUMENT; INVALID_SHAPE where the potential returns arrays of the wrong shape; COLLAPSED outside `times`.
 */
export function gradientField(potential: Potential, domain: FieldDomain = {}): GradientField {
  checkCall(SIGNATURES.gradientField, { potential, domain });
  if (typeof potential?.gradient !== 'function') {
    throw invalidArgument('potential', 'an object { gradient, … }', potential);
  }
  const field = fieldFromFunction((x, t, options) => potential.gradient(x, t, options), {
    ...domain,
    jacobianVector:
      potential.hessianVector && ((x, t, u, options) => potential.hessianVector!(x, t, u, options)),
    divergence: potential.laplacian && ((x, t, options) => potential.laplacian!(x, t, options)),
  });
  return Object.assign(field, { potential });
}
