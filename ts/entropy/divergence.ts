import type { FloatData, NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import { blockCount, blockOf, errorOverBlocks, shuffledRows } from './blocks.js';
import { type SampleEstimate } from './estimate.js';
import { type Samples, neighboursOf, openPair } from './samples.js';
import { logGamma } from './special.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link klDivergence}. */
export interface DivergenceOptions extends CallOptions {
  /** Which neighbour's distance is used, from 1 to the number of points in b, and below that in a. Default 5, or as many as there are. */
  k?: number;
}

/** Options of {@link renyiDivergence}. */
export interface RenyiDivergenceOptions extends DivergenceOptions {
  /** Order α > 0, not 1, with |α − 1| < k. */
  order: number;
}

/**
 * Kullback–Leibler divergence ∫ p log(p/q) in nats, from a sample of p and one of q, by the distances ρ_i and ν_i of each
 * point of a to its k-th neighbour in a and in b: D̂ = (d/n) Σ log(ν_i/ρ_i) + log(m/(n − 1)).
 *
 * @param a n × d, drawn from p. @param b m × d, drawn from q, independent of a, of the same dtype.
 * @returns +Infinity where more than k points of a coincide away from b: p has an atom there. The estimate of a small
 *   divergence may be negative. The standard error is that of up to 32 disjoint blocks of both samples, of at least
 *   max(16, 8k) points, by the option `seed`; NaN where two such blocks do not fit.
 * @throws DEGENERATE_CLOUD where k points of b coincide with a point of a; EMPTY_CLOUD for fewer than 2 points, NON_FINITE,
 *   INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * The estimate is consistent wherever p has a density with respect to q, but slowly where q is small: too low where p has
 * mass that b does not reach. O((n + m) log n) time for small d, O(n(n + m)d) for large; O(nk) memory. Source: Q. Wang,
 * S. R. Kulkarni, S. Verdú, IEEE Trans. Inf. Theory 55 (2009), 2392–2405.
 */
export async function klDivergence(
  a: NdArrayLike,
  b: NdArrayLike,
  options: DivergenceOptions = {},
): Promise<SampleEstimate> {
  ({ a, b } = checkCall(SIGNATURES.klDivergence, { a, b, options }));
  return divergence(a, b, options, ({ rho, nu, d, scale }) => {
    let sum = 0;
    for (let i = 0; i < rho.length; i++) sum += Math.log(nu[i] / rho[i]);
    return (d * sum) / rho.length + scale;
  });
}

/**
 * Rényi divergence of order α, log(∫ p^α q^{1−α})/(α − 1) in nats, from samples:
 * ∫ p^α q^{1−α} ≈ B (1/n) Σ [(n − 1)ρ_i^d / (mν_i^d)]^{1−α}, B = Γ(k)²/(Γ(k − α + 1)Γ(k + α − 1)), with the distances of
 * {@link klDivergence}. The Kullback–Leibler divergence is its limit at α = 1; −2 log of the Bhattacharyya coefficient is
 * its value at α = ½.
 *
 * @param a n × d, drawn from p. @param b m × d, drawn from q, independent of a, of the same dtype.
 * @returns As {@link klDivergence}.
 * @throws As {@link klDivergence}; INVALID_ARGUMENT for an order that is not above 0, is 1, or has |α − 1| ≥ k.
 *
 * Cost as {@link klDivergence}. For α well above 1 rare points with p ≫ q decide, and the estimate is noisy. Source:
 * B. Póczos, J. Schneider, On the estimation of α-divergences, AISTATS 2011.
 */
export async function renyiDivergence(
  a: NdArrayLike,
  b: NdArrayLike,
  options: RenyiDivergenceOptions,
): Promise<SampleEstimate> {
  ({ a, b } = checkCall(SIGNATURES.renyiDivergence, { a, b, options }));
  const order = options?.order;
  if (typeof order !== 'number' || !Number.isFinite(order) || order <= 0 || order === 1) {
    throw invalidArgument('order', 'a finite number above 0 other than 1', order);
  }
  return divergence(a, b, options, ({ rho, nu, d, scale, k }) => {
    if (Math.abs(order - 1) >= k) {
      throw invalidArgument('order', `a number within ${k} of 1, the number k of neighbours,`, order);
    }
    const logs = Float64Array.from(rho, (value, i) => (order - 1) * (d * Math.log(nu[i] / value) + scale));
    const constant = 2 * logGamma(k) - logGamma(k - order + 1) - logGamma(k + order - 1);
    return (logMeanExp(logs) + constant) / (order - 1);
  });
}

/** Distances to the k-th neighbours in a and in b. `scale` is log(m/(n − 1)): log p̂/q̂ = d log(ν/ρ) + scale. */
interface Ratios {
  rho: FloatData;
  nu: FloatData;
  d: number;
  k: number;
  scale: number;
}

async function divergence(
  a: NdArray,
  b: NdArray,
  options: DivergenceOptions,
  from: (ratios: Ratios) => number,
): Promise<SampleEstimate> {
  const [p, q] = await openPair([a, 'a'], [b, 'b'], 2, options, { sameDimension: true });
  const most = Math.min(p.n - 1, q.n);
  const k = checkInteger(options.k ?? Math.min(5, most), 'k', 1, most);
  const value = from(await ratiosOf(p, q.points, k, partOf(options, 0, 0.9)));
  const count = blockCount([p.n, q.n], Math.max(16, 8 * k));
  const [pOrder, qOrder] = [shuffledRows(p.n, options.seed, 0), shuffledRows(q.n, options.seed, 1)];
  const standardError = Number.isFinite(value)
    ? await errorOverBlocks(count, async (block) => {
        const part = { ...p, points: blockOf(p.points, pOrder, block, count) };
        return from(
          await ratiosOf(part, blockOf(q.points, qOrder, block, count), k, { signal: options.signal }),
        );
      })
    : NaN;
  await tell(options.onProgress, 1);
  return { value, standardError };
}

async function ratiosOf(
  samples: Pick<Samples, 'kernels' | 'points'>,
  others: NdArray,
  k: number,
  options: CallOptions,
): Promise<Ratios> {
  const [n, d] = samples.points.shape;
  const own = await neighboursOf(samples, k, partOf(options, 0, 0.5));
  const cross = await neighboursOf(samples, k, partOf(options, 0.5, 1), others);
  const last = (values: FloatData) => values.filter((_, at) => at % k === k - 1);
  const [rho, nu] = [last(own.distances), last(cross.distances)];
  const at = nu.indexOf(0);
  if (at >= 0) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected fewer than k = ${k} points of b at a point of a, but there are ${k} at row ${at} of a (counted from 0): ` +
        'drop points that occur more than once, or take a larger k',
      { details: { row: at, k } },
    );
  }
  return { rho, nu, d, k, scale: Math.log(others.shape[0] / (n - 1)) };
}

function logMeanExp(logs: Float64Array): number {
  const largest = logs.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const value of logs) sum += Math.exp(value - largest);
  return largest + Math.log(sum / logs.length);
}
