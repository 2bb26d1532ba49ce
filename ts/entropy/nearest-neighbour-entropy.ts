import type { FloatData } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import type { Kernels } from '../kernel/contract.js';
import { blockCount, errorOverBlocks, ownBlockOf, shuffledRows } from './blocks.js';
import { type SampleEstimate, meanOverRanks, meanWithError } from './estimate.js';
import { neighboursOf, openSamples } from './samples.js';
import { digammaInteger, logUnitBallVolume } from './special.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** An entropy in nats with its standard error. */
export interface EntropyEstimate {
  value: number;
  /** Estimate of the sampling error, without the bias. NaN where the entropy is −Infinity. */
  standardError: number;
}

/** Options of {@link nearestNeighbourEntropy}. */
export interface NearestNeighbourEntropyOptions extends CallOptions {
  /** Which neighbour's distance is used, 1 to n − 1. Default 3, or n − 1 where that is smaller. */
  k?: number;
}

/**
 * Shannon entropy −∫ μ log μ of the measure that a cloud was drawn from, by the distances to the k-th neighbours:
 * Ĥ = ψ(n) − ψ(k) + log V_d + (d/n) Σ log ε_i.
 *
 * @param points n × d, n > k.
 * @returns nats; −Infinity where more than k points coincide somewhere, since the measure then has an atom; of data that
 *   were rounded, estimate after {@link jitter}. The standard
 *   error is that of up to 32 disjoint blocks of at least max(16, 8k) points, by the option `seed`; from fewer than two such
 *   blocks that of independent log-distances, which is some 10 to 30 % too small.
 * @throws EMPTY_CLOUD for fewer than 2 points, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED,
 *   OUT_OF_MEMORY, ABORTED.
 *
 * The estimate is too high where the density changes much within the distance to a neighbour: in high dimension, almost
 * everywhere in a box, or in a cloud that is much narrower in some directions than in others. The standard error knows
 * nothing of that.
 *
 * O(n log n) time for small d, O(n²d) for large; O(nk) memory. Source: L. F. Kozachenko, N. N. Leonenko (1987), with
 * general k as in A. Kraskov, H. Stögbauer, P. Grassberger, Phys. Rev. E 69, 066138 (2004).
 */
export async function nearestNeighbourEntropy(
  points: NdArrayLike,
  options: NearestNeighbourEntropyOptions = {},
): Promise<EntropyEstimate> {
  ({ points } = checkCall(SIGNATURES.nearestNeighbourEntropy, { points, options }));
  const samples = await openSamples(points, 'points', 2, options, 'spread');
  const { kernels, n, d } = samples;
  const k = checkInteger(options.k ?? Math.min(3, n - 1), 'k', 1, n - 1);
  const { distances } = await neighboursOf(samples, k, partOf(options, 0, 0.9));
  const estimate = await entropyOverRanks(kernels, distances, { n, d, k });
  const count = blockCount([n], Math.max(16, 8 * k));
  if (count === 0 || !Number.isFinite(estimate.value)) return estimate;
  const order = shuffledRows(n, options.seed);
  const standardError = await errorOverBlocks(count, async (block) => {
    const part = { ...samples, points: ownBlockOf(samples, order, block, count) };
    const near = await neighboursOf(part, k, { signal: options.signal });
    const rows = Math.floor(n / count);
    return (await entropyOverRanks(kernels, near.distances, { n: rows, d, k })).value;
  });
  await tell(options.onProgress, 1);
  return { value: estimate.value, standardError };
}

/**
 * The same from distances already found, with the standard error of independent log-distances: row i of `distances`, `stride` long, ends its first k entries with ε_i.
 */
export function entropyFromDistances(
  distances: FloatData,
  options: { n: number; d: number; k: number; stride: number },
): EntropyEstimate {
  checkCall(SIGNATURES.entropyFromDistances, { distances, options });
  const { n, k, stride } = options;
  if (k < 1 || k > stride || distances.length < n * stride) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} rows of ${stride} distances with k = ${k} among them`,
    );
  }
  return entropyOf(
    meanWithError(n, (i) => Math.log(distances[i * stride + k - 1])),
    options,
  );
}

/** The same of n points, of which this rank has as many as rows of k distances. */
export async function entropyOverRanks(
  kernels: Kernels,
  distances: FloatData,
  options: { n: number; d: number; k: number },
): Promise<EntropyEstimate> {
  checkCall(SIGNATURES.entropyOverRanks, { kernels, distances, options });
  const { n, k } = options;
  const logs = await meanOverRanks(kernels, n, distances.length / k, (i) =>
    Math.log(distances[i * k + k - 1]),
  );
  return entropyOf(logs, options);
}

function entropyOf(logs: SampleEstimate, { n, d, k }: { n: number; d: number; k: number }): EntropyEstimate {
  return {
    value: digammaInteger(n) - digammaInteger(k) + logUnitBallVolume(d) + d * logs.value,
    standardError: d * logs.standardError,
  };
}
