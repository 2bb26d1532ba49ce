import type { Measure } from '../../measure/measure.js';
import type { Flow } from './flow.js';
import { probabilityFlow } from './probability-flow.js';
import { type OrnsteinUhlenbeckParameters, ornsteinUhlenbeck } from './process.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link ornsteinUhlenbeckFlow}. */
export interface OrnsteinUhlenbeckOptions extends OrnsteinUhlenbeckParameters {
  /** Last time, above 0. Default 5/θ. */
  to?: number;
}

/**
 * The Ornstein–Uhlenbeck process dX = −θ(X − c) dt + √(2D) dB as a deterministic flow of particles,
 * v_t(x) = −θ(x − c) − D ∇log μ_t(x). A start N(m, Σ) has at time t the law
 * N(c + e^{−θt}(m − c), e^{−2θt}Σ + (1 − e^{−2θt})(D/θ)I); mixtures and smoothed clouds, component by component.
 *
 * It is the Wasserstein gradient flow of the free energy ∫ V μ + D ∫ μ log μ for V = θ|x − c|²/2.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, NON_FINITE (centre). COLLAPSED when followed from time 0 of point masses.
 *
 * Source: R. Jordan, D. Kinderlehrer, F. Otto, The variational formulation of the Fokker–Planck equation, SIAM J. Math.
 * Anal. 29 (1998), 1–17.
 */
export function ornsteinUhlenbeckFlow(measure: Measure, options: OrnsteinUhlenbeckOptions = {}): Flow {
  checkCall(SIGNATURES.ornsteinUhlenbeckFlow, { measure, options });
  const { to, ...parameters } = options;
  return probabilityFlow(
    ornsteinUhlenbeck(to === undefined ? parameters : { end: to, ...parameters }),
    measure,
  );
}
