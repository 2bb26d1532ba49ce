import { type DType, type FloatData, type NdArray, allocate, dtypeOf, storage } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { type RowsLike, type VectorLike, toCloud, toVector } from '../measure/arguments.js';
import { ALWAYS, checkTime, checkVectors, prepare } from './domain.js';
import type { FieldRequest, FieldValues, VelocityField } from './field.js';
import { coefficientAt } from './coefficient.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { METHODS } from './method-signatures.js';

/** Parameters of {@link linearField}. */
export interface LinearFieldParameters {
  /** A, d × d, or a number a for A = aI. */
  matrix: number | RowsLike;
  /** b, d values. Default 0. */
  offset?: VectorLike;
}

/**
 * The field v(x) = A x + b at all times. Its divergence is tr A, its Jacobian A. O(nd²) time; O(nd) where A is a
 * multiple of the identity, in which case the dimension is free unless there is an offset.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE (A not square, b of another length), NON_FINITE.
 * @example linearField({ matrix: -1 }) // the drift of the Ornstein–Uhlenbeck process
 */
export function linearField(parameters: LinearFieldParameters): VelocityField<NdArrayLike> {
  checkCall(SIGNATURES.linearField, { parameters });
  if (typeof parameters !== 'object' || parameters === null) {
    throw invalidArgument('the parameters of a linear field', 'an object { matrix, … }', parameters);
  }
  const { matrix, offset } = parameters;
  if (typeof matrix === 'number') {
    coefficientAt(matrix);
    const b = offset === undefined ? undefined : toVector(offset, 'offset');
    return new LinearField(matrix, undefined, b, b?.length);
  }
  const { data, shape } = toCloud(matrix, 'matrix');
  const [d] = shape;
  if (shape[1] !== d) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected a square matrix for matrix but received shape [${shape.join(', ')}]`,
      { details: { parameter: 'matrix' } },
    );
  }
  const b = offset === undefined ? undefined : toVector(offset, 'offset', d);
  return new LinearField(1, Float64Array.from(data), b, d);
}

class LinearField implements VelocityField {
  readonly #factor: number;
  readonly #matrix?: Float64Array;
  readonly #converted = new Map<DType, Matrix>();
  readonly #offset?: Float64Array;
  #repeated: FloatData | undefined;
  readonly dimension?: number;
  readonly times = ALWAYS;
  readonly differentiable = true;

  /** The matrix, or without one the factor times the identity. */
  constructor(factor: number, matrix?: Float64Array, offset?: Float64Array, dimension?: number) {
    this.#factor = factor;
    this.#matrix = matrix;
    this.#offset = offset;
    this.dimension = dimension;
  }

  async evaluate(
    x: NdArrayLike,
    t: number,
    want: FieldRequest,
    options: CallOptions = {},
  ): Promise<FieldValues> {
    ({ x } = checkCall(METHODS.VelocityField.evaluate, { x, t, want, options }));
    const { divergence: wanted, into } = want;
    checkTime(t, this.times);
    const { kernels, points, dtype } = await prepare(x, this.dimension, options);
    const velocity = await this.#apply(kernels, points, dtype, options, into?.velocity);
    const [n, d] = points.shape;
    if (this.#offset) {
      kernels.linearCombination(velocity.data, [
        { coefficient: 1, array: velocity.data },
        { coefficient: 1, array: this.#offsets(this.#offset, n, dtype) },
      ]);
    }
    const divergence = wanted && storage(into?.divergence, dtype, n, 'divergences').fill(this.#trace(d));
    return { velocity, divergence: divergence || undefined };
  }

  async jacobianVector(
    x: NdArrayLike,
    t: number,
    u: NdArrayLike,
    options: CallOptions = {},
  ): Promise<NdArray> {
    ({ x, u } = checkCall(METHODS.VelocityField.jacobianVector, { x, t, u, options }));
    checkTime(t, this.times);
    const { kernels, points, dtype } = await prepare(x, this.dimension, options);
    return this.#apply(kernels, checkVectors(kernels, u, points), dtype, options);
  }

  /** A times every row. */
  async #apply(
    kernels: Kernels,
    rows: NdArray,
    dtype: DType,
    options: CallOptions,
    into?: FloatData,
  ): Promise<NdArray> {
    const [n, d] = rows.shape;
    const data = storage(into, dtype, n * d, 'velocities');
    if (this.#matrix) {
      const b = this.#matrixIn(dtype, this.#matrix, d);
      await kernels.matmul({ a: asMatrix(rows), b, transposeB: true, into: data }, options);
      return { data, shape: [n, d] };
    }
    kernels.linearCombination(data, [{ coefficient: this.#factor, array: rows.data }]);
    return { data, shape: [n, d] };
  }

  /** b, once for every row: a flow asks for it again and again. */
  #offsets(offset: Float64Array, n: number, dtype: DType): FloatData {
    const length = n * offset.length;
    let offsets = this.#repeated;
    if (offsets?.length !== length || dtypeOf({ data: offsets }) !== dtype) {
      offsets = allocate(dtype, length, 'the offset of a linear field');
      for (let at = 0; at < length; at += offset.length) offsets.set(offset, at);
      this.#repeated = offsets;
    }
    return offsets;
  }

  #matrixIn(dtype: DType, matrix: Float64Array, d: number): Matrix {
    let converted = this.#converted.get(dtype);
    if (!converted) {
      const data = dtype === 'float64' ? matrix : Float32Array.from(matrix);
      converted = { data, rows: d, columns: d };
      this.#converted.set(dtype, converted);
    }
    return converted;
  }

  #trace(d: number): number {
    const matrix = this.#matrix;
    if (!matrix) return this.#factor * d;
    let sum = 0;
    for (let k = 0; k < d; k++) sum += matrix[k * d + k];
    return sum;
  }
}
