import type { Addon } from '../native/addon.js';

const ONES = Float64Array.of(1, 1);

/** sums ← those with those of one more part, of as many values, by all threads; on the event loop, bound by memory. */
export function addPart(addon: Addon, sums: Float64Array, more: Float64Array): void {
  addon.linearCombination({ out: sums, coefficients: ONES, arrays: [sums, more] });
}
