import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';

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

/** Above this the d × d covariance is not formed. */
const LARGEST_COVARIANCE = 1024;
const OVERSAMPLING = 8;
const POWER_ITERATIONS = 12;

/**
 * The first `count` principal components of a cloud, by the covariance's eigenvectors for d ≤ 1024 (O(nd² + d³) time),
 * by randomised subspace iteration above (O(ndk) time, O((n + d)k) memory).
 *
 * @param points n × d. `count` from 1 to d, default min(2, d).
 * @throws EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, ABORTED.
 *
 * Source of the randomised method: N. Halko, P.-G. Martinsson, J. A. Tropp, SIAM Review 53 (2011).
 */
export async function principalComponents(
  points: NdArray,
  options: CallOptions & { count?: number } = {},
): Promise<PrincipalComponents> {
  const { d } = checkPoints(points, 'points');
  const count = checkInteger(options.count ?? Math.min(2, d), 'count', 1, d);
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkFinite(kernels, cloud, 'points');
  return d <= LARGEST_COVARIANCE
    ? byCovariance(kernels, cloud, count, options)
    : bySubspaceIteration(kernels, cloud, count, options);
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

async function bySubspaceIteration(
  kernels: Kernels,
  points: NdArray,
  count: number,
  run: CallOptions,
): Promise<PrincipalComponents> {
  const [n, d] = points.shape;
  const size = Math.min(d, count + OVERSAMPLING);
  const pace = new Pace(run, POWER_ITERATIONS + 1);
  const { mean, centred, scale } = await centre(points, pace);
  const cloud: Matrix = { data: centred, rows: n, columns: d };
  const quiet = { signal: run.signal };
  const asRows = (basis: Float64Array): Matrix => ({
    data: centred instanceof Float64Array ? basis : Float32Array.from(basis),
    rows: size,
    columns: d,
  });

  let basis = new Float64Array(size * d);
  new RandomStream(run.seed, 'probe').fillNormal(basis);
  orthonormalise(basis, size, d);
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    const scores = await kernels.matmul({ a: asRows(basis), b: cloud, transposeB: true }, quiet);
    const a = { data: scores, rows: size, columns: n };
    basis = Float64Array.from(await kernels.matmul({ a, b: cloud }, quiet));
    orthonormalise(basis, size, d);
    await pace.tick(1);
  }
  const scores = await kernels.matmul({ a: cloud, b: asRows(basis), transposeB: true }, quiet);
  const { covariance } = await kernels.covariance({ data: scores, rows: n, columns: size }, quiet);
  const { values, vectors } = await kernels.symmetricEigen(covariance, size);
  const axes = new Float64Array(count * d);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      const weight = vectors[(size - 1 - i) * size + j];
      for (let k = 0; k < d; k++) axes[i * d + k] += weight * basis[j * d + k];
    }
  }
  pace.finish();
  const variances = Float64Array.from(
    { length: count },
    (_, i) => scale ** 2 * Math.max(0, values[size - 1 - i]),
  );
  return finish(mean, axes, variances, scale ** 2 * meanSquare(centred, n));
}

/**
 * The mean, and the points less their mean in units of their largest coordinate, so that squares neither overflow nor
 * vanish in float32.
 */
async function centre(
  points: NdArray,
  pace: Pace,
): Promise<{ mean: Float64Array; centred: FloatData; scale: number }> {
  const [n, d] = points.shape;
  // About the first point, so that the mean of equal points is that point exactly.
  const mean = new Float64Array(d);
  for (let i = 1; i < n; i++) {
    for (let k = 0; k < d; k++) mean[k] += (points.data[i * d + k] - points.data[k]) / n;
    await pace.tick(0);
  }
  for (let k = 0; k < d; k++) mean[k] += points.data[k];
  const centred = points.data.slice();
  let scale = 0;
  for (let i = 0; i < n; i++) {
    for (let k = i * d; k < (i + 1) * d; k++) {
      centred[k] -= mean[k - i * d];
      scale = Math.max(scale, Math.abs(centred[k]));
    }
    await pace.tick(0);
  }
  if (scale > 0) for (let k = 0; k < centred.length; k++) centred[k] /= scale;
  return { mean, centred, scale };
}

function meanSquare(values: FloatData, n: number): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum / n;
}

/**
 * Gram and Schmidt's process on rows, in place. A row that depends on those before it is replaced by what a coordinate
 * axis adds to them.
 */
function orthonormalise(rows: Float64Array, count: number, d: number): void {
  let axis = 0;
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * d, (i + 1) * d);
    while (!normaliseApart(row, rows, i)) row.fill(0)[axis++] = 1;
  }
}

/** Takes the first `count` of the orthonormal `rows` out of `row`, twice, and norms it; false where nothing is left. */
function normaliseApart(row: Float64Array, rows: Float64Array, count: number): boolean {
  const d = row.length;
  const before = length(row);
  for (let pass = 0; pass < 2; pass++) {
    for (let j = 0; j < count; j++) {
      const other = rows.subarray(j * d, (j + 1) * d);
      let dot = 0;
      for (let k = 0; k < d; k++) dot += row[k] * other[k];
      for (let k = 0; k < d; k++) row[k] -= dot * other[k];
    }
  }
  const after = length(row);
  if (!(after > 1e-12 * before)) return false;
  for (let k = 0; k < d; k++) row[k] /= after;
  return true;
}

function length(row: Float64Array): number {
  return Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
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
