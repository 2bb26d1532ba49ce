import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions } from '../core/options.js';
import { type CloudSpectrum, cloudMoments, spectrumOf } from './moments.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

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
export async function effectiveRank(points: NdArrayLike, options: CallOptions = {}): Promise<EffectiveRank> {
  ({ points } = checkCall(SIGNATURES.effectiveRank, { points, options }));
  return rankOf(await spectrumOf(await cloudMoments(points, options)));
}

/** {@link effectiveRank} of a spectrum that is known. O(m). */
export function rankOf({ values: spectrum }: CloudSpectrum): EffectiveRank {
  const total = spectrum.reduce((sum, value) => sum + value, 0);
  let entropy = 0;
  let squares = 0;
  for (const value of spectrum) {
    const share = value / total;
    if (share > 0) entropy -= share * Math.log(share);
    squares += share ** 2;
  }
  return { entropyRank: Math.exp(entropy), participationRatio: 1 / squares, spectrum };
}
