import { type FloatData, type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkPositive } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import type { Share } from '../kernel/contract/shares.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { DEFAULT_TOLERANCE } from '../measure/tolerance.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Queries that the rule looks at; the mean over so many is steady to about a percent. */
const QUERIES = 1000;
/** Some of them, to come near the answer. */
const FEW_QUERIES = 100;
/** Precision of log s from the few queries, and of the answer. */
const NEAR = 0.02;
const PRECISION = 1e-3;
/** Total noise by default, as a share of the smoothing variance: four fifths of the time that is always free of collapse. */
const NOISE_SHARE = 0.4;

/**
 * The smoothing variance s that the data suggest: the one at which a point's posterior weights
 * w_i ∝ exp(−|x − x_i|²/2s) spread over n^{2/3} points, measured as the exponential of their mean Shannon entropy
 * ("perplexity"). n^{2/3} is how the number of points under an optimal kernel grows in the plane. The rule scales as
 * the square of the data's unit and does not depend on its origin. Where m points coincide with a point on (geometric)
 * average, it is applied to the distinct ones: the weights spread over m(n/m)^{2/3} points.
 *
 * @throws EMPTY_CLOUD for fewer than 2 points, DEGENERATE_CLOUD where all points coincide, NON_FINITE, INVALID_SHAPE,
 *   INVALID_DTYPE, INVALID_ARGUMENT, UNSUPPORTED, ABORTED.
 *
 * Some passes of 100 queries over the cloud, and a few of 1000: O(nd) time.
 */
export async function defaultSmoothing(points: NdArrayLike, options: CallOptions = {}): Promise<number> {
  ({ points } = checkCall(SIGNATURES.defaultSmoothing, { points, options }));
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0 });
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud), 'spread');
  const share = await placeOf(kernels, own, 'points', 2);
  const { total: n } = share;
  checkFinite(kernels, cloud, 'points');
  const scale = await totalVariance(kernels, cloud, share);
  if (scale === 0) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected points that differ, but all ${n} points are the same`,
    );
  }
  const chosen = n > QUERIES ? new RandomStream(options.seed, 'subsample').choose(n, QUERIES) : undefined;
  const queries = chosen ? rowsAmong(cloud, chosen, share) : asMatrix(cloud);
  // Entropy less the target, as a function of log s, by so many queries. The entropy of the weights grows with s, from the
  // coincident points' (0 where there are none) to log n (all alike).
  const excessBy = async (some: Matrix) => {
    const least = await meanLogMultiplicity(kernels, some, asMatrix(cloud));
    const target = least + (2 / 3) * (Math.log(n) - least);
    return async (logSmoothing: number) =>
      (await weightEntropy(kernels, some, { cloud, n }, Math.exp(logSmoothing), options)) - target;
  };
  let near = Math.log(scale / d);
  let step = 2;
  if (n > 2 * FEW_QUERIES) {
    const first = chosen?.subarray(0, FEW_QUERIES) ?? Int32Array.from({ length: FEW_QUERIES }, (_, i) => i);
    near = await rootNear(await excessBy(rowsAmong(cloud, first, share)), near, step, NEAR);
    step = 5 * NEAR;
  }
  return Math.exp(await rootNear(await excessBy(queries), near, step, PRECISION));
}

/**
 * Where a growing function passes 0, to a precision: bracketed by growing steps from a start, then by T. R. Chandrupatla's
 * method (Advances in Engineering Software 28 (1997)), which interpolates where that is safe and bisects elsewhere. Far
 * outside of what a smoothing may be (80 below the start, 10 above) the search ends.
 */
async function rootNear(
  valueAt: (x: number) => Promise<number>,
  start: number,
  step: number,
  precision: number,
): Promise<number> {
  let a = start;
  let valueA = await valueAt(a);
  let b = a;
  let valueB = valueA;
  const direction = valueA < 0 ? 1 : -1;
  for (let width = step; valueB < 0 === direction > 0; width *= 1.6) {
    if (b < start - 80 || b > start + 10) return b;
    [a, valueA] = [b, valueB];
    b += direction * width;
    valueB = await valueAt(b);
  }
  let share = valueA / (valueA - valueB);
  while (Math.abs(b - a) > precision) {
    // Away from the ends, so that the bracket is closed from both sides.
    const least = (0.4 * precision) / Math.abs(b - a);
    const x = a + Math.min(1 - least, Math.max(least, share)) * (b - a);
    const value = await valueAt(x);
    const [c, valueC] = value < 0 === valueA < 0 ? [a, valueA] : [b, valueB];
    if (value < 0 !== valueA < 0) [b, valueB] = [a, valueA];
    [a, valueA] = [x, value];
    const xi = (a - b) / (c - b);
    const phi = (valueA - valueB) / (valueC - valueB);
    const smooth = phi ** 2 < xi && (1 - phi) ** 2 < 1 - xi;
    share = smooth
      ? (valueA / (valueB - valueA)) * (valueC / (valueB - valueC)) +
        ((c - a) / (b - a)) * (valueA / (valueC - valueA)) * (valueB / (valueC - valueB))
      : 0.5;
  }
  return (a + b) / 2;
}

/** The total noise variance T by default: 0.4 times the smoothing variance. No measure collapses before half of it. */
export function defaultNoise(smoothing: number): number {
  return NOISE_SHARE * checkPositive(smoothing, 'smoothing');
}

/** Sum of the columns' variances; exactly 0 where all points coincide. */
async function totalVariance(
  kernels: Kernels,
  { data, shape: [own, d] }: NdArray,
  { first, total: n }: Share,
): Promise<number> {
  // About the first point: coincident points then have no rounding error to differ by.
  const origin = await kernels.sumOverRanks(
    first === 0 && own > 0 ? data.subarray(0, d) : new Float64Array(d),
  );
  let mean: Float64Array = new Float64Array(d);
  for (let i = 0; i < own; i++) {
    for (let k = 0; k < d; k++) mean[k] += (data[i * d + k] - origin[k]) / n;
  }
  mean = await kernels.sumOverRanks(mean);
  let total = 0;
  for (let i = 0; i < own; i++) {
    for (let k = 0; k < d; k++) total += (data[i * d + k] - origin[k] - mean[k]) ** 2 / n;
  }
  return (await totalsOf(kernels, total))[0];
}

/** Of chosen rows of the whole cloud those that are among these, from row `first` on. */
function rowsAmong(points: NdArray, chosen: Int32Array, { first }: Share): Matrix {
  const own = chosen.filter((row) => row >= first && row < first + points.shape[0]);
  return asMatrix(
    takeRows(
      points,
      own.map((row) => row - first),
    ),
  );
}

/** Mean over the queries, which are among the points, of log m, with m how many points coincide with the query. */
async function meanLogMultiplicity(kernels: Kernels, queries: Matrix, points: Matrix): Promise<number> {
  if (kernels.ranks.size > 1) {
    const radii = allocate(dtypeOf(points), queries.rows);
    const counts = await kernels.countWithin({ queries, points, radii });
    const [sum, rows] = await totalsOf(
      kernels,
      counts.reduce((logs, count) => logs + Math.log(count), 0),
      queries.rows,
    );
    return sum / rows;
  }
  const d = points.columns;
  const rowOf = ({ data }: Matrix, i: number) => data.subarray(i * d, (i + 1) * d);
  // Equal rows have equal sums, and few others have.
  const groups = new Map<number, { row: FloatData; queries: number; points: number }[]>();
  const groupOf = (row: FloatData) => {
    let sum = 0;
    for (const value of row) sum += value;
    const candidates = groups.get(sum) ?? [];
    return {
      sum,
      candidates,
      group: candidates.find((group) => row.every((value, k) => value === group.row[k])),
    };
  };
  for (let i = 0; i < queries.rows; i++) {
    const row = rowOf(queries, i);
    const { sum, candidates, group } = groupOf(row);
    if (group) group.queries++;
    else groups.set(sum, [...candidates, { row, queries: 1, points: 0 }]);
  }
  for (let i = 0; i < points.rows; i++) {
    const { group } = groupOf(rowOf(points, i));
    if (group) group.points++;
  }
  const logs = [...groups.values()].flat().map((group) => group.queries * Math.log(group.points));
  return logs.reduce((a, b) => a + b, 0) / queries.rows;
}

/** Mean Shannon entropy of the posterior weights of the queries, in nats, from what the score kernel returns. */
async function weightEntropy(
  kernels: Kernels,
  queries: Matrix,
  { cloud, n }: { cloud: NdArray; n: number },
  variance: number,
  { signal }: CallOptions,
): Promise<number> {
  const { rows, columns: d } = queries;
  const { mean, logDensity, divergence } = await kernels.score(
    {
      queries,
      centres: asMatrix(cloud),
      variance,
      tolerance: DEFAULT_TOLERANCE[dtypeOf(queries)],
      want: { mean: true, logDensity: true, divergence: true },
    },
    { signal },
  );
  const logNormaliser = Math.log(n) + (d / 2) * Math.log(2 * Math.PI * variance);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    let shift = 0;
    for (let k = 0; k < d; k++) shift += (mean![i * d + k] - queries.data[i * d + k]) ** 2;
    // Σ w |x − x_i|² = the trace of the posterior covariance + |mean − x|².
    const squaredDistance = variance * (variance * divergence![i] + d) + shift;
    sum += logDensity![i] + logNormaliser + squaredDistance / (2 * variance);
  }
  const [entropy, count] = await totalsOf(kernels, sum, rows);
  return entropy / count;
}
