import type { NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import type { Measure } from '../measure/measure.js';
import { coefficientAt, scale } from './coefficient.js';
import { type FieldDomain, type Times, checkTime, checkTimes } from './domain.js';
import type { FieldRequest, FieldValues, VelocityField } from './field.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** Options of {@link scoreField}. */
export interface ScoreFieldOptions extends FieldDomain {
  /** c, or c(t). Default 1. */
  coefficient?: number | ((t: number) => number);
}

/**
 * The field v_t = c ∇log μ_t of a measure, or of one for each time. Divergence c Δ log μ_t and Jacobian c ∇² log μ_t are
 * exact, at the cost of the measure's own.
 *
 * @param measure μ for all times, or t ↦ μ_t on the open interval `times`.
 * @throws INVALID_ARGUMENT; COLLAPSED when evaluated outside `times`.
 */
export function scoreField(
  measure: Measure | ((t: number) => Measure),
  options: ScoreFieldOptions = {},
): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.scoreField, { options });
  const { coefficient = 1, dimension, times } = options;
  if (typeof measure !== 'function' && typeof measure?.evaluate !== 'function') {
    throw invalidArgument('measure', 'a measure or a function of time', measure);
  }
  const measureAt = typeof measure === 'function' ? measure : () => measure;
  const fixed = typeof measure === 'function' ? dimension : measure.dimension;
  return new ScoreField(measureAt, coefficientAt(coefficient), fixed, checkTimes(times));
}

/**
 * The continuous denoising autoencoder of a measure: v_t = ∇log μ_t with μ_t = e^{−tΔ}μ, the backward heat flow, for
 * t < collapseTime. It is the Wasserstein gradient flow of entropy, downwards.
 *
 * Source: S. Sonoda, N. Murata, Transport analysis of infinitely deep neural network, JMLR 20 (2019).
 */
export function backwardHeatField(measure: Measure): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.backwardHeatField, { measure });
  return scoreField((t) => measure.heat(-t), {
    dimension: measure.dimension,
    times: { from: -Infinity, to: measure.collapseTime },
  });
}

/** The heat flow of a measure as a flow of particles: v_t = −∇log μ_t with μ_t = e^{tΔ}μ, for t > −collapseTime. */
export function heatField(measure: Measure): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.heatField, { measure });
  return scoreField((t) => measure.heat(t), {
    coefficient: -1,
    dimension: measure.dimension,
    times: { from: 0 - measure.collapseTime, to: Infinity },
  });
}

class ScoreField implements VelocityField {
  readonly #measureAt: (t: number) => Measure;
  readonly #coefficientAt: (t: number) => number;
  readonly dimension?: number;
  readonly times: Times;
  readonly differentiable = true;

  constructor(
    measureAt: (t: number) => Measure,
    coefficient: (t: number) => number,
    dimension: number | undefined,
    times: Times,
  ) {
    this.#measureAt = measureAt;
    this.#coefficientAt = coefficient;
    this.dimension = dimension;
    this.times = times;
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    const { divergence: wanted, into } = want;
    const { measure, coefficient } = this.#at(t);
    const { score, divergence } = await measure.evaluate(
      x,
      { score: true, divergence: wanted, into: { score: into?.velocity, divergence: into?.divergence } },
      options,
    );
    if (!score) throw new RidgeflowError('UNSUPPORTED', 'The measure of the field gives no score');
    await scale(score.data, coefficient, options);
    if (divergence) await scale(divergence, coefficient, options);
    return { velocity: score, divergence };
  }

  async jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    const { measure, coefficient } = this.#at(t);
    const product = await measure.hessianVector(x, u, options);
    await scale(product.data, coefficient, options);
    return product;
  }

  #at(t: number): { measure: Measure; coefficient: number } {
    checkTime(t, this.times);
    return { measure: this.#measureAt(t), coefficient: this.#coefficientAt(t) };
  }
}
