import { type NdArray, allocate, checkPoints, dtypeOf } from '../core/array.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { METHODS } from './method-signatures.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { ShareKernels } from '../kernel/contract/shares.js';
import { type Quartiles, quartilesOf } from './quartiles.js';

/** How the spread of a column is measured. */
export type StandardiseMethod = 'z-score' | 'robust';

/** Options of {@link standardise}. */
export interface StandardiseOptions {
  /**
   * `z-score`: mean and standard deviation. `robust`: median and the distance between the quartiles over 1.349, that of a
   * standard normal, which a few outliers do not move. Default z-score.
   */
  method?: StandardiseMethod;
  /**
   * Groups of columns, by their numbers, that keep their scale relative to each other, as lengths in one unit: all are
   * divided by the root mean square of their spreads. Other columns are scaled alone.
   */
  groups?: readonly (readonly number[])[];
}

/** What was done to points, and its inverse. */
export interface Standardisation {
  readonly method: StandardiseMethod;
  /** What was subtracted from each column. */
  readonly centre: Float64Array;
  /** What each column was divided by then; 1 for a column that never changes. */
  readonly scale: Float64Array;
  /** Points n × d of the data's units in standard units, in their element type. */
  apply(points: NdArrayLike): NdArray;
  /** The inverse: points in standard units in the data's. */
  invert(points: NdArrayLike): NdArray;
}

/** Distance between the quartiles of a standard normal. */
const NORMAL_QUARTILES = 1.3489795003921634;

/**
 * How to bring every column of points to mean (or median) 0 and spread 1, so that no unit decides distances. Sums are
 * taken in float64 about the first point. A column whose quartiles coincide gets its standard deviation; one that never
 * changes is only centred. O(n·d) time, O(n·d log n) for `robust`; O(d) memory is kept.
 *
 * @throws EMPTY_CLOUD, INVALID_SHAPE; INVALID_ARGUMENT for a group with a column that is not there or is in two.
 * @example
 * const units = standardise(points);
 * const moved = await transportCloud(units.apply(points), …);
 * const inUnits = units.invert(moved.positions);
 */
export function standardise(points: NdArrayLike, options: StandardiseOptions = {}): Standardisation {
  ({ points } = checkCall(SIGNATURES.standardise, { points, options }));
  checkPoints(points, 'points');
  const { method = 'z-score', groups = [] } = options;
  if (method !== 'z-score' && method !== 'robust')
    throw invalidArgument('method', "'z-score' or 'robust'", method);
  const quartiles = method === 'robust' ? quartilesOf(points) : undefined;
  return standardisationBy({ ...columnMoments(points), quartiles }, groups);
}

/**
 * The same by the moments of the columns, and of `robust` by their quartiles, which are those of all ranks where the points
 * are spread over them.
 */
export function standardisationBy(
  { means, deviations, quartiles }: ColumnMoments & { quartiles?: readonly Quartiles[] },
  groups: readonly (readonly number[])[],
): Standardisation {
  const d = means.length;
  const [centre, scale] = [means.slice(), deviations.slice()];
  quartiles?.forEach(([lower, median, upper], column) => {
    centre[column] = median;
    if (upper > lower) scale[column] = (upper - lower) / NORMAL_QUARTILES;
  });
  for (const group of checkGroups(groups, d)) {
    const shared = Math.sqrt(group.reduce((sum, column) => sum + scale[column] ** 2, 0) / group.length);
    for (const column of group) scale[column] = shared;
  }
  for (let column = 0; column < d; column++) if (!(scale[column] > 0)) scale[column] = 1;
  return {
    method: quartiles ? 'robust' : 'z-score',
    centre,
    scale,
    apply: (given) => mapped(given, d, (value, column) => (value - centre[column]) / scale[column]),
    invert: (given) => mapped(given, d, (value, column) => value * scale[column] + centre[column]),
  };
}

function mapped(points: NdArrayLike, d: number, map: (value: number, column: number) => number): NdArray {
  ({ points } = checkCall(METHODS.Standardisation.apply, { points }));
  checkPoints(points, 'points', { minimum: 0, dimension: d });
  const data = allocate(dtypeOf(points), points.data.length);
  for (let at = 0; at < data.length; at += d)
    for (let k = 0; k < d; k++) data[at + k] = map(points.data[at + k], k);
  return { data, shape: [...points.shape] };
}

function checkGroups(groups: readonly (readonly number[])[], d: number): readonly (readonly number[])[] {
  const seen = new Set<number>();
  for (const [i, group] of groups.entries()) {
    for (const column of group) {
      if (!Number.isInteger(column) || column < 0 || column >= d)
        throw invalidArgument(`groups[${i}]`, `numbers of columns from 0 to ${d - 1}`, column);
      if (seen.has(column))
        throw invalidArgument(`groups[${i}]`, 'columns that are in no other group', column);
      seen.add(column);
    }
  }
  return groups.filter(({ length }) => length > 0);
}

/** Mean and standard deviation (over n) of every column. */
export interface ColumnMoments {
  means: Float64Array;
  deviations: Float64Array;
}

/** Those of a cloud, in float64 about the first point. */
export function columnMoments(points: NdArray): ColumnMoments {
  const { data, shape } = points;
  const [n] = shape;
  const means = sumsAbout(points, data).map((sum, k) => data[k] + sum / n);
  return { means, deviations: deviationsOf(squaresAbout(points, means), n) };
}

/** The same of a cloud whose rows are spread over ranks. */
export async function columnMomentsOverRanks(points: NdArray, shares: ShareKernels): Promise<ColumnMoments> {
  if (shares.ranks.size === 1) return columnMoments(points);
  const [own, d] = points.shape;
  const { total } = await shares.shareOf(own);
  const firsts = await shares.everyPart(Float64Array.from(points.data.subarray(0, d)));
  const pivot = firsts.find(({ length }) => length > 0)!;
  const sums = await shares.sumOverRanks(sumsAbout(points, pivot));
  const means = sums.map((sum, k) => pivot[k] + sum / total);
  return { means, deviations: deviationsOf(await shares.sumOverRanks(squaresAbout(points, means)), total) };
}

function sumsAbout({ data, shape: [, d] }: NdArray, pivot: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(d);
  for (let at = 0; at < data.length; at += d) for (let k = 0; k < d; k++) sums[k] += data[at + k] - pivot[k];
  return sums;
}

function squaresAbout({ data, shape: [, d] }: NdArray, means: Float64Array): Float64Array {
  const squares = new Float64Array(d);
  for (let at = 0; at < data.length; at += d)
    for (let k = 0; k < d; k++) squares[k] += (data[at + k] - means[k]) ** 2;
  return squares;
}

function deviationsOf(squares: Float64Array, n: number): Float64Array {
  const wrong = squares.findIndex((sum) => !Number.isFinite(sum));
  if (wrong >= 0) {
    throw new RidgeflowError(
      'NON_FINITE',
      `Expected finite numbers in column ${wrong} of points, whose squares can be summed`,
    );
  }
  return squares.map((sum) => Math.sqrt(sum / n));
}
