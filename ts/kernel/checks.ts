import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { isFloat64Array } from '../core/realm.js';
import type { Kernels, Matrix } from './contract.js';

/** Throws NON_FINITE, naming row and column (from 0), where a value is NaN or infinite. O(n). */
export function checkFinite(kernels: Pick<Kernels, 'firstNonFinite'>, array: NdArray, name: string): void {
  const index = kernels.firstNonFinite(array.data);
  if (index < 0) return;
  const columns = array.shape.length > 1 ? array.shape.slice(1).reduce((a, b) => a * b, 1) : 1;
  const row = Math.floor(index / columns);
  const column = index % columns;
  const place = array.shape.length > 1 ? `row ${row}, column ${column}` : `position ${row}`;
  throw new RidgeflowError(
    'NON_FINITE',
    `Expected finite numbers in ${name} but received ${array.data[index]} at ${place} (counted from 0)`,
    {
      details: { parameter: name, row, column },
    },
  );
}

/** What lies beyond these has a square, or a sum of many, that float64 cannot hold. */
const SQUARABLE = { most: 1e150, least: 1e-150 };

/**
 * {@link checkFinite}, and throws NON_FINITE too where squares of the values would overflow, or all vanish: distances and
 * variances of them would be wrong in silence. Of float32 no square does, in float64. O(n).
 */
export function checkSquarable(kernels: Pick<Kernels, 'firstNonFinite'>, array: NdArray, name: string): void {
  checkFinite(kernels, array, name);
  if (!isFloat64Array(array.data)) return;
  let largest = 0;
  for (const value of array.data) largest = Math.max(largest, Math.abs(value));
  if (largest === 0 || (largest < SQUARABLE.most && largest > SQUARABLE.least)) return;
  throw new RidgeflowError(
    'NON_FINITE',
    `Expected numbers whose squares float64 can hold in ${name} but the largest is ${largest}: ` +
      `divide ${name} by a common length`,
    { details: { parameter: name, largest } },
  );
}

/** Rows first … first + count − 1 of a matrix, not copied. */
export function rowsOf({ data, columns }: Matrix, first: number, count: number): Matrix {
  return { data: data.subarray(first * columns, (first + count) * columns), rows: count, columns };
}

/** A cloud of shape [n, d] as kernels take it. */
export function asMatrix(points: NdArray): Matrix {
  return { data: points.data, rows: points.shape[0], columns: points.shape[1] };
}
