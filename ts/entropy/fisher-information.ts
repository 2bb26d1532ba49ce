import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { type SampleEstimate, meanOverRanks } from './estimate.js';
import { type KernelEstimate, type KernelEntropyOptions, checkBandwidth } from './kernel-entropy.js';
import { MatchedKernelDensity } from './matched-kernel-density.js';
import { principalCoordinates } from './principal-coordinates.js';
import { type Samples, openSamples } from './samples.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Fisher information I[μ] = ∫ |∇log μ|² μ of the measure that a cloud was drawn from. For every field s,
 * I ≥ −E[|s|² + 2 ∇·s], with equality at s = ∇log μ; here s is the score of a kernel density that leaves one out, with the
 * bandwidth h at which the bound is highest. Its error is of second order, E|s − ∇log μ|².
 *
 * Kernels of two shapes are tried, and the higher bound is taken: isotropic ones, h times as wide as the cloud is where it is
 * narrowest, and ones of the cloud's own covariance times h², for columns of different scales. Their centres are drawn towards
 * the mean so that the whole has the covariance of the cloud.
 *
 * @param points n × d.
 * @returns 1/length², biased downwards: little in few dimensions or near a Gaussian, and vanishing as n grows; never below
 *   tr Σ⁻¹, the least that a measure of the cloud's covariance has (Cramér and Rao), which is the estimate at h = 1. Infinite
 *   for measures with a jump, such as a uniform one: there the estimate grows with n. The standard error is that of the mean
 *   over the points: the sampling error, without the bias.
 * @throws As `kernelEntropy`.
 *
 * O(n²d) time, O(nd) memory. Source: A. Hyvärinen, J. Mach. Learn. Res. 6 (2005), 695–709, for the bound.
 */
export async function fisherInformation(
  points: NdArrayLike,
  options: KernelEntropyOptions = {},
): Promise<KernelEstimate> {
  ({ points } = checkCall(SIGNATURES.fisherInformation, { points, options }));
  const { bandwidth } = options;
  checkBandwidth(bandwidth);
  const samples = await openSamples(points, 'points', 3, options, 'spread');
  const isotropic = await isotropicKernels(samples, options);
  const matched = await matchedKernels(samples, options);
  const run = (from: number, to: number) => partOf(options, from, to);
  const found =
    bandwidth === undefined
      ? [await best(isotropic, run(0, 0.5), samples), await best(matched, run(0.5, 1), samples)]
      : [await at(isotropic, bandwidth, run(0, 0.5)), await at(matched, bandwidth, run(0.5, 1))];
  // Of kernels as wide as the cloud there is but the Gaussian.
  if (bandwidth === undefined) found.push(await at(matched, 1, { signal: options.signal }));
  return found.reduce((most, one) => (one.value > most.value ? one : most));
}

type Bound = (
  density: MatchedKernelDensity,
  variance: number,
  run: Pick<CallOptions, 'signal' | 'onProgress'>,
) => Promise<SampleEstimate>;

/** Kernels of one shape, and the bound that they give. */
interface Shape {
  density: MatchedKernelDensity;
  bound: Bound;
}

async function at({ density, bound }: Shape, bandwidth: number, run: CallOptions): Promise<KernelEstimate> {
  return { ...(await bound(density, density.largest * bandwidth ** 2, run)), bandwidth };
}

async function best({ density, bound }: Shape, run: CallOptions, { d }: Samples): Promise<KernelEstimate> {
  // Less its standard error: where kernels are so narrow that a few points decide, the highest bound is one by chance.
  const goal = async (of: MatchedKernelDensity, variance: number, part: CallOptions) => {
    const { value, standardError } = await bound(of, variance, part);
    return value - standardError;
  };
  const variance = await density.bestVariance(goal, 2 / (d + 6), partOf(run, 0, 0.5));
  const estimate = await bound(density, variance, partOf(run, 0.5, 1));
  return { ...estimate, bandwidth: Math.sqrt(variance / density.largest) };
}

async function isotropicKernels(samples: Samples, { signal }: CallOptions): Promise<Shape> {
  const { coordinates, variances } = await principalCoordinates(samples, { whiten: false, signal });
  return {
    density: new MatchedKernelDensity(samples, coordinates, variances),
    bound: async (density, variance, run) => {
      const { mean, divergence } = await density.leaveOneOut(variance, { mean: true, divergence: true }, run);
      const { data, shape } = density.coordinates;
      const [own, d] = shape;
      return meanOverRanks(samples.kernels, density.n, own, (i) => {
        let square = 0;
        for (let k = i * d; k < (i + 1) * d; k++) square += (mean![k] - data[k]) ** 2;
        return -square / variance ** 2 - 2 * divergence![i];
      });
    },
  };
}

/** In coordinates of variance 1 along every axis, where |s|² and ∇·s are sums weighted by the inverse variances. */
async function matchedKernels(samples: Samples, { signal }: CallOptions): Promise<Shape> {
  const { coordinates, variances } = await principalCoordinates(samples, { whiten: true, signal });
  const precisions = variances.map((value) => 1 / value);
  const total = precisions.reduce((sum, value) => sum + value, 0);
  return {
    density: new MatchedKernelDensity(samples, coordinates, new Float64Array(samples.d).fill(1)),
    bound: async (density, variance, run) => {
      const { mean, spread } = await density.leaveOneOutMoments(variance, precisions, run);
      const { data, shape } = density.coordinates;
      const [own, d] = shape;
      return meanOverRanks(samples.kernels, density.n, own, (i) => {
        let square = 0;
        for (let k = 0; k < d; k++) square += precisions[k] * (mean[i * d + k] - data[i * d + k]) ** 2;
        const divergence = (spread[i] / variance - total) / variance;
        return -square / variance ** 2 - 2 * divergence;
      });
    },
  };
}
