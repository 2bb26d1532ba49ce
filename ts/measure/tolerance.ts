import type { DType } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';

/**
 * Error of sums over a cloud that is allowed where the caller does not say, for every query relative to its own sum: what
 * float32 rounding does to such sums anyway, and in float64 what the solvers' own tolerances do not see. It is spent only
 * where that saves time, on at least some 10⁶ pairs of points.
 */
export const DEFAULT_TOLERANCE: Readonly<Record<DType, number>> = { float32: 1e-6, float64: 1e-10 };

/** Throws INVALID_ARGUMENT unless a tolerance is absent or a number from 0 to 0.1; returns it. */
export function checkTolerance(value: number | undefined, name: string): number | undefined {
  if (value !== undefined && !(value >= 0 && value <= 0.1))
    throw invalidArgument(name, 'a number from 0 to 0.1', value);
  return value;
}
