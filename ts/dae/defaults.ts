import { type NdArray, checkPoints, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';

/** Queries that the rule looks at; the mean over so many is steady to about a percent. */
const QUERIES = 1000;
/** Relative precision of the smoothing that the rule finds. */
const PRECISION = 1e-3;
/** Total noise by default, as a share of the smoothing variance: four fifths of the time that is always free of collapse. */
const NOISE_SHARE = 0.4;

/**
 * The smoothing variance s that the data suggest: the one at which a point's posterior weights
 * w_i ∝ exp(−|x − x_i|²/2s) spread over n^{2/3} points, measured as the exponential of their mean Shannon entropy
 * ("perplexity"). n^{2/3} is how the number of points under an optimal kernel grows in the plane. The rule scales as
 * the square of the data's unit and does not depend on its origin.
 *
 * @throws EMPTY_CLOUD for fewer than 2 points, DEGENERATE_CLOUD where all points coincide, NON_FINITE.
 *
 * About 15 passes of 1000 queries over the cloud: O(nd) time.
 */
export async function defaultSmoothing(points: NdArray, options: CallOptions = {}): Promise<number> {
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const kernels = await kernelsFor(options, dtypeOf(points));
  checkFinite(kernels, points, 'points');
  const scale = totalVariance(points);
  if (scale === 0) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected points that differ, but all ${n} points are the same`,
    );
  }
  const queries = subsample(points, options.seed);
  const target = (2 / 3) * Math.log(n);
  const excess = async (logSmoothing: number) =>
    (await weightEntropy(kernels, queries, asMatrix(points), Math.exp(logSmoothing), options)) - target;

  // The entropy of the weights grows with s, from 0 (only the point itself) to log n (all alike).
  let low = Math.log(scale / d);
  let high = low;
  while ((await excess(high)) < 0) high += 2;
  if (high === low) while (low > high - 80 && (await excess(low)) >= 0) low -= 2;
  while (high - low > PRECISION) {
    const middle = (low + high) / 2;
    if ((await excess(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The total noise variance T by default: 0.4 times the smoothing variance. No measure collapses before half of it. */
export function defaultNoise(smoothing: number): number {
  return NOISE_SHARE * smoothing;
}

/** Sum of the columns' variances. */
export function totalVariance(points: NdArray): number {
  const [n, d] = points.shape;
  let total = 0;
  for (let k = 0; k < d; k++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += points.data[i * d + k];
    mean /= n;
    for (let i = 0; i < n; i++) total += (points.data[i * d + k] - mean) ** 2 / n;
  }
  return total;
}

function subsample(points: NdArray, seed: number | undefined): Matrix {
  const [n, d] = points.shape;
  if (n <= QUERIES) return asMatrix(points);
  const data = points.data.slice(0, QUERIES * d);
  new RandomStream(seed, 'subsample').choose(n, QUERIES).forEach((row, i) => {
    data.set(points.data.subarray(row * d, (row + 1) * d), i * d);
  });
  return { data, rows: QUERIES, columns: d };
}

/** Mean Shannon entropy of the posterior weights of the queries, in nats, from what the score kernel returns. */
async function weightEntropy(
  kernels: Kernels,
  queries: Matrix,
  centres: Matrix,
  variance: number,
  { signal }: CallOptions,
): Promise<number> {
  const { rows, columns: d } = queries;
  const { mean, logDensity, divergence } = await kernels.score(
    { queries, centres, variance, want: { mean: true, logDensity: true, divergence: true } },
    { signal },
  );
  const logNormaliser = Math.log(centres.rows) + (d / 2) * Math.log(2 * Math.PI * variance);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    let shift = 0;
    for (let k = 0; k < d; k++) shift += (mean![i * d + k] - queries.data[i * d + k]) ** 2;
    // Σ w |x − x_i|² = the trace of the posterior covariance + |mean − x|².
    const squaredDistance = variance * (variance * divergence![i] + d) + shift;
    sum += logDensity![i] + logNormaliser + squaredDistance / (2 * variance);
  }
  return sum / rows;
}
