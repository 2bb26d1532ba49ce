import { invalidArgument } from '../core/errors.js';

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

/** The transform's length for rows of `count` samples: a power of two at which the convolution does not wrap around. */
export function filterLength(count: number): number {
  let length = 2;
  while (length < 2 * count) length *= 2;
  return length;
}

const ramps = new Map<number, Float64Array>();

/**
 * Response of the ramp |f| at k/length cycles per sample. It is the transform of the band-limited ramp's samples,
 * ¼ at 0 and −1/(πn)² at odd n: sampling |f| itself would lose the constant part of the image.
 */
function ramp(length: number): Float64Array {
  let response = ramps.get(length);
  if (!response) {
    const cosines = Float64Array.from({ length }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    response = new Float64Array(length / 2 + 1).fill(0.25);
    for (let n = 1; n < length / 2; n += 2) {
      const sample = 2 / (Math.PI * n) ** 2;
      for (let k = 0, phase = 0; k < response.length; k++, phase = (phase + n) % length) {
        response[k] -= sample * cosines[phase];
      }
    }
    if (ramps.size >= 8) ramps.clear();
    ramps.set(length, response);
  }
  return response;
}

/** Response of a filter at k/length cycles per sample, k = 0 … length/2. */
export function filterResponse(filter: FilterName, length: number): Float64Array {
  const window = WINDOWS[filter];
  return ramp(length).map((value, k) => value * window(k / length));
}
