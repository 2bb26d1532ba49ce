import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, tell } from '../core/options.js';
import { type SampleEstimate, meanOverRanks } from './estimate.js';
import { principalCoordinates } from './principal-coordinates.js';
import { openSamples } from './samples.js';
import { digamma } from './special.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Entropy of the Gaussian with the covariance of a cloud: ½ log det 2πeΣ, without the bias of log det of a sample's
 * covariance, which is known exactly for a Gaussian. Of all measures with that covariance the Gaussian has the largest
 * entropy: an upper bound for any other.
 *
 * @param points n × d, n > d.
 * @returns nats. The standard error is by the delta method: the standard deviation over the points of half their squared
 *   Mahalanobis distance, over √n. It holds for any measure with four moments.
 * @throws DEGENERATE_CLOUD where the cloud is flat in some direction; EMPTY_CLOUD for fewer than d + 1 points, NON_FINITE,
 *   INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * O(nd² + d³) time, O(nd) memory. Source: N. Misra, H. Singh, E. Demchuk, J. Multivar. Anal. 92 (2005), 324–342.
 */
export async function gaussianEntropy(
  points: NdArrayLike,
  options: CallOptions = {},
): Promise<SampleEstimate> {
  ({ points } = checkCall(SIGNATURES.gaussianEntropy, { points, options }));
  const samples = await openSamples(points, 'points', 2, options, 'spread');
  const { n, d, kernels } = samples;
  if (n <= d) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected more points than dimensions, ${d}, for points but received ${n}: a smaller cloud is flat`,
      { details: { parameter: 'points', points: n } },
    );
  }
  const { coordinates, variances } = await principalCoordinates(samples, {
    whiten: true,
    signal: options.signal,
  });
  // n·S has a Wishart law with n − 1 degrees of freedom: E log det nS = log det Σ + Σ_j [ψ((n − j)/2) + log 2].
  let value = (d / 2) * Math.log(2 * Math.PI * Math.E);
  for (let j = 0; j < d; j++) {
    value += (Math.log(n * variances[j]) - digamma((n - 1 - j) / 2) - Math.LN2) / 2;
  }
  const [own] = coordinates.shape;
  const squares = new Float64Array(own);
  if (own > 0) kernels.squaredRowLengths(coordinates.data, d, squares);
  const { standardError } = await meanOverRanks(kernels, n, own, (i) => squares[i] / 2);
  await tell(options.onProgress, 1);
  return { value, standardError };
}
