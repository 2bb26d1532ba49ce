import { type NdArray, checkPoints, dtypeOf } from '../core/array.js';
import { type CallOptions, checkInteger, throwIfAborted } from '../core/options.js';
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
 * @throws EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT.
 *
 * Source of the randomised method: N. Halko, P.-G. Martinsson, J. A. Tropp, SIAM Review 53 (2011).
 */
export async function principalComponents(
  points: NdArray,
  options: CallOptions & { count?: number } = {},
): Promise<PrincipalComponents> {
  const { d } = checkPoints(points, 'points');
  const count = checkInteger(options.count ?? Math.min(2, d), 'count', 1, d);
  const kernels = await kernelsFor(options, dtypeOf(points));
  checkFinite(kernels, points, 'points');
  return d <= LARGEST_COVARIANCE
    ? byCovariance(kernels, points, count, options)
    : bySubspaceIteration(kernels, points, count, options);
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
  const size = Math.min(d, n, count + OVERSAMPLING);
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) mean[k] += points.data[i * d + k] / n;
  const centred = points.data.slice();
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) centred[i * d + k] -= mean[k];
  const cloud: Matrix = { data: centred, rows: n, columns: d };
  let total = 0;
  for (const value of centred) total += (value * value) / n;

  let basis = new Float64Array(size * d);
  new RandomStream(run.seed, 'probe').fillNormal(basis);
  orthonormalise(basis, size, d);
  for (let iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
    throwIfAborted(run.signal);
    const rows = {
      data: centred instanceof Float64Array ? basis : Float32Array.from(basis),
      rows: size,
      columns: d,
    };
    const scores = await kernels.matmul({ a: rows, b: cloud, transposeB: true }, { signal: run.signal });
    const product = await kernels.matmul(
      { a: { data: scores, rows: size, columns: n }, b: cloud },
      { signal: run.signal },
    );
    basis = Float64Array.from(product);
    orthonormalise(basis, size, d);
    run.onProgress?.((iteration + 1) / POWER_ITERATIONS);
  }
  const rows = {
    data: centred instanceof Float64Array ? basis : Float32Array.from(basis),
    rows: size,
    columns: d,
  };
  const scores = await kernels.matmul({ a: rows, b: cloud, transposeB: true }, { signal: run.signal });
  const spread = await spreadOf(kernels, scores, size, n);
  const axes = new Float64Array(count * d);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      const weight = spread.vectors[(size - 1 - i) * size + j];
      for (let k = 0; k < d; k++) axes[i * d + k] += weight * basis[j * d + k];
    }
  }
  const variances = Float64Array.from({ length: count }, (_, i) => Math.max(0, spread.values[size - 1 - i]));
  return finish(mean, axes, variances, total);
}

/** Eigenvalues and eigenvectors of the second moments of a few rows of scores. */
function spreadOf(kernels: Kernels, scores: ArrayLike<number>, size: number, n: number) {
  const moments = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += scores[i * n + k] * scores[j * n + k];
      moments[i * size + j] = moments[j * size + i] = sum / n;
    }
  }
  return kernels.symmetricEigen(moments, size);
}

/** Gram and Schmidt's process on rows, twice, in place. A row that vanishes stays zero. */
function orthonormalise(rows: Float64Array, count: number, d: number): void {
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * d, (i + 1) * d);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = rows.subarray(j * d, (j + 1) * d);
        let dot = 0;
        for (let k = 0; k < d; k++) dot += row[k] * other[k];
        for (let k = 0; k < d; k++) row[k] -= dot * other[k];
      }
      const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      if (length > 0) for (let k = 0; k < d; k++) row[k] /= length;
    }
  }
}

/** Fixes the sign of each axis, so that the answer does not depend on the eigenvalue routine. */
function finish(
  mean: Float64Array,
  axes: Float64Array,
  variances: Float64Array,
  total: number,
): PrincipalComponents {
  const d = mean.length;
  for (let i = 0; i < variances.length; i++) {
    const axis = axes.subarray(i * d, (i + 1) * d);
    const largest = axis.reduce(
      (best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best),
      0,
    );
    if (largest < 0) for (let k = 0; k < d; k++) axis[k] = -axis[k];
  }
  return {
    mean,
    axes,
    variances,
    explained: variances.map((variance) => (total > 0 ? variance / total : 0)),
  };
}
