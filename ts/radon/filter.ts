import { invalidArgument } from '../core/errors.js';
import { evenTransform } from '../core/even-transform.js';

/** Windows on the ramp, at f cycles per sample, |f| ≤ ½. */
const WINDOWS = {
  ramp: () => 1,
  'shepp-logan': (f: number) => (f === 0 ? 1 : Math.sin(Math.PI * f) / (Math.PI * f)),
  cosine: (f: number) => Math.cos(Math.PI * f),
  hamming: (f: number) => 0.54 + 0.46 * Math.cos(2 * Math.PI * f),
  hann: (f: number) => 0.5 + 0.5 * Math.cos(2 * Math.PI * f),
} as const;

/**
 * Filters of filtered backprojection: the ramp |ω|, alone or times a window that falls towards the highest frequency:
 * sin(πf)/(πf) (`shepp-logan`), cos πf (`cosine`), 0.54 + 0.46 cos 2πf (`hamming`), ½ + ½ cos 2πf (`hann`).
 */
export type FilterName = keyof typeof WINDOWS;

/** Throws INVALID_ARGUMENT for an unknown filter; returns it, or `ramp`. */
export function checkFilter(filter: FilterName | undefined): FilterName {
  if (filter === undefined) return 'ramp';
  if (!Object.hasOwn(WINDOWS, filter)) {
    throw invalidArgument('filter', `one of ${Object.keys(WINDOWS).join(', ')}`, filter);
  }
  return filter;
}

/** The window of a filter at f cycles per sample, |f| ≤ ½. */
export function filterWindow(filter: FilterName, f: number): number {
  return WINDOWS[filter](f);
}

/** The smallest power of two that holds `samples`: the length of a transform of rows with the zeros they need. */
export function transformLength(samples: number): number {
  let length = 2;
  while (length < samples) length *= 2;
  return length;
}

/**
 * Response of a filter at k/length cycles per sample, k = 0 … length/2, length a power of two. That of the ramp is the
 * transform of the band-limited ramp's samples, ¼ at 0 and −1/(πn)² at odd n: sampling |f| itself would lose the constant
 * part of the image. O(length log length) time.
 */
export function filterResponse(filter: FilterName, length: number): Float64Array {
  const ramp = Float64Array.from({ length: length / 2 + 1 }, (_, n) =>
    n === 0 ? 0.25 : n % 2 === 0 ? 0 : -1 / (Math.PI * n) ** 2,
  );
  return evenTransform(ramp).map((value, k) => value * filterWindow(filter, k / length));
}

/** Standard deviations after which a Gaussian counts as zero: below the last digit of float64. */
export const GAUSSIAN_REACH = 8.5;

/** Response at k/length cycles per sample of a function of the angular frequency per sample. */
export function responseOf(length: number, response: (frequency: number) => number): Float64Array {
  return Float64Array.from({ length: length / 2 + 1 }, (_, k) => response((2 * Math.PI * k) / length));
}
