import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
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

/** Rows first … first + count − 1 of a matrix, not copied. */
export function rowsOf({ data, columns }: Matrix, first: number, count: number): Matrix {
  return { data: data.subarray(first * columns, (first + count) * columns), rows: count, columns };
}

/** A cloud of shape [n, d] as kernels take it. */
export function asMatrix(points: NdArray): Matrix {
  return { data: points.data, rows: points.shape[0], columns: points.shape[1] };
}
