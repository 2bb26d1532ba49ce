import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { type SampleEstimate, meanOverRanks } from './estimate.js';
import { MatchedKernelDensity } from './matched-kernel-density.js';
import { principalCoordinates } from './principal-coordinates.js';
import { openSamples } from './samples.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link kernelEntropy}. */
export interface KernelEntropyOptions extends CallOptions {
  /**
   * Standard deviation h of the kernels over that of the cloud, 0 to 1. Default: the one that the points are likeliest at,
   * each under the kernels of the others.
   */
  bandwidth?: number;
}

/** An estimate by a kernel density, with the bandwidth it was made at. */
export interface KernelEstimate extends SampleEstimate {
  /** Standard deviation of the kernels over that of the cloud. */
  bandwidth: number;
}

/**
 * Shannon entropy −∫ μ log μ by a kernel density p̂ that leaves one out: Ĥ = −(1/n) Σ log p̂_{−i}(x_i). The kernels are
 * Gaussians of the cloud's own covariance times h², about centres drawn towards the mean by √(1 − h²) so that the whole has
 * the covariance of the cloud.
 *
 * @param points n × d.
 * @returns nats, biased upwards by KL(μ | p̂): little in few dimensions or near a Gaussian, and vanishing as n grows. The
 *   standard error is that of the mean of the n log-densities: the sampling error, without the bias.
 * @throws DEGENERATE_CLOUD where the cloud is flat in some direction (so too where all points coincide); EMPTY_CLOUD for fewer
 *   than 3 points, NON_FINITE, INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * Copies of points bias it downwards: they are likely because of each other. O(n²d) time, O(nd) memory. Source: P. Hall,
 * S. C. Morton, Ann. Inst. Stat. Math. 45 (1993), 69–88; bandwidth: R. P. W. Duin, IEEE Trans. Comput. C-25 (1976).
 */
export async function kernelEntropy(
  points: NdArrayLike,
  options: KernelEntropyOptions = {},
): Promise<KernelEstimate> {
  ({ points } = checkCall(SIGNATURES.kernelEntropy, { points, options }));
  checkBandwidth(options.bandwidth);
  const samples = await openSamples(points, 'points', 3, options, 'spread');
  const { n, d, kernels } = samples;
  const { coordinates, variances } = await principalCoordinates(samples, {
    whiten: true,
    signal: options.signal,
  });
  const density = new MatchedKernelDensity(samples, coordinates, new Float64Array(d).fill(1));
  const likelihood = async (of: MatchedKernelDensity, variance: number, run: CallOptions) => {
    const { logDensity } = await of.leaveOneOut(variance, { logDensity: true }, run);
    const { value } = await meanOverRanks(kernels, of.n, logDensity!.length, (i) => logDensity![i]);
    return value;
  };
  const variance =
    options.bandwidth === undefined
      ? await density.bestVariance(likelihood, 2 / (d + 4), partOf(options, 0, 0.5))
      : options.bandwidth ** 2;
  const { logDensity } = await density.leaveOneOut(variance, { logDensity: true }, partOf(options, 0.5, 1));
  const own = logDensity!.length;
  const { value, standardError } = await meanOverRanks(kernels, n, own, (i) => -logDensity![i]);
  const logScale = variances.reduce((sum, v) => sum + Math.log(v), 0) / 2;
  return { value: value + logScale, standardError, bandwidth: Math.sqrt(variance) };
}

/** Throws INVALID_ARGUMENT unless a bandwidth that is given is above 0 and at most 1. */
export function checkBandwidth(bandwidth: number | undefined): void {
  if (bandwidth === undefined) return;
  if (typeof bandwidth !== 'number' || !(bandwidth > 0 && bandwidth <= 1)) {
    throw invalidArgument('bandwidth', 'a number above 0 and at most 1', bandwidth);
  }
}
