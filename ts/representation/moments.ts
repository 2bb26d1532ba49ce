import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import { placeOf } from '../kernel/whole.js';
import { orientAxes } from '../linalg/principal-components.js';
import type { Kernels, Matrix } from '../kernel/contract.js';

/** The first two moments of a cloud, which several measures are made of. */
export interface CloudMoments {
  /** Of the parameter, for messages. */
  readonly name: string;
  readonly kernels: Kernels;
  /** The points; over ranks this rank's. */
  readonly cloud: Matrix;
  /** How many there are, over ranks those of all. */
  readonly n: number;
  readonly mean: Float64Array;
  /**
   * The second moments about the mean over the shorter side, divided by n: the covariance, d × d, or where d > n the n × n
   * matrix of inner products, which has the same eigenvalues but zeros. Over ranks always the covariance.
   */
  readonly matrix: Float64Array;
  readonly size: number;
  /** Mean squared distance from the mean, the trace of the matrix. */
  readonly variance: number;
}

/** Eigenvalues and eigenvectors of {@link CloudMoments.matrix}. */
export interface CloudSpectrum {
  /** Descending, none below 0. */
  readonly values: Float64Array;
  /** As rows, ascending. */
  readonly vectors: Float64Array;
}

/**
 * Measures a cloud of at least `minimum` points. O(ndm) time and O(m² + nm) memory with m = min(n, d).
 *
 * @throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE (also where squares overflow), DEGENERATE_CLOUD where all points coincide,
 * UNSUPPORTED, ABORTED.
 */
export async function cloudMoments(
  points: NdArray,
  options: CallOptions,
  { name = 'points', minimum = 2 } = {},
): Promise<CloudMoments> {
  const { n: own, d } = checkPoints(points, name, { minimum: 0 });
  const converted = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(converted), 'spread');
  const { total: n } = await placeOf(kernels, own, name, minimum);
  checkSquarable(kernels, converted, name);
  const cloud = asMatrix(converted);
  const short = d > n && kernels.ranks.size === 1;
  const { mean, matrix } = await (short ? innerProducts : covariance)(kernels, cloud, options);
  const size = short ? n : d;
  let variance = 0;
  for (let k = 0; k < size; k++) variance += matrix[k * size + k];
  if (variance > 0 && variance < Infinity) return { name, kernels, cloud, n, mean, matrix, size, variance };
  const details = { parameter: name };
  throw variance === 0
    ? new RidgeflowError('DEGENERATE_CLOUD', `Expected points that differ in ${name} but all coincide`, {
        details,
      })
    : new RidgeflowError(
        'NON_FINITE',
        `Expected points in ${name} whose squares are finite but they overflow: scale the points`,
        { details },
      );
}

/** The eigenvalues, the min(n, d) largest, and eigenvectors of the second moments. O(m³) time. */
export async function spectrumOf({ kernels, matrix, size, n }: CloudMoments): Promise<CloudSpectrum> {
  const { values, vectors } = await kernels.symmetricEigen(matrix, size);
  return {
    values: values
      .map((value) => Math.max(value, 0))
      .reverse()
      .slice(0, n),
    vectors,
  };
}

/**
 * The orthonormal axes of largest variance as rows, at most `count` and m, the largest coordinate of each positive; zero
 * where there is no variance left. O(count·md) time.
 */
export function leadingAxes(
  { cloud, mean, size }: CloudMoments,
  { values, vectors }: CloudSpectrum,
  count: number,
): Float64Array {
  const d = cloud.columns;
  const axes = new Float64Array(Math.min(count, size) * d);
  for (let start = 0, a = 0; start < axes.length; start += d, a++) {
    const vector = vectors.subarray((size - 1 - a) * size, (size - a) * size);
    if (size === d) {
      axes.set(vector, start);
      continue;
    }
    // It weighs the rows: their sum lies along the axis.
    const scale = values[a] > 0 ? 1 / Math.sqrt(size * values[a]) : 0;
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < d; k++) axes[start + k] += scale * vector[i] * (cloud.data[i * d + k] - mean[k]);
    }
  }
  orientAxes(axes, d);
  return axes;
}

/** The rows about their mean, at a mean squared length of 1, so that squares of squares neither overflow nor vanish. */
export async function unitRows(
  { kernels, cloud, mean, variance }: CloudMoments,
  run: CallOptions,
): Promise<Matrix> {
  const factor = 1 / Math.sqrt(variance);
  const data = await kernels.centredRows({ points: cloud, centre: mean, factor }, { signal: run.signal });
  return { ...cloud, data };
}

async function covariance(kernels: Kernels, cloud: Matrix, run: CallOptions) {
  const { mean, covariance: matrix } = await kernels.covariance(cloud, { signal: run.signal });
  return { mean, matrix };
}

async function innerProducts(kernels: Kernels, cloud: Matrix, { signal }: CallOptions) {
  const n = cloud.rows;
  const mean = meanOf(cloud);
  throwIfAborted(signal);
  const data = await kernels.centredRows({ points: cloud, centre: mean }, { signal });
  const a = { ...cloud, data };
  const products: FloatData = await kernels.matmul({ a, b: a, transposeB: true }, { signal });
  return { mean, matrix: Float64Array.from(products, (value) => value / n) };
}

/** In float64, about the first point, so that the mean of equal points is that point exactly. */
function meanOf({ data, rows, columns: d }: Matrix): Float64Array {
  const sum = new Float64Array(d);
  for (let i = 1; i < rows; i++) for (let k = 0; k < d; k++) sum[k] += data[i * d + k] - data[k];
  return sum.map((value, k) => data[k] + value / rows);
}
