import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { length, orthonormalise } from './orthonormal.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Directions of largest variance of a cloud. */
export interface PrincipalComponents {
  /** Mean of the points, d values. */
  mean: Float64Array;
  /** Orthonormal axes as rows, count × d, by falling variance. The largest coordinate of each is positive. */
  axes: Float64Array;
  /** Variance along each axis. */
  variances: Float64Array;
  /** Share of the total variance along each axis; 0 where the cloud has none. */
  explained: Float64Array;
}

/** Up to this shorter side all eigenvectors are found at once, whatever the count. */
const LARGEST_SIDE = 1024;
/** Of fewer components than this share of the shorter side, subspace iteration is faster above. */
const SMALL_SHARE = 1 / 8;
const OVERSAMPLING = 8;
const POWER_ITERATIONS = 12;

/**
 * The first `count` principal components of a cloud, k below. With m = min(n, d) at most 1024, or k at least m/8, by all
 * eigenvectors of the covariance or, where n < d and d > 1024, of the n × n matrix of inner products: O(ndm + m³ + dk²) time,
 * O(nd + m²) memory. Otherwise by randomised subspace iteration: O((n + k)dk) time, O((n + d)k) memory.
 *
 * @param points n × d. `count` from 1 to d, default min(2, d): beyond the rank of the cloud the axes complete an orthonormal
 *   set, with variance 0. Over ranks n is that of all, the axes are the same on every rank, and nothing of size n × n is made: with
 *   d > 1024 and n < d it takes O(nd² + d³) time and O(d²) memory unless k is below m/8.
 * @throws EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, ABORTED.
 *
 * Source of the randomised method: N. Halko, P.-G. Martinsson, J. A. Tropp, SIAM Review 53 (2011).
 */
export async function principalComponents(
  points: NdArrayLike,
  options: CallOptions & { count?: number } = {},
): Promise<PrincipalComponents> {
  ({ points } = checkCall(SIGNATURES.principalComponents, { points, options }));
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0 });
  const count = checkInteger(options.count ?? Math.min(2, d), 'count', 1, d);
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud), 'spread');
  const { total: n } = await placeOf(kernels, own, 'points');
  checkSquarable(kernels, cloud, 'points');
  const side = Math.min(n, d);
  if (d > LARGEST_SIDE && side > LARGEST_SIDE && count < SMALL_SHARE * side) {
    return bySubspaceIteration(kernels, cloud, count, options);
  }
  return d > LARGEST_SIDE && n < d && kernels.ranks.size === 1
    ? byInnerProducts(kernels, cloud, count, options)
    : byCovariance(kernels, cloud, count, options);
}

async function byCovariance(
  kernels: Kernels,
  points: NdArray,
  count: number,
  run: CallOptions,
): Promise<PrincipalComponents> {
  const d = points.shape[1];
  const { mean, covariance } = await kernels.covariance(asMatrix(points), run);
  const { values, vectors } = await kernels.symmetricEigen(covariance, d);
  const variances = Float64Array.from({ length: count }, (_, i) => Math.max(0, values[d - 1 - i]));
  const axes = new Float64Array(count * d);
  for (let i = 0; i < count; i++) axes.set(vectors.subarray((d - 1 - i) * d, (d - i) * d), i * d);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return finish(mean, axes, variances, total);
}

async function byInnerProducts(
  kernels: Kernels,
  points: NdArray,
  count: number,
  run: CallOptions,
): Promise<PrincipalComponents> {
  const [n, d] = points.shape;
  const pace = new Pace(run, 1);
  const { mean, centred, scale } = await centre(kernels, points, pace);
  const data = kernels.dtypes.includes('float64') ? Float64Array.from(centred) : centred;
  const cloud: Matrix = { data, rows: n, columns: d };
  const quiet = { signal: run.signal };
  const products = await kernels.matmul({ a: cloud, b: cloud, transposeB: true }, quiet);
  const { values, vectors } = await kernels.symmetricEigen(Float64Array.from(products), n);
  // An eigenvector weighs the points: their sum lies along the axis. The last is of the points about their mean: 0.
  const least = 4 * (isFloat64Array(data) ? 2 ** -53 : 2 ** -24) * values[n - 1];
  let rank = 0;
  while (rank < Math.min(count, n - 1) && values[n - 1 - rank] > least) rank += 1;
  const axes = new Float64Array(count * d);
  const variances = new Float64Array(count);
  if (rank > 0) {
    const weights = vectors.slice((n - rank) * n);
    const part = isFloat64Array(data) ? weights : Float32Array.from(weights);
    const sums = await kernels.matmul({ a: { data: part, rows: rank, columns: n }, b: cloud }, quiet);
    for (let i = 0; i < rank; i++) {
      const axis = axes.subarray(i * d, (i + 1) * d);
      axis.set(sums.subarray((rank - 1 - i) * d, (rank - i) * d));
      variances[i] = Math.min((scale * length(axis)) ** 2 / n, i > 0 ? variances[i - 1] : Infinity);
    }
  }
  leastCovered(axes, rank, count, d).forEach((k, i) => (axes[(rank + i) * d + k] = 1));
  await orthonormalise(kernels, axes, count, d, pace, quiet);
  await pace.finish();
  return finish(mean, axes, variances, scale ** 2 * (await meanSquare(kernels, centred, n)));
}

/** The count − rank coordinates that the first `rank` axes say least about: with these the axes are completed. */
function leastCovered(axes: Float64Array, rank: number, count: number, d: number): number[] {
  const cover = new Float64Array(d);
  for (let i = 0; i < rank; i++) {
    const axis = axes.subarray(i * d, (i + 1) * d);
    const norm = length(axis);
    for (let k = 0; k < d; k++) cover[k] += (axis[k] / norm) ** 2;
  }
  const order = Array.from(cover, (_, k) => k).sort((a, b) => cover[a] - cover[b] || a - b);
  return order.slice(0, count - rank);
}

async function bySubspaceIteration(
  kernels: Kernels,
  points: NdArray,
  count: number,
  run: CallOptions,
): Promise<PrincipalComponents> {
  const [n, d] = points.shape;
  const size = Math.min(d, count + OVERSAMPLING);
  const pace = new Pace(run, POWER_ITERATIONS + 1);
  const { mean, centred, scale } = await centre(kernels, points, pace);
  const cloud: Matrix = { data: centred, rows: n, columns: d };
  const quiet = { signal: run.signal };
  const asRows = (basis: Float64Array): Matrix => ({
    data: isFloat64Array(centred) ? basis : Float32Array.from(basis),
    rows: size,
    columns: d,
  });

  let basis: Float64Array = new Float64Array(size * d);
  new RandomStream(run.seed, 'probe').fillNormal(basis);
  await orthonormalise(kernels, basis, size, d, pace, quiet);
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    basis = await kernels.sumOverRanks(await powerStep(kernels, asRows(basis), cloud, quiet));
    await orthonormalise(kernels, basis, size, d, pace, quiet);
    await pace.tick(1);
  }
  const b = asRows(basis);
  const scores = n > 0 ? await kernels.matmul({ a: cloud, b, transposeB: true }, quiet) : centred;
  const { covariance } = await kernels.covariance({ data: scores, rows: n, columns: size }, quiet);
  const { values, vectors } = await kernels.symmetricEigen(covariance, size);
  const axes = new Float64Array(count * d);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      const weight = vectors[(size - 1 - i) * size + j];
      for (let k = 0; k < d; k++) axes[i * d + k] += weight * basis[j * d + k];
    }
  }
  await pace.finish();
  const variances = Float64Array.from(
    { length: count },
    (_, i) => scale ** 2 * Math.max(0, values[size - 1 - i]),
  );
  return finish(mean, axes, variances, scale ** 2 * (await meanSquare(kernels, centred, n)));
}

/** basis · XᵀX of this rank's rows X. */
async function powerStep(
  kernels: Kernels,
  basis: Matrix,
  cloud: Matrix,
  run: RunControl,
): Promise<ArrayLike<number>> {
  if (cloud.rows === 0) return new Float64Array(basis.rows * basis.columns);
  const scores = await kernels.matmul({ a: basis, b: cloud, transposeB: true }, run);
  return kernels.matmul({ a: { data: scores, rows: basis.rows, columns: cloud.rows }, b: cloud }, run);
}

/**
 * The mean, and the points less their mean in units of their largest coordinate, so that squares neither overflow nor
 * vanish in float32.
 */
async function centre(
  kernels: Kernels,
  points: NdArray,
  pace: Pace,
): Promise<{ mean: Float64Array; centred: FloatData; scale: number }> {
  const [n, d] = points.shape;
  const { first, total } = await placeOf(kernels, n, 'points');
  // About the first point, so that the mean of equal points is that point exactly.
  const origin = await kernels.sumOverRanks(
    first === 0 && n > 0 ? points.data.subarray(0, d) : new Float64Array(d),
  );
  let mean: Float64Array = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) mean[k] += (points.data[i * d + k] - origin[k]) / total;
    await pace.tick(0);
  }
  mean = (await kernels.sumOverRanks(mean)).map((value, k) => value + origin[k]);
  const centred = points.data.slice();
  let scale = 0;
  for (let i = 0; i < n; i++) {
    for (let k = i * d; k < (i + 1) * d; k++) {
      centred[k] -= mean[k - i * d];
      scale = Math.max(scale, Math.abs(centred[k]));
    }
    await pace.tick(0);
  }
  [scale] = await kernels.largestOverRanks([scale]);
  if (scale > 0) for (let k = 0; k < centred.length; k++) centred[k] /= scale;
  return { mean, centred, scale };
}

/** The mean over the rows of all ranks, of which this one has n, of the square of a row. */
async function meanSquare(kernels: Kernels, values: FloatData, n: number): Promise<number> {
  let sum = 0;
  for (const value of values) sum += value * value;
  const [squares, total] = await totalsOf(kernels, sum, n);
  return squares / total;
}

function finish(
  mean: Float64Array,
  axes: Float64Array,
  variances: Float64Array,
  total: number,
): PrincipalComponents {
  orientAxes(axes, mean.length);
  return {
    mean,
    axes,
    variances,
    explained: variances.map((variance) => (total > 0 ? variance / total : 0)),
  };
}

/** Makes the largest coordinate of each axis, a row of d, positive: the answer then does not depend on the eigenvalue routine. */
export function orientAxes(axes: Float64Array, d: number): void {
  for (let start = 0; start < axes.length; start += d) {
    const axis = axes.subarray(start, start + d);
    const largest = axis.reduce(
      (best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best),
      0,
    );
    if (largest < 0) for (let k = 0; k < d; k++) axis[k] = -axis[k];
  }
}
