import type { NdArray } from '../core/array.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { meanWithError } from './estimate.js';

/** Blocks at most: their spread then tells the standard error to about an eighth. */
const MOST = 32;

/** How many disjoint blocks samples of these sizes are cut into: at most 32, each of at least `least` points; 0 where two do not fit. */
export function blockCount(sizes: readonly number[], least: number): number {
  const count = Math.min(MOST, Math.floor(Math.min(...sizes) / least));
  return count < 2 ? 0 : count;
}

/** Rows of a cloud in random order, for {@link blockOf}. The same seed gives the same order. */
export function shuffledRows(n: number, seed: number | undefined, substream = 0): Int32Array {
  return new RandomStream(seed, 'subsample', substream).choose(n, n);
}

/** Block `block` of `count`: a copy of every count-th row of an order. */
export function blockOf(points: NdArray, order: Int32Array, block: number, count: number): NdArray {
  return ownBlockOf({ points, first: 0 }, order, block, count);
}

/** The same of an order of the rows of a whole cloud, of which these are some, from row `first` on: those in the block. */
export function ownBlockOf(
  { points, first }: { points: NdArray; first: number },
  order: Int32Array,
  block: number,
  count: number,
): NdArray {
  const rows = Math.floor(order.length / count);
  const chosen = Int32Array.from({ length: rows }, (_, i) => order[block + i * count] - first);
  const own = chosen.filter((row) => row >= 0 && row < points.shape[0]);
  return takeRows(points, own, 'a block of points');
}

/**
 * Standard error of an estimate from all points by those from `count` disjoint blocks, whose variance is `count` times as
 * large where it falls as 1/n. NaN for no blocks.
 *
 * Source: C. M. Holmes, I. Nemenman, Phys. Rev. E 100, 022404 (2019).
 */
export async function errorOverBlocks(
  count: number,
  estimate: (block: number) => Promise<number>,
): Promise<number> {
  const values: number[] = [];
  for (let block = 0; block < count; block++) values.push(await estimate(block));
  return count < 2 ? NaN : meanWithError(count, (b) => values[b]).standardError;
}
