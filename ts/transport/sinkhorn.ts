import type { NdArrayLike } from '../core/foreign.js';
import { type PairCost, checkCosts, checkWeights } from './arguments.js';
import { cloudProblem } from './cloud-problem.js';
import { MatrixKernel } from './entropic-kernel.js';
import { EntropicPlan } from './entropic-plan.js';
import { type SinkhornOptions, checkSinkhorn, iterate } from './sinkhorn-iteration.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Entropic optimal transport between two weighted clouds,
 *
 * OT_ε(a, b) = min_π ⟨π, c⟩ + ε KL(π | a⊗b) over the plans π with marginals a and b,
 *
 * by Sinkhorn's algorithm in the log domain, streamed over tiles: nothing of size n × m is stored.
 *
 * @param a Sources x_i, [n, d].
 * @param b Targets y_j, [m, d].
 * @param options `epsilon`; `cost`: `squaredEuclidean` |x − y|² (the default) or `euclidean` |x − y|; and those of
 *   {@link SinkhornOptions}.
 * @returns The plan by its potentials; `converged` and `marginalError` say how good they are.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT, NON_FINITE, NOT_CONVERGED (where that is asked
 *   for), UNSUPPORTED, ABORTED.
 *
 * O(nmd) time for each iteration, O((n + m)d) memory. Potentials and sums are float64 whatever the dtype; in float32 a
 * logit (f_i + g_j − c_ij)/ε has the rounding of its own size, so that a marginal error far below 10⁻⁶ · c/ε needs
 * float64. Sources: M. Cuturi, Sinkhorn distances, NeurIPS 2013; G. Peyré, M. Cuturi, Computational optimal transport,
 * 2019; L. Chizat et al., Scaling algorithms for unbalanced optimal transport, Math. Comput. 87 (2018).
 *
 * @example
 * const plan = await sinkhorn(a, b, { epsilon: 0.05 });
 * if (!plan.converged) console.warn(`marginal error ${plan.marginalError}`);
 * const moved = await plan.map();
 */
export async function sinkhorn(
  a: NdArrayLike,
  b: NdArrayLike,
  options: SinkhornOptions & { cost?: PairCost },
): Promise<EntropicPlan> {
  ({ a, b } = checkCall(SIGNATURES.sinkhorn, { a, b, options }));
  const { problem } = await cloudProblem(a, b, options);
  return EntropicPlan.of(problem, await iterate(problem, options));
}

/**
 * {@link sinkhorn} for a matrix of costs, [n, m], which may be negative.
 *
 * O(nm) time for each iteration, O(n + m) memory beside the matrix.
 */
export async function sinkhornMatrix(costs: NdArrayLike, options: SinkhornOptions): Promise<EntropicPlan> {
  ({ costs } = checkCall(SIGNATURES.sinkhornMatrix, { costs, options }));
  const { n, m } = checkCosts(costs);
  const anyMass = options.marginalPenalty !== undefined;
  const weightsA = checkWeights(options.weightsA, n, 'weightsA', { anyMass });
  const weightsB = checkWeights(options.weightsB, m, 'weightsB', { anyMass });
  const kernel = await MatrixKernel.of(costs, options);
  const problem = checkSinkhorn(kernel, weightsA, weightsB, options);
  return EntropicPlan.of(problem, await iterate(problem, options));
}
