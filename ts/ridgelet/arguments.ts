import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { RidgeletPair } from './pair.js';

/** Ridge functions η(a_j·x − b_j), or points (a_j, b_j) at which a ridgelet transform is wanted. */
export interface RidgeUnits {
  /** [m, d]. */
  readonly a: NdArray;
  /** [m]. */
  readonly b: NdArray;
}

/** A vector-valued function known at points: f(x_i), with the weights of an integral. */
export interface RidgeletData<A extends NdArrayLike = NdArray> {
  /** [n, d]. */
  readonly points: A;
  /** f, [n, k] or [n]. Default: 1. */
  readonly values?: A;
  /** n values: volumes of the points' cells, or shares of a measure. Default: 1/n each, the empirical measure. */
  readonly weights?: A;
}

const invalidShape = (name: string, expected: string, array: NdArray) =>
  new RidgeflowError(
    'INVALID_SHAPE',
    `Expected shape ${expected} for ${name} but received [${array.shape.join(', ')}]`,
    { details: { parameter: name } },
  );

/** Throws INVALID_ARGUMENT unless `pair` is one, INVALID_SHAPE where it is of another dimension. */
export function checkPair(pair: RidgeletPair, d: number): void {
  if (!(pair instanceof RidgeletPair)) throw invalidArgument('pair', 'a pair made by ridgeletPair', pair);
  if (pair.dimension !== d) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected points of dimension ${pair.dimension}, that of the pair, but received ${d}`,
      { details: { parameter: 'pair' } },
    );
  }
}

/** Units in a dtype, all finite. Throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE. */
export function checkUnits(
  units: RidgeUnits,
  d: number,
  kernels: Kernels,
  dtype: DType,
): { a: NdArray; b: FloatData } {
  if (typeof units !== 'object' || units === null) throw invalidArgument('units', '{ a, b }', units);
  const { n: m } = checkPoints(units.a, 'a', { dimension: d });
  checkFinite(kernels, units.a, 'a');
  return { a: toDtype(units.a, dtype), b: checkVector(units.b, 'b', m, kernels, dtype) };
}

/** A finite vector of some length in a dtype. */
export function checkVector(
  vector: NdArray,
  name: string,
  length: number,
  kernels: Kernels,
  dtype: DType,
): FloatData {
  checkArray(vector, name);
  if (vector.shape.length !== 1 || vector.data.length !== length)
    throw invalidShape(name, `[${length}]`, vector);
  checkFinite(kernels, vector, name);
  return toDtype(vector, dtype).data;
}

/** Finite values [n, k] or [n] as a matrix in a dtype. */
export function checkValues(
  values: NdArray,
  name: string,
  n: number,
  kernels: Kernels,
  dtype: DType,
): Matrix {
  checkArray(values, name);
  const [rows, columns = 1] = values.shape;
  if (values.shape.length < 1 || values.shape.length > 2 || rows !== n || columns < 1)
    throw invalidShape(name, `[${n}] or [${n}, k]`, values);
  checkFinite(kernels, values, name);
  return { data: toDtype(values, dtype).data, rows, columns };
}

/** Data in a dtype. Throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE, INVALID_ARGUMENT. */
export function checkData(data: RidgeletData, kernels: Kernels, dtype: DType) {
  const [n, d] = data.points.shape;
  checkFinite(kernels, data.points, 'points');
  const points = { data: toDtype(data.points, dtype).data, rows: n, columns: d };
  const ones = () => ({ data: allocate(dtype, n, 'values').fill(1), rows: n, columns: 1 });
  const values = data.values ? checkValues(data.values, 'values', n, kernels, dtype) : ones();
  const weights =
    data.weights === undefined ? undefined : checkVector(data.weights, 'weights', n, kernels, dtype);
  return { points, values, weights, share: weights ? 1 : 1 / n };
}

/** Throws unless data has points [n, d]. */
export function dataSizes(data: RidgeletData): { n: number; d: number } {
  if (typeof data !== 'object' || data === null) throw invalidArgument('data', '{ points, values }', data);
  return checkPoints(data.points, 'points');
}

/** −b. */
export function negated(b: FloatData): FloatData {
  const out = b.slice();
  for (let i = 0; i < out.length; i++) out[i] = -out[i];
  return out;
}
