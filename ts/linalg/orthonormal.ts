import type { Pace } from '../core/pace.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { productInFloat64 } from './product.js';

/** Rows from which those before them are taken out at once. */
const BLOCK = 32;
/** What is left of a row of length 1 that counts as nothing. */
const NOTHING = 1e-12;

/**
 * Gram and Schmidt's process on the `count` rows of d, in place; count ≤ d. A row that depends on those before it is replaced
 * by what a coordinate axis adds to them. O(count²·d) time, most of it matrix products.
 */
export async function orthonormalise(
  kernels: Kernels,
  rows: Float64Array,
  count: number,
  d: number,
  pace: Pace,
  run: RunControl,
): Promise<void> {
  const product = productInFloat64(kernels, pace, run);
  let axis = 0;
  for (let start = 0; start < count; start += BLOCK) {
    const end = Math.min(count, start + BLOCK);
    const block = rows.subarray(start * d, end * d);
    for (let at = 0; at < block.length; at += d) normalise(block.subarray(at, at + d));
    for (let pass = 0; pass < 2 && start > 0; pass++) {
      const a = { data: block, rows: end - start, columns: d };
      const b = { data: rows.subarray(0, start * d), rows: start, columns: d };
      const dots = { data: await product(a, b, true), rows: end - start, columns: start };
      const parts = await product(dots, b, false);
      for (let k = 0; k < block.length; k++) block[k] -= parts[k];
    }
    for (let i = start; i < end; i++) {
      const row = rows.subarray(i * d, (i + 1) * d);
      const left = normaliseApart(row, rows, start, i);
      // Where little is left, the rounding of the products has grown: once more, from all rows.
      if (left > 0.01 || (left > NOTHING && normaliseApart(row, rows, 0, i) > 0)) continue;
      do row.fill(0)[axis++] = 1;
      while (!(normaliseApart(row, rows, 0, i) > 0));
    }
    await pace.tick(0);
  }
}

/** Euclidean length. */
export function length(row: Float64Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return Math.sqrt(sum);
}

function normalise(row: Float64Array): void {
  const norm = length(row);
  if (norm > 0) for (let k = 0; k < row.length; k++) row[k] /= norm;
}

/** Takes the orthonormal rows first ≤ j < end out of `row`, twice, and norms it; the length that was left, 0 for nothing. */
function normaliseApart(row: Float64Array, rows: Float64Array, first: number, end: number): number {
  const d = row.length;
  for (let pass = 0; pass < 2; pass++) {
    for (let j = first; j < end; j++) {
      const other = rows.subarray(j * d, (j + 1) * d);
      let dot = 0;
      for (let k = 0; k < d; k++) dot += row[k] * other[k];
      for (let k = 0; k < d; k++) row[k] -= dot * other[k];
    }
  }
  const left = length(row);
  if (!(left > NOTHING)) return 0;
  normalise(row);
  return left;
}
