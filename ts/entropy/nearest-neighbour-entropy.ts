import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { kernelsFor } from '../kernel/backend.js';
import { digammaInteger, logUnitBallVolume } from './special.js';

/** An entropy in nats with its standard error. */
export interface EntropyEstimate {
  value: number;
  /**
   * Standard deviation of the mean of the log-distances, times d: an estimate of the sampling error, without the bias.
   * NaN where the entropy is −Infinity.
   */
  standardError: number;
}

/**
 * Shannon entropy −∫ μ log μ of the measure that a cloud was drawn from, by the distances to the k-th neighbours:
 * Ĥ = ψ(n) − ψ(k) + log V_d + (d/n) Σ log ε_i.
 *
 * @param points n × d, n > k.
 * @param options `k`, 1 to n − 1, default 3 (or n − 1 where that is smaller).
 * @returns nats; −Infinity where more than k points coincide somewhere, since the measure then has an atom.
 * @throws EMPTY_CLOUD for fewer than 2 points, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, ABORTED.
 *
 * The estimate is too high where the density changes much within the distance to a neighbour: in high dimension, almost
 * everywhere in a box, or in a cloud that is much narrower in some directions than in others.
 *
 * O(n log n) time for small d, O(n²d) for large; O(nk) memory. Source: L. F. Kozachenko, N. N. Leonenko (1987), with
 * general k as in A. Kraskov, H. Stögbauer, P. Grassberger, Phys. Rev. E 69, 066138 (2004).
 */
export async function nearestNeighbourEntropy(
  points: NdArray,
  options: CallOptions & { k?: number } = {},
): Promise<EntropyEstimate> {
  const { n } = checkPoints(points, 'points', { minimum: 2 });
  const k = checkInteger(options.k ?? Math.min(3, n - 1), 'k', 1, n - 1);
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkFinite(kernels, cloud, 'points');
  const { distances } = await kernels.nearestNeighbours(
    { queries: asMatrix(cloud), points: asMatrix(cloud), k, excludeSelf: true },
    options,
  );
  return entropyFromDistances(distances, { n, d: points.shape[1], k, stride: k });
}

/**
 * The same from distances already found: row i of `distances`, `stride` long, ends its first k entries with ε_i.
 */
export function entropyFromDistances(
  distances: FloatData,
  { n, d, k, stride }: { n: number; d: number; k: number; stride: number },
): EntropyEstimate {
  if (k < 1 || k > stride || distances.length < n * stride) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} rows of ${stride} distances with k = ${k} among them`,
    );
  }
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const log = Math.log(distances[i * stride + k - 1]);
    sum += log;
    squares += log * log;
  }
  const mean = sum / n;
  const variance = Math.max(0, squares / n - mean * mean);
  return {
    value: digammaInteger(n) - digammaInteger(k) + logUnitBallVolume(d) + d * mean,
    standardError: d * Math.sqrt(variance / n),
  };
}
