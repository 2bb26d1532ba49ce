import { allocate, dtypeOf } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import { checkImage } from './finite-ridgelet.js';
import { mirrored } from './finite-radon.js';
import {
  type Denoising,
  type ThresholdOptions,
  checkThreshold,
  deviationOfSizes,
  shrink,
  universalThreshold,
} from './threshold.js';
import { type WaveletName, waveletFilters } from './wavelet.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link denoiseByWavelets}. */
export interface WaveletDenoisingOptions extends CallOptions, ThresholdOptions {
  /** Default 'symlet8'. */
  wavelet?: WaveletName;
  /** Levels of the pyramid, 1 to 20. Default: as many as leave eight or more coarse values along the shorter side. */
  levels?: number;
  /** Cycle spinning: the mean over this many shifts of the image along its diagonal. Default 8. */
  shifts?: number;
}

/** Coefficients of an image's pyramid: rows × columns in float64, both multiples of 2^levels. */
interface Pyramid {
  data: Float64Array;
  rows: number;
  columns: number;
}

/**
 * Takes white noise out of an image by thresholding the coefficients of its two-dimensional orthonormal wavelet pyramid:
 * what finite ridgelets compare with. Best on points and smooth parts; along edges it needs many coefficients. The image
 * is mirrored to multiples of 2^levels.
 *
 * @throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE, OUT_OF_MEMORY, ABORTED. O(pixels · shifts · taps) time, in float64.
 *
 * Source: S. Mallat, IEEE Trans. Pattern Anal. Mach. Intell. 11 (1989) 674; D. L. Donoho, I. M. Johnstone, Biometrika 81
 * (1994) 425; R. R. Coifman, D. L. Donoho, Wavelets and Statistics (1995) 125.
 */
export async function denoiseByWavelets(
  image: NdArrayLike,
  options: WaveletDenoisingOptions = {},
): Promise<Denoising> {
  ({ image } = checkCall(SIGNATURES.denoiseByWavelets, { image, options }));
  const [rows, columns] = checkImage(image);
  checkThreshold(options);
  const { rule = 'hard', wavelet = 'symlet8' } = options;
  const filters = waveletFilters(wavelet);
  const most = Math.max(1, Math.floor(Math.log2(Math.min(rows, columns))) - 3);
  const levels = checkInteger(options.levels ?? most, 'levels', 1, 20);
  const shifts = checkInteger(options.shifts ?? 8, 'shifts', 1, 1024);
  const kernels = await kernelsFor(options);
  checkFinite(kernels, image, 'image');
  const unit = 2 ** levels;
  const [down, across] = [Math.ceil(rows / unit) * unit, Math.ceil(columns / unit) * unit];
  const pace = new Pace(options, 2 * shifts * levels);
  const sum = allocate('float64', rows * columns, 'an image');
  let { noise, threshold } = options;
  let kept = 0;
  for (let s = 0; s < shifts; s++) {
    const pyramid = { data: new Float64Array(down * across), rows: down, columns: across };
    const place = (r: number, c: number) => ((r + s) % down) * across + ((c + s) % across);
    for (let r = 0; r < down; r++) {
      const row = mirrored(r, rows) * columns;
      for (let c = 0; c < across; c++) pyramid.data[place(r, c)] = image.data[row + mirrored(c, columns)];
    }
    for (let level = 0; level < levels; level++) {
      await forEachLine(pyramid, level, pace, (line) => analyse(line, filters));
    }
    noise ??= deviationOfSizes(finestDetails(pyramid));
    threshold ??= universalThreshold(noise, rows * columns);
    kept += shrinkDetails(pyramid, levels, threshold, rule);
    for (let level = levels - 1; level >= 0; level--) {
      await forEachLine(pyramid, level, pace, (line) => synthesise(line, filters));
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) sum[r * columns + c] += pyramid.data[place(r, c)] / shifts;
    }
  }
  await pace.finish();
  const data = allocate(options.dtype ?? dtypeOf(image), sum.length, 'an image');
  data.set(sum);
  const details = down * across * (1 - 4 ** -levels);
  return {
    image: { data, shape: [rows, columns] },
    noise: noise!,
    threshold: threshold!,
    kept: kept / shifts / details,
  };
}

type Filters = ReturnType<typeof waveletFilters>;

/** Replaces every row, then every column, of what the level works on. */
async function forEachLine(
  { data, rows, columns }: Pyramid,
  level: number,
  pace: Pace,
  change: (line: Float64Array) => Float64Array,
): Promise<void> {
  const [height, width] = [rows / 2 ** level, columns / 2 ** level];
  const line = new Float64Array(width);
  for (let r = 0; r < height; r++) {
    line.set(data.subarray(r * columns, r * columns + width));
    data.set(change(line), r * columns);
    await pace.tick(0.5 / height);
  }
  const column = new Float64Array(height);
  for (let c = 0; c < width; c++) {
    for (let r = 0; r < height; r++) column[r] = data[r * columns + c];
    const changed = change(column);
    for (let r = 0; r < height; r++) data[r * columns + c] = changed[r];
    await pace.tick(0.5 / width);
  }
}

/** Coarse values, then details, of a periodic line of even length. */
function analyse(line: Float64Array, [low, high]: Filters): Float64Array {
  const half = line.length / 2;
  const out = new Float64Array(line.length);
  for (let i = 0; i < half; i++) {
    for (let m = 0; m < low.length; m++) {
      const value = line[(2 * i + m) % line.length];
      out[i] += low[m] * value;
      out[half + i] += high[m] * value;
    }
  }
  return out;
}

function synthesise(line: Float64Array, [low, high]: Filters): Float64Array {
  const half = line.length / 2;
  const out = new Float64Array(line.length);
  for (let i = 0; i < half; i++) {
    for (let m = 0; m < low.length; m++) {
      out[(2 * i + m) % line.length] += low[m] * line[i] + high[m] * line[half + i];
    }
  }
  return out;
}

/** Sizes of the finest details across both directions: the least of the image is in them. */
function finestDetails({ data, rows, columns }: Pyramid): Float64Array {
  const sizes: Float64Array[] = [];
  for (let r = rows / 2; r < rows; r++) {
    sizes.push(data.subarray(r * columns + columns / 2, (r + 1) * columns).map(Math.abs));
  }
  const all = new Float64Array((rows / 2) * (columns / 2));
  sizes.forEach((row, i) => all.set(row, i * row.length));
  return all;
}

/** Thresholds all but the coarse values; returns how many are left. */
function shrinkDetails(
  { data, rows, columns }: Pyramid,
  levels: number,
  threshold: number,
  rule: 'hard' | 'soft',
): number {
  const [height, width] = [rows / 2 ** levels, columns / 2 ** levels];
  let kept = 0;
  for (let r = 0; r < rows; r++) {
    kept += shrink(data.subarray(r * columns + (r < height ? width : 0), (r + 1) * columns), threshold, rule);
  }
  return kept;
}
