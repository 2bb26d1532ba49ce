import { formatNumber } from './format.js';

/** How a number changed, as far as its error lets one tell. */
export type Change = 'rose' | 'fell' | 'same';

/** Whether b is above, below or the same as a, where neither is known better than to its standard error. */
export function changeOf(a: number, b: number, errorOfDifference = 0): Change {
  if (Math.abs(b - a) <= errorOfDifference) return 'same';
  return b > a ? 'rose' : 'fell';
}

/** Standard error of the difference of two shares of n points each; never less than one point. */
export function errorOfShares(a: number, b: number, n: number): number {
  return Math.max(Math.sqrt((a * (1 - a) + b * (1 - b)) / n), 1 / n) * (1 + 1e-9);
}

/** Standard error of the difference of two numbers with these errors; those not known are taken for 0. */
export function errorOfDifference(...errors: readonly (number | null | undefined)[]): number {
  return Math.hypot(...errors.map((error) => (Number.isFinite(error) ? error! : 0)));
}

/** What to add where two numbers are called the same although they differ. */
export function within(error: number | undefined): string {
  return error !== undefined && error > 0 ? `, within the standard error of ${formatNumber(error, 2)}` : '';
}
