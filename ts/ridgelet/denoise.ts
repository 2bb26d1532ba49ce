import { type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, partOf } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import { nextPrime } from './finite-radon.js';
import {
  type FiniteRidgeletOptions,
  backprojectBlocks,
  checkBlock,
  checkImage,
  eachProjection,
  projectBlocks,
} from './finite-ridgelet.js';
import {
  type Denoising,
  type ThresholdOptions,
  checkThreshold,
  deviationOfSizes,
  shrink,
  universalThreshold,
} from './threshold.js';
import { PeriodicWavelet } from './wavelet.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link denoiseByRidgelets}. */
export interface RidgeletDenoisingOptions extends FiniteRidgeletOptions, ThresholdOptions {
  /**
   * Cycle spinning: the mean over this many shifts of the projections, 1 to p. More take the artefacts of the wavelet's
   * grid away. Default 8, or p if that is less.
   */
  shifts?: number;
}

/**
 * Takes white noise out of an image by thresholding its finite ridgelet coefficients: straight edges stay sharp. The mean
 * of each block is kept.
 *
 * @throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE, OUT_OF_MEMORY, ABORTED. O(pixels · (p + shifts · taps)) time,
 *   O(pixels) memory.
 *
 * Source: M. N. Do, M. Vetterli, IEEE Trans. Image Process. 12 (2003) 16; cycle spinning: R. R. Coifman,
 * D. L. Donoho, Wavelets and Statistics (1995) 125.
 */
export async function denoiseByRidgelets(
  image: NdArrayLike,
  options: RidgeletDenoisingOptions = {},
): Promise<Denoising> {
  ({ image } = checkCall(SIGNATURES.denoiseByRidgelets, { image, options }));
  const [rows, columns] = checkImage(image);
  const { rule = 'hard', wavelet = 'symlet8' } = options;
  const p = options.block ?? nextPrime(Math.min(rows, columns));
  checkBlock(p);
  checkThreshold(options);
  const shifts = checkInteger(options.shifts ?? Math.min(8, p), 'shifts', 1, p);
  const transform = new PeriodicWavelet(wavelet, p);
  const dtype = options.dtype ?? dtypeOf(image);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, image, 'image');
  const { count, projections } = await projectBlocks(
    kernels,
    toDtype(image, dtype),
    p,
    partOf(options, 0, 0.2),
  );

  const pace = new Pace(partOf(options, 0.2, 0.8), count * (p + 1) * (shifts + 1));
  const noise = options.noise ?? (await noiseLevel(projections, p, transform, pace));
  const threshold = options.threshold ?? universalThreshold(noise, p * p);
  const constants = allocate(dtype, count, 'sums of blocks');
  const shifted = new Float64Array(p);
  const sum = new Float64Array(p);
  let kept = 0;
  await eachProjection(projections, p, pace, (signal, row) => {
    sum.fill(0);
    for (let s = 0; s < shifts; s++) {
      shifted.set(signal.subarray(s));
      shifted.set(signal.subarray(0, s), p - s);
      transform.forward(shifted);
      if (s === 0 && row % (p + 1) === 0) constants[row / (p + 1)] = shifted[0];
      shifted[0] = 0;
      kept += shrink(shifted, threshold, rule);
      transform.inverse(shifted);
      for (let i = 0; i < p; i++) sum[(i + s) % p] += shifted[i];
    }
    for (let i = 0; i < p; i++) sum[i] /= shifts;
    return sum;
  });
  const shape = [rows, columns] as const;
  const clean = await backprojectBlocks(
    kernels,
    { projections, constants, p, shape },
    partOf(options, 0.8, 1),
  );
  return { image: clean, noise, threshold, kept: kept / (count * shifts * (p + 1) * Math.max(p - 1, 1)) };
}

/** Median size of the finest details over that of a standard normal variable. */
async function noiseLevel(
  projections: NdArray['data'],
  p: number,
  transform: PeriodicWavelet,
  pace: Pace,
): Promise<number> {
  const finest = p >> 1;
  const sizes = new Float64Array((projections.length / p) * finest);
  await eachProjection(projections, p, pace, (signal, row) => {
    transform.forward(signal);
    for (let i = 0; i < finest; i++) sizes[row * finest + i] = Math.abs(signal[p - finest + i]);
  });
  return deviationOfSizes(sizes);
}
