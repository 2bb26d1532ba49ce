import { type NdArray, allocate, dtypeOf } from './array.js';

/** A copy of the rows with these numbers, in their order; a number may come twice. Throws OUT_OF_MEMORY. */
export function takeRows(
  { data, shape }: NdArray,
  rows: ArrayLike<number>,
  what = 'a copy of rows',
): NdArray {
  const columns = shape[1];
  const out = allocate(dtypeOf({ data }), rows.length * columns, what);
  for (let i = 0; i < rows.length; i++) {
    out.set(data.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  }
  return { data: out, shape: [rows.length, columns] };
}

/**
 * The Euclidean length of the vector of `count` values from `first` on. Unlike Math.hypot with its values as arguments it
 * takes any number of them.
 */
export function vectorLength(values: ArrayLike<number>, first = 0, count = values.length - first): number {
  let largest = 0;
  for (let k = first; k < first + count; k++) largest = Math.max(largest, Math.abs(values[k]));
  if (!(largest > 0 && largest < Infinity)) return largest;
  let sum = 0;
  for (let k = first; k < first + count; k++) sum += (values[k] / largest) ** 2;
  return largest * Math.sqrt(sum);
}
