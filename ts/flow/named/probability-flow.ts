import { checkPositive } from '../../core/options.js';
import type { Measure } from '../../measure/measure.js';
import type { VelocityField } from '../../field/field.js';
import { linearField, scaled, scoreField, sumOf } from '../../field/index.js';
import { Flow } from './flow.js';
import { type DiffusionProcess, checkProcess, lawOf } from './process.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link probabilityFlow}. */
export interface ProbabilityFlowOptions {
  /** First time, at least 0. Default 0; a thousandth of the last time for a measure of point masses, which has no score at 0. */
  from?: number;
  /** Last time. Default: the end of the process. */
  to?: number;
}

/**
 * The probability flow of a diffusion that starts from a measure: the ordinary differential equation
 * v_t(x) = f(t)(x − c) − ½g(t)² ∇log p_t(x), whose particles have at every time the law p_t of the diffusion
 * dX = f(t)(X − c) dt + g(t) dB. The law is the measure heated and scaled, so that velocity and divergence are exact.
 *
 * `probabilityFlow(process, measure)` carries data to noise; its `logLikelihood(x)` is that of points of the measure. Its
 * `reversed()` carries noise to data.
 *
 * @param process `variancePreserving()`, `varianceExploding({ maximum })`, `ornsteinUhlenbeck()`, or one of your own.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE. COLLAPSED when the flow is followed to time 0 of a measure of point masses.
 *
 * An evaluation costs one of the measure's density. Source: Y. Song et al., Score-based generative modeling through
 * stochastic differential equations, ICLR 2021, section 4.3.
 */
export function probabilityFlow(
  process: DiffusionProcess,
  measure: Measure,
  options: ProbabilityFlowOptions = {},
): Flow {
  checkCall(SIGNATURES.probabilityFlow, { process, measure, options });
  const { from, to } = checkedTimes(process, measure, options);
  const law = (t: number) => lawOf(process, measure, t);
  const field = driftWithScore(process, measure, -0.5);
  return new Flow({ name: `probability flow, ${process.name}`, field, from, to, law });
}

/** The times of a process, checked with all else about it. */
export function checkedTimes(
  process: DiffusionProcess,
  measure: Measure,
  options: ProbabilityFlowOptions,
): { from: number; to: number } {
  checkProcess(process, measure);
  const { from = measure.collapseTime > 0 ? 0 : process.end / 1000, to = process.end } = options;
  if (from !== 0) checkPositive(from, 'from');
  return { from, to: checkPositive(to, 'to') };
}

/** f(t)(x − c) + weight · g(t)² ∇log p_t(x), p_t the law of the process that starts from a measure. */
export function driftWithScore(process: DiffusionProcess, measure: Measure, weight: number): VelocityField {
  const { centre } = process;
  const pull = linearField({ matrix: 1, ...(centre && { offset: Array.from(centre, (value) => -value) }) });
  const score = scoreField((t) => lawOf(process, measure, t), {
    dimension: measure.dimension,
    coefficient: (t) => weight * process.noise(t) ** 2,
    // Before time 0 the law is heated backwards, which says itself where it collapses.
    times: { from: measure.collapseTime > 0 ? -Infinity : 0, to: Infinity },
  });
  return sumOf(
    scaled(pull, (t) => process.drift(t)),
    score,
  );
}
