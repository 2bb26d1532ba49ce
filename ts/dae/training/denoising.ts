import { type NdArray, allocate, dtypeOf, toDtype } from '../../core/array.js';
import { type CallOptions, checkPositive } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { meanWithError } from '../../entropy/estimate.js';
import type { AnyTrainedDae } from './kind.js';

/** Points, as noise corrupts them and as a map brings them back. */
export interface Denoising {
  /** Row numbers of the points. */
  readonly rows: readonly number[];
  readonly clean: NdArray;
  /** The corrupted points, then where each layer brings them; those of a stack are decoded. */
  readonly trajectory: readonly NdArray[];
  /** Root mean squared distance from the clean points, before the first layer and after each. */
  readonly errors: readonly number[];
  /** Standard error of the change from the first of the errors to the last, both being of the same points. */
  readonly changeError: number;
}

/**
 * Corrupts at most `sample` of the points by N(0, noise · I) that training has not seen, and follows them through the
 * layers. Throws as the map. O(sample · m · d) time for each layer.
 */
export async function followDenoising(
  dae: AnyTrainedDae,
  points: NdArray,
  { noise, sample, ...options }: CallOptions & { noise: number; sample: number },
): Promise<Denoising> {
  checkPositive(noise, 'noise');
  const [n, d] = points.shape;
  const rows = [...new RandomStream(options.seed, 'subsample').choose(n, Math.min(n, sample)).sort()];
  const given = toDtype(points, options.dtype);
  const dtype = dtypeOf(given);
  const clean: NdArray = { data: allocate(dtype, rows.length * d), shape: [rows.length, d] };
  rows.forEach((row, i) => clean.data.set(given.data.subarray(row * d, (row + 1) * d), i * d));
  const corrupted: NdArray = { data: allocate(dtype, clean.data.length), shape: clean.shape };
  new RandomStream(options.seed, 'probe').fillNormal(corrupted.data);
  for (let at = 0; at < corrupted.data.length; at++)
    corrupted.data[at] = clean.data[at] + Math.sqrt(noise) * corrupted.data[at];
  const call = { ...options, onProgress: undefined };
  const trajectory =
    'trajectory' in dae
      ? await dae.trajectory(corrupted, call)
      : [corrupted, await dae.apply(corrupted, call)];
  const squares = trajectory.map((cloud) => squaredDistances(cloud, clean));
  const errors = squares.map((all) => Math.sqrt(all.reduce((sum, square) => sum + square, 0) / rows.length));
  const changeError = errorOfChange(squares[0], squares[squares.length - 1]);
  return { rows, clean, trajectory, errors, changeError };
}

/** |x − y|² of every row. */
function squaredDistances({ data, shape: [n, d] }: NdArray, { data: from }: NdArray): Float64Array {
  const squares = new Float64Array(n);
  for (let at = 0; at < data.length; at++) squares[Math.floor(at / d)] += (data[at] - from[at]) ** 2;
  return squares;
}

/**
 * Standard error of the difference of two roots of means over the same points, to first order: that of the mean of
 * b/2√b̄ − a/2√ā. NaN for one point.
 */
export function errorOfChange(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  const scaleOf = (squares: Float64Array) => {
    const mean = squares.reduce((sum, square) => sum + square, 0) / n;
    return mean > 0 ? 1 / (2 * Math.sqrt(mean)) : 0;
  };
  const [left, right] = [scaleOf(a), scaleOf(b)];
  return meanWithError(n, (i) => right * b[i] - left * a[i]).standardError;
}
