import type { NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import { blockCount, blockOf, errorOverBlocks, shuffledRows } from './blocks.js';
import { type SampleEstimate, meanWithError } from './estimate.js';
import { roundingOf } from './rounding.js';
import { type Samples, neighboursOf, openSamples } from './samples.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Half of the points are at least so many steps of a grid from their first neighbour where its rounding is left alone. */
const STEPS = 8;
/** Points of a part, at least, in which rounded points are looked at. */
const LEAST_PART = 64;

/** An intrinsic dimension, and of how many points it is the estimate: those that coincide with another are left out. */
export interface DimensionEstimate extends SampleEstimate {
  points: number;
}

/** Options of {@link twoNearestNeighbourDimension}. */
export interface TwoNearestNeighbourOptions extends CallOptions {
  /** Share of the largest ratios that is not looked at, 0 to 0.9. Default 0.1, as in the paper. */
  discard?: number;
  /**
   * `likelihood` (the default): maximum likelihood with the discarded ratios as censored; `regression`: the slope through
   * the origin of −log(1 − F(μ)) against log μ, as in the paper, which is noisier.
   */
  fit?: 'likelihood' | 'regression';
}

/**
 * Intrinsic dimension of the set that a cloud was drawn from, by the ratios μ_i of the distances to the second and the first
 * neighbour: whatever the density, as long as it is nearly constant up to the second neighbour, P(μ > x) = x^{−d}. The most
 * local of the estimators, and so the least biased by curvature and boundaries; noise of the points counts as dimension.
 *
 * @param points n × D, n ≥ 3. Points that coincide with another are left out. Points rounded to a grid whose step is not small
 *   beside the distances of neighbours are estimated in disjoint parts, whose points are farther apart: at most D then.
 * @returns The standard error is that of up to 32 disjoint blocks of at least 16 points, by the option `seed` (in a block the
 *   neighbours are farther away); from fewer than two that of independent ratios.
 * @throws DEGENERATE_CLOUD where fewer than 3 points are left, or the step of a grid is too coarse for parts of 64 points; EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE,
 *   INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * O(n log n) time for D ≤ 10, O(n²D) above; O(n) memory. Source: E. Facco, M. d'Errico, A. Rodriguez, A. Laio, Sci. Rep. 7,
 * 12140 (2017); censoring: F. Denti, D. Doimo, A. Laio, A. Mira, Sci. Rep. 12, 20005 (2022).
 */
export async function twoNearestNeighbourDimension(
  points: NdArrayLike,
  options: TwoNearestNeighbourOptions = {},
): Promise<DimensionEstimate> {
  ({ points } = checkCall(SIGNATURES.twoNearestNeighbourDimension, { points, options }));
  const { discard = 0.1, fit = 'likelihood' } = options;
  if (typeof discard !== 'number' || !(discard >= 0 && discard <= 0.9)) {
    throw invalidArgument('discard', 'a number from 0 to 0.9', discard);
  }
  if (fit !== 'likelihood' && fit !== 'regression') {
    throw invalidArgument('fit', "'likelihood' or 'regression'", fit);
  }
  return dimensionOf(points, 2, options, (distances) =>
    twoNeighbourDimension(distances, { stride: 2, discard, fit }),
  );
}

/**
 * The same from distances already found, with the standard error of independent ratios: each row of `distances`, `stride`
 * long, begins with those to the first and the second neighbour.
 */
export function twoNeighbourDimension(
  distances: ArrayLike<number>,
  {
    stride,
    discard = 0.1,
    fit = 'likelihood',
  }: Pick<TwoNearestNeighbourOptions, 'discard' | 'fit'> & { stride: number },
): DimensionEstimate {
  const logs: number[] = [];
  for (let i = 0; i < distances.length; i += stride) {
    if (distances[i] > 0) logs.push(Math.log(distances[i + 1] / distances[i]));
  }
  logs.sort((a, b) => a - b);
  const kept = Math.max(2, Math.floor((1 - discard) * logs.length));
  const value = fit === 'likelihood' ? censoredRate(logs, kept) : slope(logs, kept);
  return { value, standardError: value / Math.sqrt(kept), points: logs.length };
}

/** Unbiased rate of an exponential law from the `kept` smallest of its ordered values. */
function censoredRate(logs: readonly number[], kept: number): number {
  let sum = 0;
  for (let i = 0; i < kept; i++) sum += logs[i];
  return (kept - 1) / (sum + (logs.length - kept) * logs[kept - 1]);
}

/** The slope through the origin of −log(1 − i/n) against the i-th ordered value, i from 1: never the last, where it is infinite. */
function slope(logs: readonly number[], kept: number): number {
  let [products, squares] = [0, 0];
  for (let i = 0; i < Math.min(kept, logs.length - 1); i++) {
    products -= logs[i] * Math.log1p(-(i + 1) / logs.length);
    squares += logs[i] ** 2;
  }
  return products / squares;
}

/** Options of {@link maximumLikelihoodDimension}. */
export interface MaximumLikelihoodDimensionOptions extends CallOptions {
  /** Neighbours of each point, 2 to n − 1. Default 10, or n − 1 where that is smaller. */
  k?: number;
}

/**
 * Intrinsic dimension by maximum likelihood of the distances T_1 ≤ … ≤ T_k from each point to its neighbours, as of a
 * Poisson process that is homogeneous about the point: 1/d̂ is the mean over points and j < k of log(T_k/T_j), which is the
 * joint maximum of the likelihood (the mean of the d̂ of single points is biased).
 *
 * @param points n × D, n ≥ 3. Points that coincide with another are left out. Points rounded to a grid whose step is not small
 *   beside the distances of neighbours are estimated in disjoint parts, whose points are farther apart: at most D then.
 * @returns The standard error is that of up to 32 disjoint blocks of at least 8k points, by the option `seed` (in a block the
 *   neighbours are farther away); from fewer than two that of independent points, by the delta method.
 * @throws DEGENERATE_CLOUD where fewer than 3 points are left, or the step of a grid is too coarse for parts of 64 points; EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE,
 *   INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * A large k lowers the variance and makes the estimate less local: near a boundary it is too low. O(n log n) time for D ≤ 10,
 * O(n²D) above; O(nk) memory. Source: E. Levina, P. J. Bickel, NIPS 17 (2004), with the average of D. J. C. MacKay,
 * Z. Ghahramani (2005).
 */
export async function maximumLikelihoodDimension(
  points: NdArrayLike,
  options: MaximumLikelihoodDimensionOptions = {},
): Promise<DimensionEstimate> {
  ({ points } = checkCall(SIGNATURES.maximumLikelihoodDimension, { points, options }));
  const n = points?.shape?.[0] ?? 0;
  const k = checkInteger(options.k ?? Math.max(2, Math.min(10, n - 1)), 'k', 2, Math.max(2, n - 1));
  return dimensionOf(points, k, options, (distances) => {
    let [count, sum, squares] = [0, 0, 0];
    for (let row = 0; row < distances.length; row += k) {
      if (!(distances[row] > 0)) continue;
      let logs = 0;
      for (let j = 0; j < k - 1; j++) logs += Math.log(distances[row + k - 1] / distances[row + j]);
      count += 1;
      sum += logs / (k - 1);
      squares += (logs / (k - 1)) ** 2;
    }
    const mean = sum / count;
    const variance = Math.max(0, squares / count - mean * mean);
    // 1/x is convex: its mean over samples is above its value at the mean, by this factor to first order.
    const value = (1 - 1 / (count * (k - 1))) / mean;
    return { value, standardError: (value / mean) * Math.sqrt(variance / count), points: count };
  });
}

/** An estimate from the distances of each point to its k neighbours, with the standard error over blocks. */
async function dimensionOf(
  points: NdArray,
  k: number,
  options: CallOptions,
  from: (distances: Float32Array | Float64Array) => DimensionEstimate,
): Promise<DimensionEstimate> {
  const samples = await openSamples(points, 'points', 3, options);
  const of = async (part: Pick<Samples, 'kernels' | 'points'>, run: CallOptions) =>
    from((await neighboursOf(part, k, run)).distances);
  const { distances } = await neighboursOf(samples, k, partOf(options, 0, 0.9));
  const step = roundingOf(samples.points);
  if (step > 0 && medianFirst(distances, k) < STEPS * step)
    return roundedDimension(samples, k, step, options, from);
  const estimate = from(distances);
  if (estimate.points < 3 || !Number.isFinite(estimate.value)) throw degenerate(estimate.points);
  const count = blockCount([estimate.points], Math.max(16, 8 * k));
  if (count === 0) return estimate;
  const order = shuffledRows(samples.n, options.seed);
  const standardError = await errorOverBlocks(count, async (block) => {
    const part = { ...samples, points: blockOf(samples.points, order, block, count) };
    return (await of(part, { signal: options.signal })).value;
  });
  await tell(options.onProgress, 1);
  return {
    ...estimate,
    standardError: Number.isFinite(standardError) ? standardError : estimate.standardError,
  };
}

/** The mean over the fewest disjoint parts whose points are so far apart that their rounding does not matter. */
async function roundedDimension(
  samples: Samples,
  k: number,
  step: number,
  options: CallOptions,
  from: (distances: Float32Array | Float64Array) => DimensionEstimate,
): Promise<DimensionEstimate> {
  const order = shuffledRows(samples.n, options.seed);
  const distancesOf = async (part: number, count: number) => {
    const points = blockOf(samples.points, order, part, count);
    return (await neighboursOf({ ...samples, points }, k, { signal: options.signal })).distances;
  };
  const least = Math.max(LEAST_PART, 8 * k);
  for (let count = 2; Math.floor(samples.n / count) >= least; count *= 2) {
    if (medianFirst(await distancesOf(0, count), k) < STEPS * step) continue;
    const parts: DimensionEstimate[] = [];
    for (let part = 0; part < count; part++) parts.push(from(await distancesOf(part, count)));
    const { value, standardError } = meanWithError(count, (part) => parts[part].value);
    if (!Number.isFinite(value)) break;
    await tell(options.onProgress, 1);
    return {
      value: Math.min(value, samples.d),
      standardError,
      points: parts.reduce((sum, { points }) => sum + points, 0),
    };
  }
  throw new RidgeflowError(
    'DEGENERATE_CLOUD',
    `Expected points that are farther from their neighbours than the grid they were rounded to but its step is ${Number(step.toPrecision(4))}: ` +
      "add noise of the rounding's width with `jitter`, whose dimension counts where the points lie closer than that",
    { details: { step } },
  );
}

/** Median of the distances to the first neighbour. */
function medianFirst(distances: ArrayLike<number>, k: number): number {
  const first = Float64Array.from({ length: distances.length / k }, (_, i) => distances[i * k]).sort();
  return first[first.length >> 1];
}

function degenerate(left: number): RidgeflowError {
  return new RidgeflowError(
    'DEGENERATE_CLOUD',
    `Expected at least 3 points that coincide with no other and whose neighbours are not all as far, but there are ${left}: ` +
      "drop points that occur more than once, or where they were rounded add noise of the rounding's width with `jitter`",
    { details: { points: left } },
  );
}
