import { type FloatData, type NdArray, checkPoints, checkSameDtype, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkPositive } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { DEFAULT_TOLERANCE, checkTolerance } from './tolerance.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link score}. */
export interface ScoreOptions extends CallOptions {
  /** Variance σ² > 0 of the Gaussian around each centre. */
  variance: number;
  /** Non-negative weights of the centres, of any sum above 0; default equal. */
  weights?: FloatData;
  /** Leave-one-out: query i skips centre i. Needs as many queries as centres. */
  excludeSelf?: boolean;
  /**
   * Error ε that is allowed, 0 to 0.1, for every query relative to its own sum of weights, however far from the centres:
   * ε nats in the log-density, εσ in the mean, 4ε/σ² in the divergence, beside rounding. Default 1e-6, in float64 1e-10;
   * 0 is exact to rounding. It is spent where that saves time, on at least some 10⁶ pairs: in d ≤ 16 where σ is small
   * against the cloud, centres of negligible weight are left out; in higher d too, by bounds from leading principal
   * coordinates, where most can be; in d ≤ 3 sums are taken from a grid (a fast Gauss
   * transform). On tfjs nothing is spent.
   */
  tolerance?: number;
  /** What to compute; default all. Leaving out saves time. */
  want?: { mean?: boolean; logDensity?: boolean; divergence?: boolean };
}

/** Results of {@link score}; absent where not wanted. */
export interface ScoreValues {
  /** Posterior means Σ_j r_ij c_j, n × d: the DAE map of the cloud. The score is (mean − x)/σ². */
  mean?: NdArray;
  /** log p(x_i), nats. */
  logDensity?: FloatData;
  /** Δ log p(x_i), the divergence of the score. */
  divergence?: FloatData;
}

const ALL = { mean: true, logDensity: true, divergence: true };

/**
 * The Gaussian kernel density p(x) = Σ_j w_j N(x; c_j, σ²I) of a weighted cloud, seen from queries: posterior mean,
 * log-density and divergence of the score, in one pass.
 *
 * @param queries n × d. @param centres m × d, of the same dtype.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, INVALID_ARGUMENT, UNSUPPORTED (float64 on tfjs), ABORTED.
 *
 * O(nmd) time at most; with a tolerance near O((n + m) log(n + m)) in d ≤ 3, wherever σ is not far below the distance of
 * neighbours or far above it. Memory beside the results is linear in n + m. Where all weights of a query vanish, its mean is the query
 * itself, its log-density −∞ and its divergence 0.
 *
 * Rounding: log-weights |x − c|²/2σ² are rounded by half an ε of their own size, which shows where a query is far from every
 * centre that weighs in it, or in thousands of dimensions. Queries whose mean or divergence that would move by more than some
 * 2e-4 σ or d/σ² in float32 (1e-8 in float64) are computed again in float64, from differences, however far they are: a few times
 * slower, and one by one beyond some 10⁴σ. What leaves the range of the dtype, a log-density below −3.4e38 or a divergence −d/σ² of σ² below 3e-39 d in float32, is infinite.
 */
export async function score(
  queries: NdArrayLike,
  centres: NdArrayLike,
  options: ScoreOptions,
): Promise<ScoreValues> {
  ({ queries, centres } = checkCall(SIGNATURES.score, { queries, centres, options }));
  const { n, d } = checkPoints(queries, 'queries', { minimum: 0 });
  const { n: m } = checkPoints(centres, 'centres', { minimum: 0, dimension: d });
  checkSameDtype(queries, 'queries', centres, 'centres');
  const variance = checkPositive(options?.variance, 'variance');
  if (options.excludeSelf && queries.shape[0] !== m) {
    throw invalidArgument(
      'excludeSelf',
      'as many queries as centres',
      `${queries.shape[0]} queries, ${m} centres`,
    );
  }
  const tolerance = checkTolerance(options.tolerance, 'tolerance') ?? DEFAULT_TOLERANCE[dtypeOf(queries)];
  const kernels = await kernelsFor(options, dtypeOf(queries), 'spread');
  await placeOf(kernels, n, 'queries');
  await placeOf(kernels, m, 'centres');
  checkFinite(kernels, queries, 'queries');
  if (centres.data !== queries.data) checkFinite(kernels, centres, 'centres');
  const { mean, logDensity, divergence } = await kernels.score(
    {
      queries: asMatrix(queries),
      centres: asMatrix(centres),
      logWeights: options.weights && (await logOfNormalised(kernels, options.weights, centres)),
      variance,
      excludeSelf: options.excludeSelf,
      tolerance,
      want: options.want ?? ALL,
    },
    options,
  );
  return { mean: mean && { data: mean, shape: queries.shape }, logDensity, divergence };
}

/** log(w_j / Σw), in the dtype of the centres. */
async function logOfNormalised(kernels: Kernels, weights: FloatData, centres: NdArray): Promise<FloatData> {
  const m = centres.shape[0];
  if (weights.length !== m) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${m} weights, one for each centre, but received ${weights.length}`,
    );
  }
  let sum = 0;
  for (let j = 0; j < m; j++) {
    if (!(weights[j] >= 0) || weights[j] === Infinity) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected finite weights of at least 0 but received ${weights[j]} at position ${j}`,
      );
    }
    sum += weights[j];
  }
  [sum] = await totalsOf(kernels, sum);
  if (sum === 0)
    throw new RidgeflowError('INVALID_ARGUMENT', 'Expected a weight above 0 but all weights are 0');
  const logs = centres.data.slice(0, m);
  for (let j = 0; j < m; j++) logs[j] = Math.log(weights[j] / sum);
  return logs;
}
