import { type FloatData, type NdArray, dtypeOf, storage } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { coefficientAt } from './coefficient.js';
import { ALWAYS, type Times, checkTime, notDifferentiable } from './domain.js';
import type { FieldRequest, FieldValues, VelocityField } from './field.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** One term of a sum: c(t) times a field at the time τ(t). */
interface Term {
  field: VelocityField;
  coefficient: (t: number) => number;
  time: (t: number) => number;
}

/**
 * The sum of fields, on the times they have in common. Differentiable where all are.
 *
 * @throws INVALID_ARGUMENT (no fields, or no times in common), INVALID_SHAPE (different dimensions).
 */
export function sumOf(...fields: VelocityField[]): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.sumOf, { fields });
  if (fields.length === 0) throw invalidArgument('fields', 'at least one field', fields);
  fields.forEach(checkField);
  const dimension = fields.find((field) => field.dimension !== undefined)?.dimension;
  for (const field of fields) {
    if (field.dimension === undefined || field.dimension === dimension) continue;
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected fields of one dimension but received ${dimension} and ${field.dimension}`,
    );
  }
  const times = {
    from: fields.reduce((latest, field) => Math.max(latest, field.times.from), ALWAYS.from),
    to: fields.reduce((earliest, field) => Math.min(earliest, field.times.to), ALWAYS.to),
  };
  if (!(times.from < times.to)) throw invalidArgument('fields', 'fields with times in common', fields);
  const terms = fields.map((field) => ({ field, coefficient: () => 1, time: (t: number) => t }));
  return new Combination(terms, times, dimension);
}

/** The field c v_t, or c(t) v_t. Throws INVALID_ARGUMENT. */
export function scaled(
  field: VelocityField,
  coefficient: number | ((t: number) => number),
): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.scaled, { field });
  checkField(field);
  const term = { field, coefficient: coefficientAt(coefficient), time: (t: number) => t };
  return new Combination([term], field.times, field.dimension);
}

/**
 * The field run backwards: w_t(x) = −v_{end − t}(x). Particles that v carries from time 0 to `end`, w carries back
 * where they came from, from time 0 to `end`. Throws INVALID_ARGUMENT.
 *
 * @param options `end`, default 0.
 */
export function timeReversed(
  field: VelocityField,
  options: { end?: number } = {},
): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.timeReversed, { field, options });
  const { end = 0 } = options;
  checkField(field);
  if (typeof end !== 'number' || !Number.isFinite(end)) throw invalidArgument('end', 'a finite time', end);
  const term = { field, coefficient: () => -1, time: (t: number) => end - t };
  return new Combination([term], { from: end - field.times.to, to: end - field.times.from }, field.dimension);
}

function checkField(field: VelocityField): void {
  if (typeof field?.evaluate !== 'function') throw invalidArgument('field', 'a velocity field', field);
}

class Combination implements VelocityField {
  readonly #terms: readonly Term[];
  readonly times: Times;
  readonly dimension?: number;
  readonly differentiable: boolean;
  readonly jacobianVector?: VelocityField['jacobianVector'];

  constructor(terms: readonly Term[], times: Times, dimension: number | undefined) {
    this.#terms = terms;
    this.times = times;
    this.dimension = dimension;
    this.differentiable = terms.every(({ field }) => field.differentiable);
    if (this.differentiable)
      this.jacobianVector = (x, t, u, options) => this.#jacobianVector(x, t, u, options);
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    const { divergence, into } = want;
    // The first term may be written where the sum goes: it is read there before it is written over.
    const wants = this.#terms.map((_, k) => (k === 0 ? want : { divergence }));
    const values = await this.#ofEach(t, options, ({ field, time }, k, part) =>
      field.evaluate(x, time(t), wants[k], part),
    );
    const velocities = values.map(({ velocity }) => velocity.data);
    const velocity = {
      data: await this.#combine(t, velocities, options, into?.velocity),
      shape: x.shape,
    };
    if (!divergence) return { velocity };
    const divergences = values.map(({ divergence }) => {
      if (divergence) return divergence;
      throw notDifferentiable('divergence', 'use fields that are differentiable');
    });
    return { velocity, divergence: await this.#combine(t, divergences, options, into?.divergence) };
  }

  async #jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    const products = await this.#ofEach(t, options, ({ field, time }, _, part) =>
      field.jacobianVector!(x, time(t), u, part),
    );
    const arrays = products.map(({ data }) => data);
    return { data: await this.#combine(t, arrays, options), shape: x.shape };
  }

  async #ofEach<T>(
    t: number,
    options: CallOptions,
    work: (term: Term, number: number, options: CallOptions) => Promise<T>,
  ): Promise<T[]> {
    checkTime(t, this.times);
    const results: T[] = [];
    for (const [k, term] of this.#terms.entries()) {
      const share = 1 / this.#terms.length;
      results.push(await work(term, k, partOf(options, k * share, (k + 1) * share)));
    }
    return results;
  }

  /** Into storage of the caller or new one: what a field gave may be its own. */
  async #combine(
    t: number,
    arrays: readonly FloatData[],
    options: CallOptions,
    into?: FloatData,
  ): Promise<FloatData> {
    const [first] = arrays;
    const kernels = await kernelsFor(options, undefined, 'own');
    const out = storage(into, dtypeOf({ data: first }), first.length, 'a combination of fields');
    kernels.linearCombination(
      out,
      this.#terms.map(({ coefficient }, k) => ({ coefficient: coefficient(t), array: arrays[k] })),
    );
    return out;
  }
}
