import { type DType, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { GaussianMixture } from '../measure/mixture.js';
import { type RidgeUnits, checkPair, checkUnits } from './arguments.js';
import { type RidgeletTransformOptions, factorOf } from './transform.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * The ridgelet transform of the density of a Gaussian or mixture, in closed form: a·x is normal under each component,
 * with mean a·m_k and variance aᵀΣ_k a, and the expectation of a Gaussian's derivative is one again.
 *
 * @param measure Made by gaussian, gaussianMixture or smoothed.
 * @param units a [m, d], b [m].
 * @returns [m, 1], to about 1e-13 of ψ's size in float64.
 * @throws INVALID_ARGUMENT (not a Gaussian mixture), and as ridgeletTransform. O(m K d²) time.
 */
export async function ridgeletTransformOfMeasure(
  measure: GaussianMixture,
  units: RidgeUnits,
  options: RidgeletTransformOptions,
): Promise<NdArray> {
  checkCall(SIGNATURES.ridgeletTransformOfMeasure, { measure, units, options });
  if (!(measure instanceof GaussianMixture))
    throw invalidArgument('measure', 'a Gaussian, a Gaussian mixture or a smoothed cloud', measure);
  const d = measure.dimension;
  checkPair(options.pair, d);
  const dtype: DType = options.dtype ?? dtypeOf(units.a);
  const kernels = await kernelsFor(options, dtype);
  const { a, b } = checkUnits(units, d, kernels, dtype);
  const m = a.shape[0];
  const { weights, means, components, isotropicVariance } = measure;
  const covariances = Array.from({ length: isotropicVariance === undefined ? components : 0 }, (_, k) =>
    measure.componentCovariance(k),
  );
  const factor = factorOf(options, dtype);
  const out = allocate(dtype, m, 'a transform');
  const pace = new Pace(options, m * components);
  for (let j = 0; j < m; j++) {
    const row = a.data.subarray(j * d, (j + 1) * d);
    let square = 0;
    for (const value of row) square += value * value;
    let sum = 0;
    for (let k = 0; k < components; k++) {
      let mean = -b[j];
      for (let i = 0; i < d; i++) mean += row[i] * means.data[k * d + i];
      const variance =
        isotropicVariance === undefined ? quadratic(covariances[k], row) : isotropicVariance * square;
      sum += weights[k] * options.pair.profile.smoothed(mean, variance);
      if (k % 64 === 63) await pace.tick(64);
    }
    out[j] = factor * sum;
    await pace.tick(components % 64);
  }
  await pace.finish();
  return { data: out, shape: [m, 1] };
}

function quadratic(matrix: Float64Array, a: ArrayLike<number>): number {
  const d = a.length;
  let sum = 0;
  for (let i = 0; i < d; i++) {
    let row = 0;
    for (let j = 0; j < d; j++) row += matrix[i * d + j] * a[j];
    sum += a[i] * row;
  }
  return Math.max(sum, 0);
}
