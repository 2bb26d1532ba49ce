import { type NdArray, allocate } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf, tell } from '../core/options.js';
import { totalsOf } from '../kernel/whole.js';
import type { PairCost } from './arguments.js';
import { cloudProblem } from './cloud-problem.js';
import { EntropicPlan } from './entropic-plan.js';
import { type SinkhornOptions, iterate, iterateSymmetrically } from './sinkhorn-iteration.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Result of {@link sinkhornDivergence}. */
export interface SinkhornDivergence {
  /** S_ε, at least 0: what rounding and unconverged potentials leave below 0, where S_ε never is, counts as 0. */
  value: number;
  /** Whether all three problems converged, and the largest of their marginal errors. */
  converged: boolean;
  marginalError: number;
  /** Between the clouds, and of each with itself. */
  plans: { ab: EntropicPlan; aa: EntropicPlan; bb: EntropicPlan };
  /** The gradient of the value with respect to the points of a, [n, d], where it was asked for. */
  gradient?: NdArray;
}

/**
 * The Sinkhorn divergence S_ε = OT_ε(a, b) − ½ OT_ε(a, a) − ½ OT_ε(b, b), without the bias of OT_ε: at least 0, and 0
 * only between equal measures. W_p^p as ε → 0; as ε → ∞, ½ ∫∫ −c d(a − b) d(a − b), a maximum mean discrepancy: of
 * |x − y|² the squared distance of the means, of |x − y| half the energy distance. Of unbalanced transport,
 * + ε/2 (mass a − mass b)². Between a cloud and a permutation of it the value is 0 up to the errors of the three OT_ε,
 * which are of second order in their marginal errors.
 *
 * @param options those of {@link sinkhorn}, and `gradient`: also compute the gradient with respect to the points of a.
 *   `initial` are potentials of the problem between a and b.
 * @throws as {@link sinkhorn}.
 *
 * About one and a half to twice the cost of OT_ε: the symmetric problems converge in a few iterations. Source: J. Feydy
 * et al., AISTATS 2019; unbalanced: T. Séjourné et al., Sinkhorn divergences for unbalanced optimal transport, 2019.
 */
export async function sinkhornDivergence(
  a: NdArrayLike,
  b: NdArrayLike,
  options: SinkhornOptions & { cost?: PairCost; gradient?: boolean },
): Promise<SinkhornDivergence> {
  ({ a, b } = checkCall(SIGNATURES.sinkhornDivergence, { a, b, options }));
  const { n, kernel, weightsA, weightsB, problem } = await cloudProblem(a, b, options);
  const ab = await EntropicPlan.of(problem, await iterate(problem, partOf(options, 0, 0.6)));
  const self = async (side: 'from' | 'to', run: CallOptions) => {
    const weights = side === 'from' ? weightsA : weightsB;
    const symmetric = { ...problem, kernel: kernel.self(side), a: weights, b: weights, initial: undefined };
    return EntropicPlan.of(symmetric, await iterateSymmetrically(symmetric, run));
  };
  const aa = await self('from', partOf(options, 0.6, 0.75));
  const bb = await self('to', partOf(options, 0.75, options.gradient ? 0.9 : 1));
  const plans = [ab, aa, bb];
  const [massA, massB] = await totalsOf(kernel.kernels, sum(weightsA), sum(weightsB));
  const massTerm = (problem.epsilon / 2) * (massA - massB) ** 2;
  const result: SinkhornDivergence = {
    // The three duals end at different distances below their optima: 0 is then nearer to the truth than a value below it.
    value: Math.max(0, ab.value - aa.value / 2 - bb.value / 2 + massTerm),
    converged: plans.every(({ converged }) => converged),
    marginalError: Math.max(...plans.map(({ marginalError }) => marginalError)),
    plans: { ab, aa, bb },
  };
  if (options.gradient) {
    const { signal } = options;
    const [across, within] = [await ab.gradient({ signal }), await aa.gradient({ signal })];
    const data = allocate(kernel.dtype, n * a.shape[1], 'a gradient');
    for (let k = 0; k < data.length; k++) data[k] = across.data[k] - within.data[k];
    result.gradient = { data, shape: [n, a.shape[1]] };
  }
  await tell(options.onProgress, 1);
  return result;
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
