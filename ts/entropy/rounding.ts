import { type FloatData, type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Fewer points than these may lie on a grid by chance. */
const FEWEST = 16;

/** By how much coordinates that are meant to be equal may differ: 0.1 + 0.2 is not 0.3. */
export function coordinateRounding(data: FloatData): number {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest * (isFloat64Array(data) ? 2 ** -51 : 2 ** -22);
}

/** Ascending values of column k, those within `tolerance` of the one before taken for the same and left out. */
function distinctValues({ data, shape: [n, d] }: NdArray, k: number, tolerance: number): FloatData {
  const column = data.slice(0, n);
  for (let i = 0; i < n; i++) column[i] = data[i * d + k];
  column.sort();
  return column.filter((value, i) => i === 0 || value - column[i - 1] > tolerance);
}

/**
 * The number of each row among the different rows, by the order in which they occur, or undefined where some column has more
 * than `most` different values. O(nd log n) time.
 */
export function rowGroups(points: NdArray, most: number): Int32Array | undefined {
  const [n, d] = points.shape;
  const tolerance = coordinateRounding(points.data);
  let groups: Int32Array = new Int32Array(n);
  for (let k = 0; k < d; k++) {
    const values = distinctValues(points, k, tolerance);
    if (values.length > most) return undefined;
    groups = pairGroups(
      groups,
      Int32Array.from({ length: n }, (_, i) => lastAtMost(values, points.data[i * d + k])),
    );
  }
  return groups;
}

/** The number of each pair (a_i, b_i) among the different pairs. */
export function pairGroups(a: Int32Array, b: Int32Array): Int32Array {
  const seen = new Map<number, number>();
  return a.map((value, i) => {
    const key = value * a.length + b[i];
    const group = seen.get(key) ?? seen.size;
    seen.set(key, group);
    return group;
  });
}

/** Position of the last of the ascending values that is at most this one. */
function lastAtMost(values: FloatData, value: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The step of the grid that each column was rounded to: all differences of its values are multiples of the smallest. 0 for a
 * column of one value, or not on a grid, and for fewer than 16 points. O(nd log n) time.
 */
export function roundingSteps(points: NdArray): Float64Array {
  const [n, d] = points.shape;
  const steps = new Float64Array(d);
  if (n < FEWEST) return steps;
  const tolerance = coordinateRounding(points.data);
  return steps.map((_, k) => stepOf(points, k, tolerance));
}

function stepOf(points: NdArray, k: number, tolerance: number): number {
  const values = distinctValues(points, k, tolerance);
  const gaps = Array.from({ length: values.length - 1 }, (_, i) => values[i + 1] - values[i]);
  const step = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
  const whole = (gap: number) => {
    const ratio = gap / step;
    return (
      Math.abs(ratio - Math.round(ratio)) <= Math.min(0.1, (2 * tolerance * (1 + Math.round(ratio))) / step)
    );
  };
  return gaps.length > 0 && step > 64 * tolerance && gaps.every(whole) ? step : 0;
}

/**
 * The largest step of a cloud that is rounded in all columns that change; 0 for another, and for fewer than 16 points.
 * O(nd log n) time, O(nd) where the first column is not rounded.
 */
export function roundingOf(points: NdArray): number {
  const [n, d] = points.shape;
  if (n < FEWEST) return 0;
  const tolerance = coordinateRounding(points.data);
  const changes = (k: number) => {
    for (let i = 1; i < n; i++) if (points.data[i * d + k] !== points.data[k]) return true;
    return false;
  };
  let largest = 0;
  for (let k = 0; k < d; k++) {
    if (!changes(k)) continue;
    const step = stepOf(points, k, tolerance);
    if (step === 0) return 0;
    largest = Math.max(largest, step);
  }
  return largest;
}

/** Options of {@link jitter}. */
export interface JitterOptions extends Pick<CallOptions, 'seed' | 'dtype' | 'signal'> {
  /** Width of the noise, above 0, in every column. Default: the step of the grid that each column is on. */
  width?: number;
}

/**
 * Adds noise, uniform over the width of the rounding, to points that were rounded: estimators by nearest neighbours are for
 * continuous data, and take points that coincide for atoms. Rounding and then this noise change the density as little as
 * rounding itself; dropping the points that occur more than once would flatten it instead.
 *
 * @param points n × d. Left alone are columns that hold one value.
 * @returns n × d, a copy: each coordinate moved by less than half a width, by the seed.
 * @throws DEGENERATE_CLOUD where no width is given and a column that changes is on no grid (or has fewer than 16 points, too few
 *   to tell); EMPTY_CLOUD, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, ABORTED. O(nd log n) time.
 * @example const { value } = await nearestNeighbourEntropy(jitter(points, { seed: 1 }));
 */
export function jitter(points: NdArrayLike, options: JitterOptions = {}): NdArray {
  ({ points } = checkCall(SIGNATURES.jitter, { points, options }));
  const { n, d } = checkPoints(points, 'points');
  const { width } = options;
  if (width !== undefined && !(typeof width === 'number' && width > 0 && width < Infinity))
    throw invalidArgument('width', 'a finite number above 0', width);
  throwIfAborted(options.signal);
  const cloud = toDtype(points, options.dtype);
  const steps = width === undefined ? roundingSteps(cloud) : new Float64Array(d).fill(width);
  const noise = new Float64Array(n * d);
  new RandomStream(options.seed, 'noise').fillUniform(noise);
  const data = allocate(dtypeOf(cloud), n * d, 'points with noise');
  for (let k = 0; k < d; k++) {
    const constant = Array.from({ length: n }, (_, i) => i).every(
      (i) => cloud.data[i * d + k] === cloud.data[k],
    );
    if (!constant && steps[k] === 0) {
      throw new RidgeflowError(
        'DEGENERATE_CLOUD',
        `Expected values that were rounded to a grid for column ${k} of points but they are on none: give the width of the noise as \`width\``,
        { details: { parameter: 'points', column: k } },
      );
    }
    const scale = constant ? 0 : steps[k];
    for (let at = k; at < n * d; at += d) data[at] = cloud.data[at] + scale * (noise[at] - 0.5);
  }
  return { data, shape: [n, d] };
}
