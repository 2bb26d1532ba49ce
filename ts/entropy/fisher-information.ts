import type { NdArray } from '../core/array.js';
import { type CallOptions, partOf } from '../core/options.js';
import { type SampleEstimate, meanWithError } from './estimate.js';
import { type KernelEstimate, type KernelEntropyOptions, checkBandwidth } from './kernel-entropy.js';
import { MatchedKernelDensity } from './matched-kernel-density.js';
import { principalCoordinates } from './principal-coordinates.js';
import { openSamples } from './samples.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Fisher information I[μ] = ∫ |∇log μ|² μ of the measure that a cloud was drawn from. For every field s,
 * I ≥ −E[|s|² + 2 ∇·s], with equality at s = ∇log μ; here s is the score of a kernel density that leaves one out, with the
 * bandwidth h at which the bound is highest. Its error is of second order, E|s − ∇log μ|².
 *
 * The kernels are isotropic, h times as wide as the cloud is where it is narrowest, about centres drawn towards the mean so
 * that the whole has the covariance of the cloud.
 *
 * @param points n × d.
 * @returns 1/length², biased downwards: little in few dimensions or near a Gaussian, and vanishing as n grows. Infinite for
 *   measures with a jump, such as a uniform one: there the estimate grows with n. The standard error is that of the mean over
 *   the points: the sampling error, without the bias. At h = 1 of an isotropic cloud the estimate is tr Σ⁻¹.
 * @throws As `kernelEntropy`.
 *
 * O(n²d) time, O(nd) memory. Source: A. Hyvärinen, J. Mach. Learn. Res. 6 (2005), 695–709, for the bound.
 */
export async function fisherInformation(
  points: NdArray,
  options: KernelEntropyOptions = {},
): Promise<KernelEstimate> {
  checkCall(SIGNATURES.fisherInformation, { points, options });
  checkBandwidth(options.bandwidth);
  const samples = await openSamples(points, 'points', 3, options);
  const { d, kernels } = samples;
  const { coordinates, variances } = await principalCoordinates(samples, {
    whiten: false,
    signal: options.signal,
  });
  const density = new MatchedKernelDensity(kernels, coordinates, variances);
  // Less its standard error: where kernels are so narrow that a few points decide, the highest bound is one by chance.
  const bound = async (of: MatchedKernelDensity, variance: number, run: CallOptions) => {
    const { value, standardError } = await lowerBound(of, variance, run);
    return value - standardError;
  };
  const variance =
    options.bandwidth === undefined
      ? await density.bestVariance(bound, 2 / (d + 6), partOf(options, 0, 0.5))
      : density.largest * options.bandwidth ** 2;
  const estimate = await lowerBound(density, variance, partOf(options, 0.5, 1));
  return { ...estimate, bandwidth: Math.sqrt(variance / density.largest) };
}

/** Mean of −|s|² − 2∇·s. */
async function lowerBound(
  density: MatchedKernelDensity,
  variance: number,
  run: CallOptions,
): Promise<SampleEstimate> {
  const { mean, divergence } = await density.leaveOneOut(variance, { mean: true, divergence: true }, run);
  const points = density.coordinates.data;
  const d = points.length / divergence!.length;
  return meanWithError(divergence!.length, (i) => {
    let square = 0;
    for (let k = i * d; k < (i + 1) * d; k++) square += (mean![k] - points[k]) ** 2;
    return -square / variance ** 2 - 2 * divergence![i];
  });
}
