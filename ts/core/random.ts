import { type FloatData, allocateIntegers } from './array.js';
import { boxMuller } from './box-muller.js';
import { checkCall } from './call.js';
import { invalidArgument } from './errors.js';
import { checkInteger, checkSeed } from './options.js';
import { list, number, text } from './rules.js';

// Philox 4×32 with 10 rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011. Counter-based: value i of a stream is a function of (seed, stream, i) alone, so that any part of a
// stream can be made anywhere, in any order, by any number of workers, on any backend, to the same bits.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of an unsigned 32 × 32 bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // No sum here reaches 2³²: whole numbers throughout, as the engine then knows.
  const low = Math.imul(aLow, bLow) >>> 0;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (low >>> 16);
  const carry = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return ((Math.imul(aHigh, bHigh) >>> 0) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** One block of four 32-bit words: Philox of the counter (four words) under the key (two words). */
export function philox(counter: Uint32Array, key0: number, key1: number, out: Uint32Array): void {
  let c0 = counter[0];
  let c1 = counter[1];
  let c2 = counter[2];
  let c3 = counter[3];
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** What a stream of random numbers is for: different purposes under one seed never share numbers. */
export type StreamName =
  | 'sample'
  | 'component'
  | 'noise'
  | 'directions'
  | 'shuffle'
  | 'initial'
  | 'probe'
  | 'subsample'
  | 'acceptance';

const STREAM_NUMBERS: Record<StreamName, number> = {
  sample: 1,
  component: 2,
  noise: 3,
  directions: 4,
  shuffle: 5,
  initial: 6,
  probe: 7,
  subsample: 8,
  acceptance: 9,
};

/** What its constructor and methods take, for {@link checkCall}. */
export const METHODS = {
  RandomStream: {
    new: { seed: number(true), stream: text(), substream: number(true) },
    fillNormal: { out: list(), first: number(true) },
    fillUniform: { out: list(), first: number(true) },
  },
};

/**
 * A random-access stream of uniform and normal numbers. `substream` (0 to 2³² − 1) separates, say, the time steps of
 * one run. Position i always gives the same value; uniforms and normals at the same position are related, so a stream
 * should be used for one of them.
 *
 * @throws INVALID_ARGUMENT for a seed, stream or substream that does not exist.
 */
export class RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);
  readonly #pair = new Float64Array(2);

  constructor(seed: number | undefined, stream: StreamName, substream = 0) {
    checkCall(METHODS.RandomStream.new, { seed, stream, substream });
    const checked = checkSeed(seed);
    if (!Object.hasOwn(STREAM_NUMBERS, stream))
      throw invalidArgument('stream', `one of ${Object.keys(STREAM_NUMBERS).join(', ')}`, stream);
    checkInteger(substream, 'substream', 0, 2 ** 32 - 1);
    this.#key0 = checked >>> 0;
    this.#key1 = Math.floor(checked / 2 ** 32);
    this.#counter[2] = substream;
    this.#counter[3] = STREAM_NUMBERS[stream];
  }

  /** What the numbers are a function of, beside their position: a kernel makes the same ones. */
  get words(): { key0: number; key1: number; substream: number; stream: number } {
    const [, , substream, stream] = this.#counter;
    return { key0: this.#key0, key1: this.#key1, substream, stream };
  }

  #load(blockNumber: number): void {
    this.#counter[0] = blockNumber >>> 0;
    this.#counter[1] = Math.floor(blockNumber / 2 ** 32);
    philox(this.#counter, this.#key0, this.#key1, this.#block);
  }

  /** Uniform in the open interval (0, 1) with 52 random bits, positions [first, first + out.length). */
  fillUniform(out: FloatData | number[], first = 0): void {
    checkCall(METHODS.RandomStream.fillUniform, { out, first });
    checkInteger(first, 'first', 0);
    for (let i = 0; i < out.length; i++) {
      const position = first + i;
      if (i === 0 || position % 2 === 0) this.#load(Math.floor(position / 2));
      out[i] = unit(this.#block, position % 2);
    }
  }

  /** Standard normal by Box and Muller's transform, positions [first, first + out.length): the same bits on every machine. */
  fillNormal(out: FloatData | number[], first = 0): void {
    checkCall(METHODS.RandomStream.fillNormal, { out, first });
    checkInteger(first, 'first', 0);
    for (let i = 0; i < out.length; i++) {
      const position = first + i;
      if (i === 0 || position % 2 === 0) {
        this.#load(Math.floor(position / 2));
        boxMuller(unit(this.#block, 0), unit(this.#block, 1), this.#pair);
      }
      out[i] = this.#pair[position % 2];
    }
  }

  /** One uniform number in (0, 1). */
  uniform(position: number): number {
    checkInteger(position, 'position', 0);
    this.#load(Math.floor(position / 2));
    return unit(this.#block, position % 2);
  }

  /** `count` distinct whole numbers of [0, n) in random order (a partial Fisher–Yates shuffle). O(n) memory. */
  choose(n: number, count: number): Int32Array {
    checkInteger(n, 'n', 0, 2 ** 31 - 1);
    checkInteger(count, 'count', 0);
    const numbers = allocateIntegers(n, 'a shuffle');
    for (let i = 0; i < n; i++) numbers[i] = i;
    for (let i = 0; i < Math.min(count, n - 1); i++) {
      if (i % 2 === 0) this.#load(i / 2);
      const j = i + Math.floor(unit(this.#block, i % 2) * (n - i));
      const chosen = numbers[j];
      numbers[j] = numbers[i];
      numbers[i] = chosen;
    }
    return numbers.slice(0, Math.min(count, n));
  }
}

/** 52 bits of words 2h and 2h + 1 of a block, centred in their cell: never 0, never 1. */
function unit(block: Uint32Array, half: number): number {
  const high = block[2 * half] >>> 6;
  const low = block[2 * half + 1] >>> 6;
  return (high * 2 ** 26 + low + 0.5) / 2 ** 52;
}
