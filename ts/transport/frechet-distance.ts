import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, throwIfAborted, tell } from '../core/options.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { placeOf } from '../kernel/whole.js';
import { checkClouds } from './arguments.js';
import { type MeanAndCovariance, squaredDistance } from './gaussian-wasserstein.js';
import { scaledClouds } from './scale.js';
import { SymmetricMatrices } from './symmetric-matrices.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * The Fréchet distance between two clouds: the Wasserstein distance of order 2 between the Gaussians with their means and
 * (unbiased) covariances, which may be singular. A lower bound of W₂ between the clouds, as good as they are alike up to an
 * affine map. Its square is what is called FID where the points are features of a network.
 *
 * @param a n × d, n ≥ 2. @param b m × d, of the same dtype.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT, NON_FINITE, UNSUPPORTED, ABORTED.
 *
 * O((n + m)d² + d³) time, O(d²) memory. Of finite clouds it is biased upwards, by about √(d²/n) standard deviations where
 * they are alike. Source: M. Heusel et al., NeurIPS 2017.
 */
export async function frechetDistance(
  a: NdArrayLike,
  b: NdArrayLike,
  options: CallOptions = {},
): Promise<number> {
  ({ a, b } = checkCall(SIGNATURES.frechetDistance, { a, b, options }));
  const { n: own, m: other, d } = checkClouds(a, b, 0);
  throwIfAborted(options.signal);
  const { kernels, from, to, unit } = await scaledClouds(a, b, options, undefined, 'spread');
  const { total: n } = await placeOf(kernels, own, 'a');
  const { total: m } = await placeOf(kernels, other, 'b');
  if (Math.min(n, m) < 2) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected at least 2 points in each cloud but received ${n} and ${m}`,
    );
  }
  const [left, right] = [await moments(kernels, from, n, options), await moments(kernels, to, m, options)];
  const matrices = new SymmetricMatrices(kernels, d, options);
  const square = await squaredDistance(matrices, left, await matrices.root(left.covariance), right);
  await tell(options.onProgress, 1);
  return unit * Math.sqrt(square);
}

async function moments(
  kernels: Kernels,
  points: Matrix,
  n: number,
  { signal }: CallOptions,
): Promise<MeanAndCovariance> {
  const { mean, covariance } = await kernels.covariance(points, { signal });
  return { mean, covariance: covariance.map((value) => (value * n) / (n - 1)) };
}
