import { type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import { secondMoments } from './centred.js';

/** What {@link effectiveRank} finds. */
export interface EffectiveRank {
  /** e^H of the spectrum taken as a distribution, 1 to d: O. Roy and M. Vetterli, EUSIPCO 2007, of the covariance. */
  readonly entropyRank: number;
  /** (Σ λ)²/Σ λ², 1 to d: how many equal axes would spread a cloud as much. */
  readonly participationRatio: number;
  /** The min(n, d) largest eigenvalues of the covariance (divided by n), descending, none below 0. */
  readonly spectrum: Float64Array;
}

/**
 * In how many directions a cloud extends, from the eigenvalues λ of its covariance.
 *
 * @param points n × d. @throws EMPTY_CLOUD, INVALID_SHAPE, NON_FINITE, DEGENERATE_CLOUD where all points coincide,
 * UNSUPPORTED, ABORTED. O(ndm + m³) time and O(m² + nm) memory with m = min(n, d).
 */
export async function effectiveRank(points: NdArray, options: CallOptions = {}): Promise<EffectiveRank> {
  checkPoints(points, 'points', { minimum: 2 });
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkFinite(kernels, cloud, 'points');
  const { matrix, size } = await secondMoments(kernels, cloud, options);
  const { values } = await kernels.symmetricEigen(matrix, size);
  const spectrum = values.map((value) => Math.max(value, 0)).reverse();
  const total = spectrum.reduce((sum, value) => sum + value, 0);
  if (!(total > 0))
    throw new RidgeflowError('DEGENERATE_CLOUD', 'Expected points that differ but all of them coincide');
  let entropy = 0;
  let squares = 0;
  for (const value of spectrum) {
    const share = value / total;
    if (share > 0) entropy -= share * Math.log(share);
    squares += share ** 2;
  }
  return { entropyRank: Math.exp(entropy), participationRatio: 1 / squares, spectrum };
}
