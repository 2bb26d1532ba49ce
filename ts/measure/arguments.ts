import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  dtypeOf,
} from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { type NdArrayLike, isForeign, isOwn, openForeign, ownForm } from '../core/foreign.js';
import { checkFinite } from '../kernel/checks.js';
import { isFloat64Array, isFloatData } from '../core/realm.js';

/** A list of numbers, or an array of one axis or of one column. */
export type VectorLike = NdArrayLike | FloatData;

/** Rows of numbers: an array of shape [rows, columns], or a list of rows; a list of numbers is a single column. */
export type RowsLike = NdArrayLike | FloatData;

/** How far from 1 weights may sum, and by how much of its largest entry a covariance may be asymmetric. */
export const TOLERANCE = 1e-6;

// The constructors of measures are synchronous, and so cannot wait for a backend's kernels.
const SCAN = { firstNonFinite: (data: FloatData) => data.findIndex((value) => !Number.isFinite(value)) };

/** Throws NON_FINITE, naming row and column, without a backend. O(size) time. */
export function checkFiniteValues(array: NdArray, name: string): void {
  checkFinite(SCAN, array, name);
}

/** An INVALID_SHAPE error. */
export function invalidShape(
  name: string,
  expected: string,
  received: string,
  details: Record<string, unknown> = {},
): RidgeflowError {
  return new RidgeflowError('INVALID_SHAPE', `Expected ${expected} for ${name} but received ${received}`, {
    details: { parameter: name, ...details },
  });
}

/** A float64 copy of a list of finite numbers. Throws INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE. */
export function toVector(value: VectorLike, name: string, length?: number): Float64Array {
  const list = isList(value) ? value : isOwn(value) ? flat(value, name) : ofOthers(value, name)?.data;
  if (list === undefined) throw invalidArgument(name, 'a list of numbers', value);
  if (length !== undefined && list.length !== length) {
    throw invalidShape(name, `${length} number${length === 1 ? '' : 's'}`, String(list.length));
  }
  checkNumbers(list, name);
  const vector = Float64Array.from(list);
  checkFiniteValues({ data: vector, shape: [vector.length] }, name);
  return vector;
}

function flat(array: NdArray, name: string): FloatData {
  checkArray(array, name);
  if (array.shape.length !== 1) throw invalidShape(name, 'shape [d]', `[${array.shape.join(', ')}]`);
  return array.data;
}

/**
 * A cloud of at least one finite point: an array as it is, lists as float64. Throws INVALID_ARGUMENT, INVALID_SHAPE,
 * EMPTY_CLOUD, NON_FINITE. O(nd) time.
 */
export function toCloud(value: RowsLike, name: string, dimension?: number): NdArray {
  const cloud = isOwn(value) ? value : isList(value) ? fromRows(value, name) : ofOthers(value, name);
  if (cloud === undefined) throw invalidArgument(name, 'an array of shape [n, d] or a list of rows', value);
  checkPoints(cloud, name, { dimension });
  checkFiniteValues(cloud, name);
  return cloud;
}

/** An array of another library, one axis as a column; undefined for what is none. */
export function ofOthers(value: unknown, name: string): NdArray | undefined {
  if (!isForeign(value)) return undefined;
  const { data, shape } = ownForm(openForeign(value, name), 'float64');
  return { data, shape: shape.length === 1 ? [shape[0], 1] : shape };
}

function fromRows(rows: ArrayLike<number | readonly number[]>, name: string): NdArray {
  const nested = Array.isArray(rows[0]);
  const columns = nested ? (rows[0] as readonly number[]).length : 1;
  const data = allocate('float64', rows.length * columns, name);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const values = typeof row === 'number' ? [row] : row;
    if (!isList(values))
      throw invalidArgument(`row ${i} of ${name}`, nested ? 'a list of numbers' : 'a number', row);
    if (nested !== Array.isArray(row) || values.length !== columns) {
      throw invalidShape(`row ${i} of ${name}`, `${columns} numbers`, describe(row), { row: i });
    }
    checkNumbers(values, nested ? `row ${i} of ${name}` : name);
    data.set(values, i * columns);
  }
  return { data, shape: [rows.length, columns] };
}

/** Throws INVALID_ARGUMENT for what is no number in a list: an empty text or null would count as 0. */
function checkNumbers(list: readonly unknown[] | FloatData, name: string): void {
  if (!Array.isArray(list)) return;
  const at = list.findIndex((value) => typeof value !== 'number');
  if (at >= 0) throw invalidArgument(`${name}[${at}]`, 'a number', list[at]);
}

/**
 * Weights that sum to 1 exactly, or undefined where none are given: all equal. Throws INVALID_SHAPE unless there are
 * `count`, INVALID_ARGUMENT where one is negative or they do not sum to 1 within 1e-6, NON_FINITE.
 */
export function toWeights(value: VectorLike | undefined, count: number): Float64Array | undefined {
  if (value === undefined) return undefined;
  const weights = toVector(value, 'weights', count);
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected weights of at least 0 but received ${weights[negative]} at position ${negative} (counted from 0)`,
      { details: { parameter: 'weights', position: negative } },
    );
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(Math.abs(sum - 1) <= TOLERANCE)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected weights that sum to 1 but they sum to ${sum}: divide them by their sum`,
      { details: { parameter: 'weights', sum } },
    );
  }
  return weights.map((weight) => weight / sum);
}

/** The element type of an argument that has one, float32 for plain lists. */
export function dtypeOfArgument(value: VectorLike | RowsLike): DType {
  if (isOwn(value)) return dtypeOf(value);
  if (isForeign(value)) return openForeign(value, 'value').dtype ?? 'float32';
  return isFloat64Array(value) ? 'float64' : 'float32';
}

/** Whether an argument is a plain or a typed list. */
export function isList(value: unknown): value is readonly number[] | FloatData {
  return Array.isArray(value) || isFloatData(value);
}
