import { invalidArgument } from '../../core/errors.js';
import { checkPositive } from '../../core/options.js';
import { gradientField, fieldFromFunction, scaled, scoreField, sumOf } from '../../field/index.js';
import type { Potential, VelocityField } from '../../field/index.js';
import type { Measure } from '../../measure/measure.js';
import { smoothed } from '../../measure/smoothed.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Parameters of {@link fokkerPlanckFlow}: the potential, and one of the two ways to know the score. */
export interface FokkerPlanckParameters {
  /** V, by its gradient; with its Hessian the flow knows its divergence exactly. */
  potential: Potential;
  /** D > 0. Default 1. */
  diffusion?: number;
  /** μ_t, where it is known. */
  law?: (t: number) => Measure;
  /** Variance > 0 of the Gaussian about each particle, where the law is to be taken from the moving particles themselves. */
  variance?: number;
  /** First time. Default 0. */
  from?: number;
  /** Last time. */
  to: number;
}

/**
 * The Fokker–Planck equation ∂μ/∂t = ∇·(μ∇V) + DΔμ of dX = −∇V(X) dt + √(2D) dB as a deterministic flow of particles,
 * v_t(x) = −∇V(x) − D ∇log μ_t(x): the Wasserstein gradient flow of ∫ V μ + D ∫ μ log μ, towards μ ∝ exp(−V/D).
 *
 * With `law` the score is exact. With `variance` it is that of the moving cloud, smoothed: the particles that `transport`
 * moves are then the ones that interact, and what they tend to, smoothed by the variance, is about the equilibrium. For a
 * quadratic potential `ornsteinUhlenbeckFlow` knows the law.
 *
 * @throws INVALID_ARGUMENT.
 *
 * An evaluation costs the gradient of V and, with `variance`, O(n²d) time; memory is linear. Source of the particle method:
 * J. A. Carrillo, K. Craig, F. S. Patacchini, A blob method for diffusion, Calc. Var. 58 (2019); D. Maoutsa, S. Reich,
 * M. Opper, Interacting particle solutions of Fokker–Planck equations through gradient–log–density estimation, Entropy 22
 * (2020).
 */
export function fokkerPlanckFlow(parameters: FokkerPlanckParameters): Flow {
  checkCall(SIGNATURES.fokkerPlanckFlow, { parameters });
  const { potential, diffusion = 1, law, variance, from = 0, to } = parameters;
  checkPositive(diffusion, 'diffusion');
  if ((law === undefined) === (variance === undefined))
    throw invalidArgument('the score', 'one of law and variance', parameters);
  const score = law ? scoreField(law) : cloudScoreField(checkPositive(variance!, 'variance'));
  return new Flow({
    name: 'Fokker–Planck flow',
    field: sumOf(scaled(gradientField(potential), -1), scaled(score, -diffusion)),
    from,
    to,
    law,
  });
}

/** ∇log μ of the cloud that it is evaluated on, smoothed. */
function cloudScoreField(variance: number): VelocityField {
  return fieldFromFunction(
    async (points, _t, options) =>
      (await smoothed({ points, variance }).evaluate(points, { score: true }, options)).score!,
    {
      divergence: async (points, _t, options) =>
        (await smoothed({ points, variance }).evaluate(points, { divergence: true }, options)).divergence!,
      jacobianVector: (points, _t, u, options) =>
        smoothed({ points, variance }).hessianVector(points, u, options),
    },
  );
}
