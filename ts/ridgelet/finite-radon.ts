import { type NdArray, allocate, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Its cube is the number of additions. */
const LARGEST_PRIME = 16381;

/** The smallest prime of at least n. */
export function nextPrime(n: number): number {
  let p = Math.max(2, Math.ceil(n));
  while (!isPrime(p)) p++;
  return p;
}

export function isPrime(n: number): boolean {
  if (!Number.isSafeInteger(n) || n < 2) return false;
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
  return true;
}

/**
 * The finite Radon transform of an image of p × p pixels, p prime: p^(−1/2) times the sums over the lines of the plane
 * modulo p, (p + 1) × p. Row k < p holds the lines { j = ki + l mod p } by l, i being the row of a pixel and j its column,
 * the last row the lines { i = l }. On images of sum zero it keeps inner products.
 *
 * @throws INVALID_SHAPE unless the image is p × p with p prime and at most 16381; NON_FINITE, INVALID_DTYPE,
 *   OUT_OF_MEMORY, ABORTED. O(p³) additions, in float64.
 *
 * Source: F. Matúš, J. Flusser, IEEE Trans. Pattern Anal. Mach. Intell. 15 (1993) 996; M. N. Do, M. Vetterli, IEEE Trans.
 * Image Process. 12 (2003) 16.
 */
export async function finiteRadonTransform(image: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
  ({ image } = checkCall(SIGNATURES.finiteRadonTransform, { image, options }));
  checkArray(image, 'image');
  const p = image.shape[0];
  checkPrimeShape(image, 'image', [p, p], p);
  const { kernels, array } = await prepared(image, 'image', options);
  const data = await kernels.finiteRadon({ data: array.data, count: 1, p }, options);
  return { data, shape: [p + 1, p] };
}

/**
 * The image of p × p pixels that {@link finiteRadonTransform} made these (p + 1) × p projections of, to rounding. Of
 * projections that no image has, the transpose, less the share of the mean of their sums.
 *
 * @throws As finiteRadonTransform. O(p³) additions.
 */
export async function inverseFiniteRadonTransform(
  projections: NdArrayLike,
  options: CallOptions = {},
): Promise<NdArray> {
  ({ projections } = checkCall(SIGNATURES.inverseFiniteRadonTransform, { projections, options }));
  checkArray(projections, 'projections');
  const p = projections.shape[1];
  checkPrimeShape(projections, 'projections', [p + 1, p], p);
  const { kernels, array } = await prepared(projections, 'projections', options);
  const data = await kernels.finiteRadon({ data: array.data, count: 1, p, transpose: true }, options);
  let sum = 0;
  for (const value of array.data) sum += value;
  // Every line's sum holds each pixel once, and one of its points meets all others: the transpose adds the image's sum / p.
  const excess = (sum * Math.sqrt(p)) / (p + 1) / p;
  for (let i = 0; i < data.length; i++) data[i] -= excess;
  return { data, shape: [p, p] };
}

function checkPrimeShape(array: NdArray, name: string, expected: readonly number[], p: number): void {
  const { shape } = array;
  const fits = shape.length === 2 && shape.every((extent, k) => extent === expected[k]);
  if (fits && isPrime(p) && p <= LARGEST_PRIME) return;
  const wanted = name === 'image' ? '[p, p]' : '[p + 1, p]';
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected shape ${wanted} with p prime and at most ${LARGEST_PRIME} for ${name} but received [${shape.join(', ')}]` +
      (name === 'image' ? ': finiteRidgeletTransform takes any size' : ''),
    { details: { parameter: name } },
  );
}

async function prepared(
  given: NdArray,
  name: string,
  options: CallOptions,
): Promise<{ kernels: Kernels; array: NdArray }> {
  const dtype = options.dtype ?? dtypeOf(given);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, given, name);
  return { kernels, array: toDtype(given, dtype) };
}

/**
 * For every slope k < p the smallest (a, b) ≠ 0 with a·i + b·j constant modulo p on its lines: numbered by t = a·i + b·j,
 * which is b·l, neighbouring lines are neighbours in the image, and its smooth parts have smooth projections. Returns the
 * b of every slope. Source: Do and Vetterli (2003), section III-B.
 */
export function lineSteps(p: number): Int32Array {
  const steps = new Int32Array(p);
  // Minkowski: some (a, b) is no longer than √(2p/√3).
  const most = Math.min(p - 1, Math.ceil(Math.sqrt((2 * p) / Math.sqrt(3))));
  for (let k = 0; k < p; k++) {
    let best = Infinity;
    for (let b = 1; b <= most; b++) {
      const rest = (k * b) % p;
      const a = Math.min(rest, p - rest);
      const square = a * a + b * b;
      if (square >= best) continue;
      best = square;
      steps[k] = b;
    }
  }
  return steps;
}

/** `count` images cut out of an image as p × p blocks, in rows of blocks; where they reach beyond it, it is mirrored. */
export function cutBlocks(image: NdArray, p: number): { data: NdArray['data']; count: number } {
  const [rows, columns] = image.shape;
  const [down, across] = [Math.ceil(rows / p), Math.ceil(columns / p)];
  const count = down * across;
  const data = allocate(dtypeOf(image), count * p * p, 'blocks of an image');
  for (let r = 0; r < down * p; r++) {
    const from = mirrored(r, rows) * columns;
    for (let c = 0; c < across; c++) {
      const to = ((Math.floor(r / p) * across + c) * p + (r % p)) * p;
      for (let j = 0; j < p; j++) data[to + j] = image.data[from + mirrored(c * p + j, columns)];
    }
  }
  return { data, count };
}

/** The image of this shape that {@link cutBlocks} cut. */
export function joinBlocks(blocks: NdArray['data'], p: number, shape: readonly number[]): NdArray {
  const [rows, columns] = shape;
  const across = Math.ceil(columns / p);
  const data = allocate(dtypeOf({ data: blocks }), rows * columns, 'an image');
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c * p < columns; c++) {
      const from = ((Math.floor(r / p) * across + c) * p + (r % p)) * p;
      data.set(blocks.subarray(from, from + Math.min(p, columns - c * p)), r * columns + c * p);
    }
  }
  return { data, shape: [rows, columns] };
}

/** Position i of a signal of this extent that goes on as its own mirror image. */
export function mirrored(i: number, extent: number): number {
  const place = i % (2 * extent);
  return place < extent ? place : 2 * extent - 1 - place;
}
