import { type FloatData, type NdArray, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Samples } from './samples.js';

/** A cloud seen from its mean along the axes of its covariance. */
export interface PrincipalCoordinates {
  /** n × d, of this rank's rows; with `whiten` of variance 1 along every axis. */
  coordinates: NdArray;
  /** Variances of the cloud (divided by n) along the axes, ascending, before whitening. */
  variances: Float64Array;
}

/** Throws DEGENERATE_CLOUD where the cloud is flat to working precision in some direction. O(nd² + d³) time, O(nd) memory. */
export async function principalCoordinates(
  { kernels, points, d, dtype }: Samples,
  { whiten, signal }: { whiten: boolean } & Pick<CallOptions, 'signal'>,
): Promise<PrincipalCoordinates> {
  const { mean, covariance } = await kernels.covariance(asMatrix(points), { signal });
  const { values, vectors } = await kernels.symmetricEigen(covariance, d);
  const rounding = (dtype === 'float64' ? 2 ** -53 : 2 ** -24) ** 2 + d * Number.EPSILON;
  if (!(values[0] > rounding * values[d - 1])) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected points that are spread in all ${d} dimensions but in some direction their variance is ` +
        `${Number(Math.max(0, values[0]).toPrecision(3))}: leave out columns that never change or that others determine`,
      { details: { smallestVariance: values[0] } },
    );
  }
  const n = points.shape[0];
  const centred = allocate(dtype, n * d, 'centred points');
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) centred[i * d + k] = points.data[i * d + k] - mean[k];
  }
  const axes = allocate(dtype, d * d, 'axes');
  for (let k = 0; k < d; k++) {
    const scale = whiten ? 1 / Math.sqrt(values[k]) : 1;
    for (let l = 0; l < d; l++) axes[k * d + l] = scale * vectors[k * d + l];
  }
  if (n === 0) return { coordinates: { data: centred, shape: [0, d] }, variances: values };
  const data: FloatData = await kernels.matmul(
    { a: { data: centred, rows: n, columns: d }, b: { data: axes, rows: d, columns: d }, transposeB: true },
    { signal },
  );
  return { coordinates: { data, shape: [n, d] }, variances: values };
}
