import { checkPositive } from '../../core/options.js';
import { heatField } from '../../field/index.js';
import type { Measure } from '../../measure/measure.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link heatFlow}. */
export interface HeatFlowOptions {
  /** Last time, above 0. */
  to: number;
}

/**
 * The heat flow ∂μ/∂t = Δμ as a deterministic flow of particles, v_t(x) = −∇log μ_t(x): the density spreads, and entropy
 * grows at the rate of the Fisher information, dH/dt = I[μ_t]. N(m, Σ) becomes N(m, Σ + 2tI).
 *
 * Followed backwards, `heatFlow(measure, { to }).reversed()`, it takes the smoothing back.
 *
 * @throws INVALID_ARGUMENT. COLLAPSED when followed from time 0 of a measure of point masses.
 *
 * Source: P. Degond, F.-J. Mustieles, A deterministic approximation of diffusion equations using particles, SIAM J. Sci.
 * Stat. Comput. 11 (1990), 293–310.
 */
export function heatFlow(measure: Measure, options: HeatFlowOptions): Flow {
  checkCall(SIGNATURES.heatFlow, { measure, options });
  return new Flow({
    name: 'heat flow',
    field: heatField(measure),
    from: 0,
    to: checkPositive(options?.to, 'to'),
    law: (t) => measure.heat(t),
  });
}
