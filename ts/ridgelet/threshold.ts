import type { NdArray } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';

/** How coefficients are told from noise. */
export interface ThresholdOptions {
  /** Standard deviation of the white noise. Default: estimated as the median size of the finest coefficients / 0.6745. */
  noise?: number;
  /**
   * Coefficients of this size or less are noise. Default: noise · √(2 log N), which the noise of N coefficients rarely
   * exceeds, N those of a block.
   */
  threshold?: number;
  /** `hard` keeps the other coefficients as they are, `soft` draws them towards 0 by the threshold. Default 'hard'. */
  rule?: 'hard' | 'soft';
}

/** A denoised image. */
export interface Denoising {
  /** rows × columns. */
  image: NdArray;
  /** The noise's standard deviation, as given or estimated. */
  noise: number;
  threshold: number;
  /** Part of the thresholded coefficients, over all shifts, that is left. */
  kept: number;
}

/** Throws INVALID_ARGUMENT for an unknown rule, or numbers that are not above 0. */
export function checkThreshold({ noise, threshold, rule = 'hard' }: ThresholdOptions): void {
  if (rule !== 'hard' && rule !== 'soft') throw invalidArgument('rule', '"hard" or "soft"', rule);
  if (noise !== undefined) checkPositive(noise, 'noise');
  if (threshold !== undefined) checkPositive(threshold, 'threshold');
}

/** noise · √(2 log count). Source: D. L. Donoho, I. M. Johnstone, Biometrika 81 (1994) 425. */
export function universalThreshold(noise: number, count: number): number {
  return noise * Math.sqrt(2 * Math.log(count));
}

/** Thresholds coefficients in place; returns how many are left. */
export function shrink(coefficients: Float64Array, threshold: number, rule: 'hard' | 'soft'): number {
  let kept = 0;
  for (let i = 0; i < coefficients.length; i++) {
    const value = coefficients[i];
    const size = Math.abs(value);
    // What is exactly 0 is not left even by a threshold of 0.
    if (size <= threshold) {
      coefficients[i] = 0;
      continue;
    }
    kept++;
    if (rule === 'soft') coefficients[i] = Math.sign(value) * (size - threshold);
  }
  return kept;
}

/** The standard deviation of normal variables with these sizes, by their median. Sorts the sizes. */
export function deviationOfSizes(sizes: Float64Array): number {
  if (sizes.length === 0) return 0;
  sizes.sort();
  const middle = (sizes.length - 1) / 2;
  return (sizes[Math.floor(middle)] + sizes[Math.ceil(middle)]) / 2 / 0.6744897501960817;
}
