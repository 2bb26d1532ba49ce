// What programs that run on every rank share: clouds that all ranks know, and this rank's rows of them.
import type { FloatData } from '../../ts/core/array.js';
import { rowsOf } from '../../ts/kernel/checks.js';
import { loadBackend } from '../../ts/kernel/backend.js';
import type { Matrix } from '../../ts/kernel/contract.js';
import { Differences } from '../conformance-backends.js';

export const mpi = await loadBackend('mpi');
export const native = await loadBackend('native');
export const { rank, size } = mpi.ranks;
export const differences = new Differences();

/** How rows are dealt out: alike; nearly all to the last rank; none to rank 0, unless it is alone. */
export const SPREADS = ['even', 'last', 'none'] as const;
export type Spread = (typeof SPREADS)[number];

/** Where the share of a rank begins. */
function begin(rows: number, spread: Spread, r: number): number {
  if (r >= size) return rows;
  if (spread === 'last') return Math.min(rows, r);
  if (spread === 'none') return r === 0 ? 0 : Math.floor(((r - 1) * rows) / Math.max(1, size - 1));
  return Math.floor((r * rows) / size);
}

/** This rank's rows among so many. */
export function ownRows(rows: number, spread: Spread): { first: number; count: number } {
  const first = begin(rows, spread, rank);
  return { first, count: (size === 1 ? rows : begin(rows, spread, rank + 1)) - first };
}

/** This rank's rows of a cloud, in storage of their own. */
export function shareOf(cloud: Matrix, spread: Spread): Matrix {
  const { first, count } = ownRows(cloud.rows, spread);
  const { data, ...rest } = rowsOf(cloud, first, count);
  return { ...rest, data: data.slice() };
}

/** This rank's part of one value for each row. */
export function valuesOf<A extends FloatData | Int32Array>(values: A, spread: Spread): A {
  const { first, count } = ownRows(values.length, spread);
  return values.slice(first, first + count) as A;
}

/** The program ends with an error where anything differed on this rank. */
export function finish(): void {
  if (differences.found.length > 0)
    throw new Error(`rank ${rank} of ${size}:\n${differences.found.slice(0, 12).join('\n')}`);
}
