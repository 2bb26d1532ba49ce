import type { CallOptions } from '../core/options.js';
import { partOf, tell } from '../core/options.js';
import type { GaussianMixture } from '../measure/mixture.js';
import { type ExactPlan, exactTransportMatrix } from './exact-transport.js';
import {
  checkMixture,
  componentOf,
  inFittingUnit,
  matricesFor,
  squaredDistance,
} from './gaussian-wasserstein.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Result of {@link gaussianMixtureWasserstein}. */
export interface GaussianMixtureDistance {
  /** MW₂. */
  value: number;
  /** How much of each component of a goes to each of b. */
  plan: ExactPlan['plan'];
}

/**
 * The Wasserstein-type distance MW₂ between two Gaussian mixtures: transport plans are restricted to Gaussian mixtures, so
 * that it is the optimal transport between the components, MW₂² = min Σ w_kl W₂²(N_k, N_l) over plans w between their weights.
 * W₂ ≤ MW₂ ≤ W₂ + √2 (√Σ π_k tr Σ_k + √Σ π′_l tr Σ′_l); for two single Gaussians it is W₂.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE for different dimensions, UNSUPPORTED on a backend without network simplex,
 *   OUT_OF_MEMORY, ABORTED.
 *
 * O(KL d³) time for K and L components, O((K + L)d² + KL) memory. Source: J. Delon, A. Desolneux, SIAM J. Imaging Sci. 13
 * (2020), 936–970.
 */
export async function gaussianMixtureWasserstein(
  a: GaussianMixture,
  b: GaussianMixture,
  options: CallOptions = {},
): Promise<GaussianMixtureDistance> {
  checkCall(SIGNATURES.gaussianMixtureWasserstein, { a, b, options });
  checkMixture(a, 'a');
  checkMixture(b, 'b', a.dimension);
  const matrices = await matricesFor(a.dimension, options);
  const [rows, columns] = [a.components, b.components];
  const costs = new Float64Array(rows * columns);
  const all = [a, b].flatMap((one) => Array.from({ length: one.components }, (_, k) => componentOf(one, k)));
  const { parts, unit } = inFittingUnit(all);
  const targets = parts.slice(rows);
  for (let k = 0; k < rows; k++) {
    const source = parts[k];
    const root = await matrices.root(source.covariance);
    for (let l = 0; l < columns; l++) {
      costs[k * columns + l] = await squaredDistance(matrices, source, root, targets[l]);
    }
    await tell(options.onProgress, (0.9 * (k + 1)) / rows);
  }
  const weights = { weightsA: a.weights, weightsB: b.weights };
  const { signal, backend, onProgress } = partOf(options, 0.9, 1);
  const { cost, plan } = await exactTransportMatrix(
    { data: costs, shape: [rows, columns] },
    { ...weights, signal, backend, onProgress },
  );
  return { value: unit * Math.sqrt(Math.max(0, cost)), plan };
}
