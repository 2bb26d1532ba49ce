import { type NdArray, allocate } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { blockCount, blockOf, errorOverBlocks, shuffledRows } from './blocks.js';
import type { SampleEstimate } from './estimate.js';
import { coordinateRounding, pairGroups, rowGroups } from './rounding.js';
import { openPair } from './samples.js';
import { digammaInteger } from './special.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link mutualInformation}. */
export interface MutualInformationOptions extends CallOptions {
  /** Which neighbour's distance is used, 1 to n − 1. Default 3, or n − 1 where that is smaller. */
  k?: number;
}

/**
 * Mutual information I(X; Y) = H(X) + H(Y) − H(X, Y) in nats from joint samples, of continuous, rounded, discrete and mixed
 * variables. With ρ_i the distance of (x_i, y_i) to its k-th neighbour in the maximum norm, point i contributes
 *
 * - where that neighbour is the only point at this distance, ψ(k) + ψ(n) − ψ(n_x + 1) − ψ(n_y + 1) with the numbers of points
 *   nearer than ρ_i in x alone and in y alone: the first estimator of Kraskov, Stögbauer and Grassberger;
 * - where there are others at this distance, as in data that were rounded, ψ(k̃) + ψ(n − 1) − ψ(n_x) − ψ(n_y) with all points
 *   within ρ_i counted, k̃ in both, as by Gao and others; so too where ρ_i = 0.
 *
 * Where both x and y are discrete (all but a thousandth of the values of each occur more than k times, and nine tenths of the
 * pairs) the pairs are counted, with no use of a distance: the entropies have P. Grassberger's correction. No noise is added.
 * Coordinates that differ by no more than their rounding are taken for equal.
 *
 * @param x n × d_x. @param y n × d_y, of the same dtype: row i of both is one observation. Coordinates are compared with each
 *   other within x and within y: bring them to a common scale if they have different units.
 * @returns nats. The estimate of a small information may be negative. The standard error is that of up to 32 disjoint blocks of
 *   at least max(16, 8k) observations, by the option `seed`; NaN where two such blocks do not fit.
 * @throws INVALID_SHAPE for different numbers of rows; EMPTY_CLOUD for fewer than 2, NON_FINITE, INVALID_ARGUMENT,
 *   INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * Too low where the dependence is so strong, or d so large, that it changes within the distance to a neighbour. About
 * O(n log n) time for small d and where pairs are counted, else O(n²d); O(nd) memory. Source: A. Kraskov, H. Stögbauer,
 * P. Grassberger, Phys. Rev. E 69, 066138 (2004); W. Gao, S. Kannan, S. Oh, P. Viswanath, NIPS 2017; P. Grassberger,
 * arXiv:physics/0307138 (2003); errors: C. M. Holmes, I. Nemenman, Phys. Rev. E 100, 022404 (2019).
 */
export async function mutualInformation(
  x: NdArrayLike,
  y: NdArrayLike,
  options: MutualInformationOptions = {},
): Promise<SampleEstimate> {
  ({ x, y } = checkCall(SIGNATURES.mutualInformation, { x, y, options }));
  const [first, second] = await openPair([x, 'x'], [y, 'y'], 2, options, { paired: true });
  const { n, kernels } = first;
  const k = checkInteger(options.k ?? Math.min(3, n - 1), 'k', 1, n - 1);
  const count = blockCount([n], Math.max(16, 8 * k));
  const order = shuffledRows(n, options.seed);
  const cells = discreteCells(first.points, second.points, k);
  if (cells) {
    const all = countedInformation(cells, order, 0, 1);
    const error = await errorOverBlocks(count, (block) =>
      Promise.resolve(countedInformation(cells, order, block, count)),
    );
    await tell(options.onProgress, 1);
    return { value: all, standardError: error };
  }
  const value = await informationOf(kernels, first.points, second.points, k, partOf(options, 0, 0.9));
  const standardError = await errorOverBlocks(count, (block) => {
    const [a, b] = [first, second].map(({ points }) => blockOf(points, order, block, count));
    return informationOf(kernels, a, b, k, { signal: options.signal });
  });
  await tell(options.onProgress, 1);
  return { value, standardError };
}

/** The numbers of the cell of x, of y and of both that each observation is in. */
interface Cells {
  x: Int32Array;
  y: Int32Array;
  both: Int32Array;
}

/** Undefined where x or y is not discrete, or the pairs are too few to be counted. */
function discreteCells(x: NdArray, y: NdArray, k: number): Cells | undefined {
  const [n] = x.shape;
  // More values than these cannot all but a thousandth occur more than k times.
  const most = n / (k + 1) + n / 1000;
  const inX = rowGroups(x, most);
  const inY = inX && rowGroups(y, most);
  if (!inX || !inY) return undefined;
  const both = pairGroups(inX, inY);
  const rare = (groups: Int32Array) => {
    const counts = countsOf(groups);
    return groups.reduce((sum, group) => sum + Number(counts[group] <= k), 0);
  };
  const discrete = 1000 * rare(inX) <= n && 1000 * rare(inY) <= n && 10 * rare(both) <= n;
  return discrete ? { x: inX, y: inY, both } : undefined;
}

function countsOf(groups: Int32Array): Int32Array {
  // Of a block they may be far fewer than the observations: it takes no more time than its own rows.
  const counts = new Int32Array(1 + groups.reduce((most, group) => Math.max(most, group), 0));
  for (const group of groups) counts[group]++;
  return counts;
}

/** From the counts of the cells, over the observations of one block in an order. O(n). */
function countedInformation(cells: Cells, order: Int32Array, block: number, count: number): number {
  const n = order.length;
  const rows = Int32Array.from({ length: Math.floor(n / count) }, (_, i) => order[block + i * count]);
  const mean = (groups: Int32Array) => {
    const chosen = rows.map((row) => groups[row]);
    const counts = countsOf(chosen);
    return chosen.reduce((sum, group) => sum + digammaInteger(counts[group]), 0) / rows.length;
  };
  return mean(cells.both) + digammaInteger(rows.length) - mean(cells.x) - mean(cells.y);
}

async function informationOf(
  kernels: Kernels,
  x: NdArray,
  y: NdArray,
  k: number,
  options: CallOptions,
): Promise<number> {
  const [n] = x.shape;
  const both = sideBySide(x, y);
  const run = (from: number, to: number) => {
    const { signal, onProgress } = partOf(options, from, to);
    return { signal, onProgress };
  };
  const points = asMatrix(both);
  const joint = { queries: points, points, norm: 'maximum', excludeSelf: true } as const;
  const { distances } = await kernels.nearestNeighbours({ ...joint, k }, run(0, 0.4));
  const radii = distances.filter((_, at) => at % k === k - 1);
  // Differences of rounded numbers are themselves rounded: what is as far but for that is as far.
  const rounding = coordinateRounding(both.data);
  const inner = radii.map((radius) => Math.max(0, radius - rounding));
  const outer = radii.map((radius) => radius + rounding);
  const within = await kernels.countWithin({ ...joint, radii: outer }, run(0.4, 0.5));
  const counts = async (part: NdArray, from: number, to: number) => {
    const alone = asMatrix(part);
    const problem = { queries: alone, points: alone, norm: 'maximum', excludeSelf: true } as const;
    const middle = (from + to) / 2;
    return {
      nearer: await kernels.countWithin({ ...problem, radii: inner }, run(from, middle)),
      within: await kernels.countWithin({ ...problem, radii: outer }, run(middle, to)),
    };
  };
  const [inX, inY] = [await counts(x, 0.5, 0.75), await counts(y, 0.75, 1)];
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const [nearX, nearY] = [inX.nearer[i], inY.nearer[i]];
    const [allX, allY] = [inX.within[i], inY.within[i]];
    const tied = radii[i] <= rounding || within[i] > k || allX - nearX + (allY - nearY) > 1;
    if (tied) sum += termOf(within[i], n - 1, allX, allY);
    else sum += termOf(k, n, nearX + 1, nearY + 1);
  }
  return sum / n;
}

function termOf(both: number, n: number, x: number, y: number): number {
  return digammaInteger(both) + digammaInteger(n) - digammaInteger(x) - digammaInteger(y);
}

/** n × (d_x + d_y). */
function sideBySide(x: NdArray, y: NdArray): NdArray {
  const [n, a] = x.shape;
  const b = y.shape[1];
  const data = allocate(isFloat64Array(x.data) ? 'float64' : 'float32', n * (a + b), 'joint points');
  for (let i = 0; i < n; i++) {
    data.set(x.data.subarray(i * a, (i + 1) * a), i * (a + b));
    data.set(y.data.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return { data, shape: [n, a + b] };
}
