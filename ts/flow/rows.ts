import type { NdArray } from '../core/array.js';

/** Euclidean length of every row. */
export function rowLengths({ data, shape: [n, d] }: NdArray): Float64Array {
  const lengths = new Float64Array(n);
  for (let row = 0, i = 0; row < n; row++) {
    let sum = 0;
    for (const end = i + d; i < end; i++) sum += data[i] * data[i];
    lengths[row] = Math.sqrt(sum);
  }
  return lengths;
}
