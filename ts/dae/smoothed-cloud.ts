import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { DEFAULT_TOLERANCE } from '../measure/tolerance.js';
import type { ContractionRate } from './contraction.js';

/**
 * A cloud with a smoothing variance: the measure Σ w_i N(x_i, sI), whose density, score and DAE maps are known.
 */
export interface SmoothedCloud {
  positions: NdArray;
  /** s ≥ 0. */
  smoothing: number;
  /** Weights that sum to 1. Default: all equal. */
  weights?: Float64Array;
  /** Error that sums over the points may have; absent: the default of the element type. */
  tolerance?: number;
  /** By what rule s contracts. */
  contraction: ContractionRate;
}

/** The score ∇log μ at the cloud's own points, and the rate at which it makes the smoothing contract: d(log s)/2dt. */
export interface CloudScore {
  score: FloatData;
  rate: number;
}

/**
 * ∇log(μ ∗ N(0, τI)) at the cloud's own points: τ = 0 gives the measure's own score. The score is written to `into.mean`
 * where that is given. O(n²d) time at most.
 */
export async function cloudScore(
  kernels: Kernels,
  { positions, smoothing, weights, tolerance, contraction }: SmoothedCloud,
  noise: number,
  run: RunControl,
  into?: { mean: FloatData; divergence: FloatData },
): Promise<CloudScore> {
  const variance = smoothing + noise;
  const allowed = tolerance ?? DEFAULT_TOLERANCE[dtypeOf(positions)];
  const points = asMatrix(positions);
  const logWeights = weights && allocate(dtypeOf(positions), weights.length, 'log-weights');
  weights?.forEach((weight, i) => (logWeights![i] = Math.log(weight)));
  const { mean, divergence } = await kernels.score(
    {
      queries: points,
      centres: points,
      logWeights,
      variance,
      tolerance: allowed,
      want: { mean: true, divergence: true },
      into,
    },
    run,
  );
  // Of the points as they are nothing contracts.
  const seen = { positions, weights, logWeights, variance, divergence: divergence! };
  const rate = smoothing > 0 ? await contraction.of(kernels, seen, run) : 0;
  kernels.linearCombination(mean!, [
    { coefficient: 1 / variance, array: mean! },
    { coefficient: -1 / variance, array: positions.data },
  ]);
  return { score: mean!, rate };
}

/** One DAE layer at noise variance τ: every point of the cloud moves to the posterior mean. O(n²d) time. */
export async function daeLayer(
  kernels: Kernels,
  cloud: SmoothedCloud,
  noise: number,
  run: RunControl,
): Promise<SmoothedCloud & { velocity: FloatData }> {
  const score = await cloudScore(kernels, cloud, noise, run);
  return { ...advanceCloud(kernels, cloud, noise, score), velocity: score.score };
}

/**
 * The cloud after one DAE layer at noise variance τ, from the score of its corrupted measure: every point moves to
 * g(x) = x + τ ∇log(μ ∗ N(0, τI))(x).
 *
 * The pushforward is again kept as a smoothed cloud. A component N(x_i, sI) goes, to first order about its centre, to
 * N(g(x_i), s J_i J_iᵀ) with J_i the map's Jacobian. The one smoothing variance that all components share contracts by the
 * square of a mean of its eigenvalues, see {@link ContractionRate}: for a Gaussian cloud, alike in all directions, this is
 * the closed form of the composed DAE, and for isolated points that of the shrinking bandwidth s − 2t.
 */
export function advanceCloud(
  kernels: Kernels,
  cloud: SmoothedCloud,
  noise: number,
  { score, rate }: CloudScore,
): SmoothedCloud {
  const { positions, smoothing } = cloud;
  const data = positions.data.slice();
  kernels.linearCombination(data, [
    { coefficient: 1, array: positions.data },
    { coefficient: noise, array: score },
  ]);
  return {
    ...cloud,
    positions: { data, shape: positions.shape },
    smoothing: smoothing * (1 + noise * rate) ** 2,
  };
}
