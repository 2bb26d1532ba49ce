import { type NdArray, dtypeOf } from '../../core/array.js';
import { partOf } from '../../core/options.js';
import { gaussian } from '../../measure/gaussian.js';
import type { Measure } from '../../measure/measure.js';
import { type ProbabilityFlowOptions, checkedTimes, driftWithScore } from './probability-flow.js';
import { type DiffusionProcess, lawOf } from './process.js';
import { StochasticFlow } from './stochastic-flow.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/**
 * A diffusion that starts from a measure, run backwards in time: from noise to new points of the measure, by
 * dX = [f(t)(X − c) − g(t)² ∇log p_t(X)] dt + g(t) dB̄ from the last time to the first, with p_t exact.
 *
 * `reverseDiffusion(process, measure).sample(n, { step: { steps: 500 } })` makes n points. They start from the normal law
 * with the mean and the mean variance of p_t there, which is all that remains of the measure at the last time; steps are 500 by
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
  options: ProbabilityFlowOptions = {},
): StochasticFlow {
  checkCall(SIGNATURES.reverseDiffusion, { process, measure, options });
  const { from, to } = checkedTimes(process, measure, options);
  return new StochasticFlow({
    name: `reverse diffusion, ${process.name}`,
    drift: driftWithScore(process, measure, -1),
    noise: (t) => process.noise(t),
    from: to,
    to: from,
    step: { steps: 500 },
    async start(n, time, call): Promise<NdArray> {
      const law = lawOf(process, measure, time);
      const covariance = await law.covariance(partOf(call, 0, 0.5));
      const d = measure.dimension;
      let trace = 0;
      for (let k = 0; k < d; k++) trace += covariance[k * d + k];
      // In the type that the measure's own samples have.
      const dtype = call.dtype ?? dtypeOf(await measure.sample(1));
      const prior = gaussian({ mean: law.mean(), variance: trace / d });
      return prior.sample(n, { ...partOf(call, 0.5, 1), dtype });
    },
  });
}
