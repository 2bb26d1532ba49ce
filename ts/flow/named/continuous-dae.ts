import { checkPositive } from '../../core/options.js';
import { backwardHeatField } from '../../field/index.js';
import type { Measure } from '../../measure/measure.js';
import { Flow } from './flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link continuousDaeFlow}. */
export interface ContinuousDaeFlowOptions {
  /** Last time T > 0: the total noise variance of the autoencoder. Below the measure's `collapseTime`. */
  to: number;
}

/**
 * The continuous denoising autoencoder of a measure, v_t(x) = ∇log μ_t(x), where μ_t solves the backward heat equation
 * ∂μ/∂t = −Δμ: N(m, Σ) becomes N(m, Σ − 2tI). It is the Wasserstein gradient flow of entropy downwards, dH/dt = −I[μ_t],
 * and ends where some direction of the measure collapses.
 *
 * @throws INVALID_ARGUMENT; COLLAPSED, with `details.collapseTime`, where `to` is past the collapse.
 *
 * Source: S. Sonoda, N. Murata, Transport analysis of infinitely deep neural network, JMLR 20 (2019).
 */
export function continuousDaeFlow(measure: Measure, options: ContinuousDaeFlowOptions): Flow {
  checkCall(SIGNATURES.continuousDaeFlow, { measure, options });
  const to = checkPositive(options?.to, 'to');
  // Says when the measure collapses, if that is before.
  measure.heat(-to);
  return new Flow({
    name: 'continuous denoising autoencoder',
    field: backwardHeatField(measure),
    from: 0,
    to,
    law: (t) => measure.heat(-t),
  });
}
