import { type DType, type FloatData, allocate } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { isForeign, isOwn } from '../../core/foreign.js';
import { checkPositive } from '../../core/options.js';
import type { InputNoise } from '../../kernel/contract/training.js';
import { choleskyFactor } from '../../core/cholesky.js';
import type { RowsLike } from '../../measure/arguments.js';
import { fullCovariance } from '../../measure/gaussian.js';

/**
 * What corrupts the points while a denoising autoencoder learns to undo it: t > 0 for noise N(0, tI); a symmetric positive
 * definite d × d matrix T for N(0, T); or `{ masking: p }`, which sets each coordinate to 0 with probability p in (0, 1).
 */
export type TrainingNoise = number | RowsLike | { readonly masking: number };

/** The noise as kernels take it, for points whose unit is `scale`. Throws INVALID_ARGUMENT, INVALID_SHAPE. */
export function inputNoise(noise: TrainingNoise, d: number, scale: number, dtype: DType): InputNoise {
  if (typeof noise === 'number')
    return { kind: 'gaussian', scale: Math.sqrt(checkPositive(noise, 'noise')) / scale };
  if (isMasking(noise)) {
    const probability = noise.masking;
    if (!(probability > 0 && probability < 1))
      throw invalidArgument('noise.masking', 'a probability between 0 and 1', probability);
    return { kind: 'masking', threshold: normalQuantile(probability) };
  }
  if (!isForeign(noise) && !isOwn(noise))
    throw invalidArgument('noise', 'a variance, a covariance matrix or { masking }', noise);
  return { kind: 'factor', factor: factorOf(noise, d, scale, dtype) };
}

/** Whether the noise sets coordinates to 0, which has a meaning only where the origin stays where it is. */
export function isMasking(noise: object | number): noise is { readonly masking: number } {
  return typeof (noise as { masking?: unknown } | undefined)?.masking === 'number';
}

/** F/scale with FFᵀ = T. */
function factorOf(noise: RowsLike, d: number, scale: number, dtype: DType): FloatData {
  const covariance = new Float64Array(d * d);
  fullCovariance(noise, 'noise', d).addTo(covariance, 1);
  const factor = choleskyFactor(covariance, d);
  if (!factor) {
    throw new RidgeflowError('INVALID_ARGUMENT', 'Expected a positive definite covariance for noise', {
      details: { parameter: 'noise' },
    });
  }
  const out = allocate(dtype, d * d);
  factor.forEach((value, at) => (out[at] = value / scale));
  return out;
}

/**
 * The z below which a standard normal number falls with probability p, to about 1e-14: Newton's method on the distribution
 * function, which is integrated from 0 by its series.
 */
export function normalQuantile(p: number): number {
  let z = 0;
  for (let iteration = 0; iteration < 60; iteration++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const error = 0.5 + density * oddSeries(z) - p;
    // Far out the density is tiny: no step may leave the neighbourhood that the tangent describes.
    const step = Math.max(-0.5, Math.min(0.5, error / density));
    z -= step;
    if (Math.abs(step) < 1e-14 * (1 + Math.abs(z))) break;
  }
  return z;
}

/** z + z³/3 + z⁵/15 + …: (Φ(z) − ½)/φ(z). */
function oddSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return sum;
}
