import { type FloatData, type NdArray, allocate, checkPoints, dtypeOf } from '../core/array.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import type { Kernels } from '../kernel/contract.js';
import { asMatrix } from '../kernel/checks.js';

/** The given rows (all of them by default) less `centre`, as a new array of the same dtype. */
export function centredRows(points: NdArray, centre: Float64Array, rows?: ArrayLike<number>): FloatData {
  const d = centre.length;
  const count = rows ? rows.length : points.shape[0];
  const out = allocate(dtypeOf(points), count * d, 'a centred copy');
  for (let i = 0; i < count; i++) {
    const start = (rows ? rows[i] : i) * d;
    for (let k = 0; k < d; k++) out[i * d + k] = points.data[start + k] - centre[k];
  }
  return out;
}

/** Mean of the points in float64. O(nd). */
export function meanOf(points: NdArray): Float64Array {
  const { n, d } = checkPoints(points, 'points');
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) mean[k] += points.data[i * d + k];
  return mean.map((sum) => sum / n);
}

/**
 * The second moments of centred rows over the shorter side, divided by n, in float64: d × d, or where d > n the n × n
 * matrix of inner products, which has the same eigenvalues but zeros.
 */
export async function secondMoments(
  kernels: Kernels,
  points: NdArray,
  options: CallOptions,
): Promise<{ matrix: Float64Array; size: number }> {
  const { n, d } = checkPoints(points, 'points');
  if (d <= n) {
    const { covariance } = await kernels.covariance(asMatrix(points), options);
    return { matrix: covariance, size: d };
  }
  const a = { data: centredRows(points, meanOf(points)), rows: n, columns: d };
  throwIfAborted(options.signal);
  const products = await kernels.matmul({ a, b: a, transposeB: true }, options);
  return { matrix: Float64Array.from(products, (value) => value / n), size: n };
}
