import { invalidArgument } from '../core/errors.js';

const ROOT3 = Math.sqrt(3);
const ROOT10 = Math.sqrt(10);
const INNER = Math.sqrt(5 + 2 * ROOT10);

/**
 * Low-pass filters of orthonormal wavelets, by the number of their taps: Daubechies' of least support for their vanishing
 * moments (half the taps), and the least asymmetric of eight. Source: I. Daubechies, Ten Lectures on Wavelets, SIAM 1992,
 * sections 6.4 and 8.1.1.
 */
const FILTERS = {
  haar: [Math.SQRT1_2, Math.SQRT1_2],
  daubechies4: [1 + ROOT3, 3 + ROOT3, 3 - ROOT3, 1 - ROOT3].map((value) => value / (4 * Math.SQRT2)),
  daubechies6: [
    1 + ROOT10 + INNER,
    5 + ROOT10 + 3 * INNER,
    10 - 2 * ROOT10 + 2 * INNER,
    10 - 2 * ROOT10 - 2 * INNER,
    5 + ROOT10 - 3 * INNER,
    1 + ROOT10 - INNER,
  ].map((value) => value / (16 * Math.SQRT2)),
  symlet8: [
    -0.07576571478950221, -0.029635527646002493, 0.497618667632775, 0.8037387518051321, 0.29785779560530606,
    -0.09921954357663353, -0.012603967262031304, 0.032223100604051466,
  ],
} as const satisfies Record<string, readonly number[]>;

/** Orthonormal wavelets, each named with its number of taps but for Haar's, which has two. */
export type WaveletName = keyof typeof FILTERS;

/** The low-pass and the high-pass filter of a wavelet. Throws INVALID_ARGUMENT for a name it does not know. */
export function waveletFilters(name: WaveletName): [low: readonly number[], high: readonly number[]] {
  if (!Object.hasOwn(FILTERS, name))
    throw invalidArgument('wavelet', `one of ${Object.keys(FILTERS).join(', ')}`, name);
  const low: readonly number[] = FILTERS[name];
  return [low, low.map((_, m) => (m % 2 ? -1 : 1) * low[low.length - 1 - m])];
}

/** One level of the pyramid: an odd last sample is set aside, the rest becomes `half` coarse values and `half` details. */
interface Level {
  half: number;
  /** Where its details begin among the coefficients. */
  details: number;
  /** The rotation that joins the sample set aside, if any, to what the levels below made of the rest. */
  aside?: { at: number; cosine: number; sine: number };
}

/**
 * The orthonormal wavelet transform of periodic signals of one length, which need not be even: down to one coarse value,
 * an odd last sample being set aside at its level and joined to the coarse values at the end by rotations that keep the
 * constant signal in one coefficient. So the first coefficient is the sum over √length, and every other basis vector has
 * sum zero. After the first coefficient come those of the levels, coarse to fine: the last ⌊length/2⌋ are the finest
 * details. O(length · taps) time.
 *
 * Source: M. N. Do, M. Vetterli, IEEE Trans. Image Process. 12 (2003) 16, section IV, for lengths 2^J + 1; here for any.
 */
export class PeriodicWavelet {
  readonly length: number;
  readonly #low: readonly number[];
  readonly #high: readonly number[];
  /** Fine to coarse. */
  readonly #levels: readonly Level[];
  /** Coarse values of two levels. */
  #here: Float64Array;
  #next: Float64Array;

  /** Throws INVALID_ARGUMENT for a name it does not know. */
  constructor(name: WaveletName, length: number) {
    this.length = length;
    [this.#low, this.#high] = waveletFilters(name);
    this.#levels = levelsOf(length);
    this.#here = new Float64Array(length);
    this.#next = new Float64Array(length);
  }

  /** Replaces a signal by its coefficients. */
  forward(signal: Float64Array): void {
    const [low, high] = [this.#low, this.#high];
    this.#here.set(signal);
    for (const { half, details, aside } of this.#levels) {
      const [here, next] = [this.#here, this.#next];
      const size = 2 * half;
      for (let i = 0; i < half; i++) {
        let coarse = 0;
        let detail = 0;
        for (let m = 0; m < low.length; m++) {
          let at = 2 * i + m;
          if (at >= size) at %= size;
          coarse += low[m] * here[at];
          detail += high[m] * here[at];
        }
        next[i] = coarse;
        signal[details + i] = detail;
      }
      if (aside) signal[aside.at] = here[size];
      [this.#here, this.#next] = [next, here];
    }
    signal[0] = this.#here[0];
    for (let level = this.#levels.length - 1; level >= 0; level--) this.#rotate(signal, this.#levels[level]);
  }

  /** Replaces coefficients by their signal. */
  inverse(coefficients: Float64Array): void {
    const [low, high] = [this.#low, this.#high];
    for (const level of this.#levels) this.#rotate(coefficients, level);
    this.#here[0] = coefficients[0];
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const { half, details, aside } = this.#levels[level];
      const [here, next] = [this.#here, this.#next];
      const size = 2 * half;
      next.fill(0, 0, size);
      for (let i = 0; i < half; i++) {
        const coarse = here[i];
        const detail = coefficients[details + i];
        for (let m = 0; m < low.length; m++) {
          let at = 2 * i + m;
          if (at >= size) at %= size;
          next[at] += low[m] * coarse + high[m] * detail;
        }
      }
      if (aside) next[size] = coefficients[aside.at];
      [this.#here, this.#next] = [next, here];
    }
    coefficients.set(this.#here);
  }

  /** Its own inverse. */
  #rotate(values: Float64Array, { aside }: Level): void {
    if (!aside) return;
    const { at, cosine, sine } = aside;
    const [first, other] = [values[0], values[at]];
    values[0] = cosine * first + sine * other;
    values[at] = sine * first - cosine * other;
  }
}

function levelsOf(length: number): Level[] {
  const levels: Level[] = [];
  let end = length;
  for (let rest = length; rest > 1; rest >>= 1) {
    const half = rest >> 1;
    end -= half;
    const details = end;
    if (rest % 2 === 1) end -= 1;
    levels.push({
      half,
      details,
      ...(rest % 2 === 1 && { aside: { at: end, cosine: 0, sine: 0 } }),
    });
  }
  // The constant signal 1 has the coarse value √2 to the level, and what is set aside there is as large.
  let square = 2 ** levels.length;
  for (let level = levels.length - 1; level >= 0; level--) {
    const { aside } = levels[level];
    if (!aside) continue;
    const own = 2 ** level;
    aside.cosine = Math.sqrt(square / (square + own));
    aside.sine = Math.sqrt(own / (square + own));
    square += own;
  }
  return levels;
}
