import type { FloatData, NdArray } from '../core/array.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';

/**
 * A cloud with a smoothing variance: the measure (1/n) Σ N(x_i, sI), whose density, score and DAE maps are known.
 */
export interface SmoothedCloud {
  positions: NdArray;
  smoothing: number;
}

/** The score ∇log μ at the cloud's own points, and the mean over points of its divergence. */
export interface CloudScore {
  score: FloatData;
  meanDivergence: number;
}

/** ∇log(μ ∗ N(0, τI)) at the cloud's own points: τ = 0 gives the measure's own score. O(n²d) time. */
export async function cloudScore(
  kernels: Kernels,
  { positions, smoothing }: SmoothedCloud,
  noise: number,
  run: RunControl,
): Promise<CloudScore> {
  const variance = smoothing + noise;
  const points = asMatrix(positions);
  const { mean, divergence } = await kernels.score(
    { queries: points, centres: points, variance, want: { mean: true, divergence: true } },
    run,
  );
  kernels.linearCombination(mean!, [
    { coefficient: 1 / variance, array: mean! },
    { coefficient: -1 / variance, array: positions.data },
  ]);
  let sum = 0;
  for (const value of divergence!) sum += value;
  return { score: mean!, meanDivergence: sum / points.rows };
}

/**
 * One DAE layer at noise variance τ: every point moves to g(x) = x + τ ∇log(μ ∗ N(0, τI))(x), the posterior mean.
 *
 * The pushforward is again kept as a smoothed cloud. A component N(x_i, sI) goes, to first order about its centre, to
 * N(g(x_i), s J_i J_iᵀ) with J_i the map's Jacobian; its trace is d + τ Δlog(…). The one smoothing variance that all
 * components share becomes s · mean_i (tr J_i / d)², so that it contracts as the map does: for a Gaussian cloud this is
 * the closed form of the composed DAE, and for isolated points that of the shrinking bandwidth s − 2t.
 */
export async function daeLayer(
  kernels: Kernels,
  cloud: SmoothedCloud,
  noise: number,
  run: RunControl,
): Promise<SmoothedCloud & { velocity: FloatData }> {
  const { positions, smoothing } = cloud;
  const { score, meanDivergence } = await cloudScore(kernels, cloud, noise, run);
  const data = positions.data.slice();
  kernels.linearCombination(data, [
    { coefficient: 1, array: positions.data },
    { coefficient: noise, array: score },
  ]);
  const contraction = 1 + (noise * meanDivergence) / positions.shape[1];
  return {
    positions: { data, shape: positions.shape },
    smoothing: smoothing * contraction ** 2,
    velocity: score,
  };
}
