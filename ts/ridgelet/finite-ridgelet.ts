import { type FloatData, type NdArray, allocate, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { cutBlocks, isPrime, joinBlocks, lineSteps, nextPrime } from './finite-radon.js';
import { PeriodicWavelet, type WaveletName } from './wavelet.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link finiteRidgeletTransform}. */
export interface FiniteRidgeletOptions extends CallOptions {
  /**
   * Side p of the blocks that the image is cut into: a prime, at most 16381. Default: the smallest prime of at least the
   * image's shorter side, which makes a square image one block. Small blocks follow curved edges.
   */
  block?: number;
  /** Default 'symlet8'. */
  wavelet?: WaveletName;
}

/**
 * An image in the finite ridgelet basis: for every block of p × p pixels p² coefficients of an orthonormal basis.
 * The blocks lie in rows as they do in the image, which is mirrored at its right and lower end to fill the last ones.
 */
export interface FiniteRidgelets {
  /**
   * blocks × (p + 1) × (p − 1): for every direction of {@link finiteRadonTransform} the wavelet coefficients of its
   * projection, coarse to fine, the last (p − 1)/2 the finest. Lines are numbered by the a·i + b·j of their smallest
   * normal (a, b).
   */
  coefficients: NdArray;
  /** Sum of each block over p, its coefficient on the constant image. */
  constants: NdArray;
  /** [rows, columns] of the image. */
  shape: readonly [number, number];
  /** p. */
  block: number;
  wavelet: WaveletName;
}

const LARGEST_BLOCK = 16381;

/**
 * The orthonormal finite ridgelet transform: the finite Radon transform of each block, and an orthonormal wavelet
 * transform along each projection. A straight edge across a block lives in few coefficients, where its wavelet
 * transform needs many. White noise stays white, and where the image's sides are multiples of p nothing is redundant.
 *
 * @param image rows × columns, of any size.
 * @throws INVALID_SHAPE, INVALID_ARGUMENT (block, wavelet), NON_FINITE, OUT_OF_MEMORY, ABORTED. O(pixels · p) additions,
 *   O(pixels) memory.
 *
 * Source: M. N. Do, M. Vetterli, The finite ridgelet transform for image representation, IEEE Trans. Image Process. 12
 * (2003) 16.
 */
export async function finiteRidgeletTransform(
  image: NdArrayLike,
  options: FiniteRidgeletOptions = {},
): Promise<FiniteRidgelets> {
  ({ image } = checkCall(SIGNATURES.finiteRidgeletTransform, { image, options }));
  const [rows, columns] = checkImage(image);
  const { wavelet = 'symlet8' } = options;
  const p = options.block ?? nextPrime(Math.min(rows, columns));
  checkBlock(p);
  const transform = new PeriodicWavelet(wavelet, p);
  const dtype = options.dtype ?? dtypeOf(image);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, image, 'image');
  const { count, projections } = await projectBlocks(
    kernels,
    toDtype(image, dtype),
    p,
    partOf(options, 0, 0.5),
  );
  const coefficients = allocate(dtype, count * (p + 1) * (p - 1), 'ridgelet coefficients');
  const constants = allocate(dtype, count, 'ridgelet coefficients');
  const pace = new Pace(partOf(options, 0.5, 1), count * (p + 1));
  await eachProjection(projections, p, pace, (signal, row) => {
    transform.forward(signal);
    // All projections of a block have the same sum.
    if (row % (p + 1) === 0) constants[row / (p + 1)] = signal[0];
    coefficients.set(signal.subarray(1), row * (p - 1));
  });
  await pace.finish();
  return {
    coefficients: { data: coefficients, shape: [count, p + 1, p - 1] },
    constants: { data: constants, shape: [count] },
    shape: [rows, columns],
    block: p,
    wavelet,
  };
}

/**
 * The image of {@link finiteRidgeletTransform}'s coefficients: its inverse, to rounding.
 *
 * @throws INVALID_SHAPE, INVALID_ARGUMENT, INVALID_DTYPE, NON_FINITE, OUT_OF_MEMORY, ABORTED. O(pixels · p) additions.
 */
export async function inverseFiniteRidgeletTransform(
  ridgelets: FiniteRidgelets,
  options: CallOptions = {},
): Promise<NdArray> {
  checkCall(SIGNATURES.inverseFiniteRidgeletTransform, { ridgelets, options });
  const { coefficients, constants, shape, block: p, wavelet } = checkRidgelets(ridgelets);
  const dtype = options.dtype ?? dtypeOf(coefficients);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, coefficients, 'coefficients');
  checkFinite(kernels, constants, 'constants');
  const count = coefficients.shape[0];
  const transform = new PeriodicWavelet(wavelet, p);
  const projections = allocate(dtype, count * (p + 1) * p, 'finite projections');
  const pace = new Pace(partOf(options, 0, 0.5), count * (p + 1));
  await eachProjection(projections, p, pace, (signal, row) => {
    signal[0] = 0;
    signal.set(coefficients.data.subarray(row * (p - 1), (row + 1) * (p - 1)), 1);
    transform.inverse(signal);
    return signal;
  });
  return backprojectBlocks(
    kernels,
    { projections, constants: constants.data, p, shape },
    partOf(options, 0.5, 1),
  );
}

/** The finite Radon transforms of an image's blocks, behind each other. */
export async function projectBlocks(
  kernels: Kernels,
  image: NdArray,
  p: number,
  options: CallOptions,
): Promise<{ projections: FloatData; count: number }> {
  const { data, count } = cutBlocks(image, p);
  return { projections: await kernels.finiteRadon({ data, count, p }, options), count };
}

/** The image of projections whose sums are zero, and of its blocks' sums over p. */
export async function backprojectBlocks(
  kernels: Kernels,
  {
    projections,
    constants,
    p,
    shape,
  }: {
    projections: FloatData;
    constants: FloatData;
    p: number;
    shape: readonly [number, number];
  },
  options: CallOptions,
): Promise<NdArray> {
  const count = constants.length;
  const blocks = await kernels.finiteRadon({ data: projections, count, p, transpose: true }, options);
  for (let i = 0; i < blocks.length; i++) blocks[i] += constants[Math.floor(i / (p * p))] / p;
  return joinBlocks(blocks, p, shape);
}

/**
 * Visits every projection, its lines in the order of {@link lineSteps}; where `visit` returns a signal, it replaces the
 * projection.
 */
export async function eachProjection(
  projections: FloatData,
  p: number,
  pace: Pace,
  visit: (signal: Float64Array, row: number) => Float64Array | void,
): Promise<void> {
  const steps = lineSteps(p);
  const signal = new Float64Array(p);
  for (let start = 0, row = 0; start < projections.length; start += p, row++) {
    const slope = row % (p + 1);
    const step = slope < p ? steps[slope] : 1;
    for (let l = 0, t = 0; l < p; l++, t = (t + step) % p) signal[t] = projections[start + l];
    const replacement = visit(signal, row);
    if (replacement) {
      for (let l = 0, t = 0; l < p; l++, t = (t + step) % p) projections[start + l] = replacement[t];
    }
    await pace.tick(1);
  }
}

/** Throws INVALID_SHAPE unless `image` is rows × columns and not empty; returns both. */
export function checkImage(image: NdArray): [number, number] {
  checkArray(image, 'image');
  const [rows, columns] = image.shape;
  if (image.shape.length === 2 && rows > 0 && columns > 0) return [rows, columns];
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected shape [rows, columns], both at least 1, for image but received [${image.shape.join(', ')}]`,
    { details: { parameter: 'image' } },
  );
}

/** Throws INVALID_ARGUMENT unless p is a prime that blocks may have for their side. */
export function checkBlock(p: number): void {
  if (p <= LARGEST_BLOCK && isPrime(p)) return;
  throw invalidArgument('block', `a prime of at most ${LARGEST_BLOCK}`, p);
}

function checkRidgelets(ridgelets: FiniteRidgelets): FiniteRidgelets {
  const { coefficients, constants, shape, block: p } = ridgelets ?? {};
  checkArray(coefficients, 'coefficients');
  checkArray(constants, 'constants');
  checkBlock(p);
  if (
    !Array.isArray(shape) ||
    shape.length !== 2 ||
    !shape.every((side) => Number.isSafeInteger(side) && side > 0)
  )
    throw invalidArgument('shape', '[rows, columns] of the image', shape);
  const count = Math.ceil(shape[0] / p) * Math.ceil(shape[1] / p);
  const expected: [string, NdArray, number[]][] = [
    ['coefficients', coefficients, [count, p + 1, p - 1]],
    ['constants', constants, [count]],
  ];
  for (const [name, array, wanted] of expected) {
    if (array.shape.length === wanted.length && array.shape.every((extent, k) => extent === wanted[k]))
      continue;
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [${wanted.join(', ')}] for ${name} but received [${array.shape.join(', ')}]`,
      { details: { parameter: name } },
    );
  }
  return ridgelets;
}
