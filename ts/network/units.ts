import { type NdArray, allocate, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Hidden units x ↦ η(a_j·x − b_j) of a shallow network. */
export interface Units {
  /** m × d. */
  readonly a: NdArray;
  /** m values. */
  readonly b: NdArray;
}

/** Options of {@link randomUnits}. */
export interface RandomUnitOptions {
  /** m. */
  width: number;
  /**
   * Range of the standard deviation of a_j·x over standardised data: small for units that are nearly linear there, large
   * for steep ones. Drawn between them, uniformly in its logarithm. Default [0.5, 4].
   */
  scale?: readonly [number, number];
  /** Default 0. */
  seed?: number;
}

/**
 * Units that know the data but not what is to be fitted: directions uniform over the data with each coordinate divided by
 * its standard deviation, each unit centred (a_j·x = b_j) at a random point of the data. The first units do not depend on
 * how many there are. O(nd + md) time, in float64 for float64 points.
 *
 * @param points n × d.
 * @throws INVALID_ARGUMENT, EMPTY_CLOUD, INVALID_SHAPE, DEGENERATE_CLOUD where all points are the same.
 */
export function randomUnits(points: NdArrayLike, options: RandomUnitOptions): Units {
  ({ points } = checkCall(SIGNATURES.randomUnits, { points, options }));
  const { width, scale = [0.5, 4], seed } = options;
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  checkInteger(width, 'width', 1, 2 ** 31);
  checkScale(scale);
  const [least, most] = scale;
  const deviations = columnDeviations(points);
  const alive = deviations.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  if (alive === 0) throw new RidgeflowError('DEGENERATE_CLOUD', `All ${n} points are the same`);
  const normals = new RandomStream(seed, 'directions');
  const uniforms = new RandomStream(seed, 'initial');
  const A = allocate(dtypeOf(points), width * d, 'units');
  const b = allocate(dtypeOf(points), width, 'units');
  const row = new Float64Array(d);
  for (let j = 0; j < width; j++) {
    normals.fillNormal(row, j * d);
    let square = 0;
    for (let c = 0; c < d; c++) if (deviations[c] > 0) square += row[c] ** 2;
    const size = least * (most / least) ** uniforms.uniform(2 * j);
    const factor = size / Math.sqrt(square);
    const at = Math.floor(uniforms.uniform(2 * j + 1) * n) * d;
    let centre = 0;
    for (let c = 0; c < d; c++) {
      A[j * d + c] = deviations[c] > 0 ? (factor * row[c]) / deviations[c] : 0;
      centre += A[j * d + c] * points.data[at + c];
    }
    b[j] = centre;
  }
  return { a: { data: A, shape: [width, d] }, b: { data: b, shape: [width] } };
}

/**
 * Units between pairs of points: a_j·x rises by a number from `scale` from one random point of the data to another, along
 * the line between them, and a_j·x = b_j somewhere between them. In many dimensions they look along directions that the
 * data have, where those of {@link randomUnits} mostly do not. The first units do not depend on how many there are.
 * O(md) time.
 *
 * @param points n × d.
 * @throws As randomUnits.
 *
 * Source: E. L. Bolager, I. Burak, C. Datar, Q. Sun, F. Dietrich, Sampling weights of deep neural networks, NeurIPS 2023.
 */
export function pairUnits(points: NdArrayLike, options: RandomUnitOptions): Units {
  ({ points } = checkCall(SIGNATURES.pairUnits, { points, options }));
  const { width, scale = [0.5, 4], seed } = options;
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  checkInteger(width, 'width', 1, 2 ** 31);
  checkScale(scale);
  const uniforms = new RandomStream(seed, 'initial');
  const { data } = points;
  const A = allocate(dtypeOf(points), width * d, 'units');
  const b = allocate(dtypeOf(points), width, 'units');
  for (let j = 0; j < width; j++) {
    // A position of the stream for every number that a unit may need, so that no unit depends on those before it.
    const first = 256 * j;
    const size = scale[0] * (scale[1] / scale[0]) ** uniforms.uniform(first);
    const share = uniforms.uniform(first + 1);
    let [from, to, square] = [0, 0, 0];
    for (let tried = 0; square === 0; tried++) {
      if (tried === 127)
        throw new RidgeflowError('DEGENERATE_CLOUD', `Nearly all of the ${n} points are the same`);
      from = Math.floor(uniforms.uniform(first + 2 + 2 * tried) * n) * d;
      to = Math.floor(uniforms.uniform(first + 3 + 2 * tried) * n) * d;
      for (let c = 0; c < d; c++) square += (data[to + c] - data[from + c]) ** 2;
    }
    let centre = 0;
    for (let c = 0; c < d; c++) {
      const difference = data[to + c] - data[from + c];
      A[j * d + c] = (size * difference) / square;
      centre += A[j * d + c] * (data[from + c] + share * difference);
    }
    b[j] = centre;
  }
  return { a: { data: A, shape: [width, d] }, b: { data: b, shape: [width] } };
}

/** Deviations of so many roundings are none. */
const ROUNDINGS = 4;

/** Throws INVALID_ARGUMENT unless it is a range of positive numbers. */
function checkScale([least, most]: readonly [number, number]): void {
  if (least > 0 && most >= least && Number.isFinite(most)) return;
  throw invalidArgument('scale', 'two finite numbers above 0, the smaller first', [least, most]);
}

/** Standard deviation of every column; 0 where it is a few roundings of the column's size, and says nothing. */
function columnDeviations(points: NdArray): Float64Array {
  const {
    data,
    shape: [n, d],
  } = points;
  const mean = new Float64Array(d);
  const square = new Float64Array(d);
  const largest = new Float64Array(d);
  for (let i = 0; i < data.length; i++) {
    mean[i % d] += (data[i] - data[i % d]) / n;
    largest[i % d] = Math.max(largest[i % d], Math.abs(data[i]));
  }
  for (let i = 0; i < data.length; i++) square[i % d] += (data[i] - data[i % d] - mean[i % d]) ** 2 / n;
  const rounding = ROUNDINGS * (dtypeOf(points) === 'float32' ? 2 ** -24 : 2 ** -53);
  return square.map((value, c) => (Math.sqrt(value) > rounding * largest[c] ? Math.sqrt(value) : 0));
}

/** The first `count` units. Shares their storage. */
export function firstUnits({ a, b }: Units, count: number): Units {
  const d = a.shape[1];
  return {
    a: { data: a.data.subarray(0, count * d), shape: [count, d] },
    b: { data: b.data.subarray(0, count), shape: [count] },
  };
}
