import type { NdArray } from '../../core/array.js';
import { checkPositive, partOf } from '../../core/options.js';
import { gaussian } from '../../measure/gaussian.js';
import type { Measure } from '../../measure/measure.js';
import { type ProbabilityFlowOptions, driftWithScore, startTime } from './probability-flow.js';
import { type DiffusionProcess, checkProcess, lawOf } from './process.js';
import { StochasticFlow } from './stochastic-flow.js';

/**
 * A diffusion that starts from a measure, run backwards in time: from noise to new points of the measure, by
 * dX = [f(t)(X − c) − g(t)² ∇log p_t(X)] dt + g(t) dB̄ from the last time to the first, with p_t exact.
 *
 * `reverseDiffusion(process, measure).sample(n, { step: { steps: 500 } })` makes n points. They start from the normal law
 * with the mean and the mean variance of p_t at the last time, which is what remains of the measure there; steps are 500 by
 * default.
 *
 * @throws INVALID_ARGUMENT, INVALID_SHAPE.
 *
 * A step costs one evaluation of the measure's density, two with the default solver. Source: B. D. O. Anderson,
 * Reverse-time diffusion equation models, Stochastic Process. Appl. 12 (1982), 313–326.
 */
export function reverseDiffusion(
  process: DiffusionProcess,
  measure: Measure,
  { from = startTime(process, measure), to = process?.end }: ProbabilityFlowOptions = {},
): StochasticFlow {
  checkProcess(process, measure);
  if (from !== 0) checkPositive(from, 'from');
  return new StochasticFlow({
    name: `reverse diffusion, ${process.name}`,
    drift: driftWithScore(process, measure, -1),
    noise: (t) => process.noise(t),
    from: to,
    to: from,
    step: { steps: 500 },
    async start(n, options): Promise<NdArray> {
      const law = lawOf(process, measure, to);
      const covariance = await law.covariance(partOf(options, 0, 0.5));
      const d = measure.dimension;
      let trace = 0;
      for (let k = 0; k < d; k++) trace += covariance[k * d + k];
      return gaussian({ mean: law.mean(), variance: trace / d }).sample(n, partOf(options, 0.5, 1));
    },
  });
}
