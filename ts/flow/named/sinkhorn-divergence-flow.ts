import { allocate, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { checkPositive } from '../../core/options.js';
import { fieldFromFunction } from '../../field/from-function.js';
import { sinkhornDivergence } from '../../transport/sinkhorn-divergence.js';
import type { SinkhornOptions } from '../../transport/sinkhorn-iteration.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link sinkhornDivergenceFlow}. */
export interface SinkhornDivergenceFlowOptions extends Pick<
  SinkhornOptions,
  'epsilon' | 'tolerance' | 'maximumIterations'
> {
  /** Last time, above 0. The distance to the target falls about as exp(−t). */
  to: number;
}

/**
 * The Wasserstein gradient flow of ½ S_ε(μ, ν), half the Sinkhorn divergence from a target cloud ν at the squared Euclidean
 * cost: particle i moves by −(n/2) ∇_{x_i} S_ε = T_ν(x_i) − T_μ(x_i), the difference of the barycentric projections of the
 * entropic plans to the target and to the particles themselves. For ε → 0 it moves along the optimal map.
 *
 * The particles that `transport` moves are the ones that interact: every row of what the field is given.
 *
 * @param target m × d.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD; on evaluation NOT_CONVERGED where Sinkhorn's algorithm runs out of
 *   iterations: raise `maximumIterations` or ε; NON_FINITE, ABORTED.
 *
 * An evaluation solves two entropic problems: O((n + m)² d) time for each iteration, linear memory. Source: J. Feydy et al.,
 * Interpolating between optimal transport and MMD using Sinkhorn divergences, AISTATS 2019.
 */
export function sinkhornDivergenceFlow(target: NdArrayLike, options: SinkhornDivergenceFlowOptions): Flow {
  ({ target } = checkCall(SIGNATURES.sinkhornDivergenceFlow, { target, options }));
  const { d } = checkPoints(target, 'target');
  const { to, tolerance, maximumIterations } = options ?? {};
  const epsilon = checkPositive(options?.epsilon, 'epsilon');
  const field = fieldFromFunction(
    async (x, _, { signal, backend }) => {
      const { gradient } = await sinkhornDivergence(x, toDtype(target, dtypeOf(x)), {
        epsilon,
        tolerance,
        maximumIterations,
        signal,
        backend,
        gradient: true,
        requireConvergence: true,
      });
      const data = allocate(dtypeOf(x), gradient!.data.length, 'velocities');
      for (let k = 0; k < data.length; k++) data[k] = (-x.shape[0] / 2) * gradient!.data[k];
      return { data, shape: x.shape };
    },
    { dimension: d },
  );
  return new Flow({ name: 'Sinkhorn divergence flow', field, from: 0, to: checkPositive(to, 'to') });
}
