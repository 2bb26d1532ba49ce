import { type NdArray, allocate, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger } from '../core/options.js';
import { RandomStream } from '../core/random.js';

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
export function randomUnits(points: NdArray, { width, scale = [0.5, 4], seed }: RandomUnitOptions): Units {
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  checkInteger(width, 'width', 1, 2 ** 31);
  const [least, most] = scale;
  if (!(least > 0 && most >= least && Number.isFinite(most)))
    throw invalidArgument('scale', 'two finite numbers above 0, the smaller first', scale);
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

/** Standard deviation of every column. */
function columnDeviations({ data, shape: [n, d] }: NdArray): Float64Array {
  const mean = new Float64Array(d);
  const square = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] += (data[i] - data[i % d]) / n;
  for (let i = 0; i < data.length; i++) square[i % d] += (data[i] - data[i % d] - mean[i % d]) ** 2 / n;
  return square.map(Math.sqrt);
}

/** The first `count` units. Shares their storage. */
export function firstUnits({ a, b }: Units, count: number): Units {
  const d = a.shape[1];
  return {
    a: { data: a.data.subarray(0, count * d), shape: [count, d] },
    b: { data: b.data.subarray(0, count), shape: [count] },
  };
}
