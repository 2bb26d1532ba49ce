import {
  ARRAY,
  CALL,
  FLAG,
  CALLBACK,
  LIST,
  NUMBER,
  TEXT,
  number,
  options,
  text,
  type Argument,
  type Rule,
} from '../core/rules.js';
import { FIELD } from '../field/signatures.js';
import { MEASURE } from '../measure/signatures.js';
import type { Flow, FlowParts } from './named/flow.js';
import type { MetropolisLangevin } from './named/langevin.js';
import type { StochasticFlowParts } from './named/stochastic-flow.js';
import { CHECKPOINT, CONTROLLER, EVENTS, SOLVER, STEP, TRAJECTORY_TOLERANCE } from './option-signatures.js';
import { SIGNATURES } from './signatures.js';

/** Those of `integrate` and `diffuse`, for which the flow has defaults. */
const TRANSPORT: Rule = { ...SIGNATURES.integrate.options, optional: true };
const DIFFUSE: Rule = { ...SIGNATURES.diffuse.options, optional: true };

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  Flow: {
    new: {
      parts: options<FlowParts>()({
        defaults: options<NonNullable<FlowParts['defaults']>>()({ solver: SOLVER, step: STEP }, true),
        field: FIELD,
        from: number(),
        law: CALLBACK,
        name: text(),
        to: number(),
      }),
    },
    logLikelihood: {
      x: ARRAY,
      options: options<Argument<Flow['logLikelihood'], 1>>()(
        {
          ...CALL,
          checkpoint: CHECKPOINT,
          controller: CONTROLLER,
          dense: FLAG,
          divergence: TEXT,
          events: EVENTS,
          from: NUMBER,
          linearise: TEXT,
          maximumStep: NUMBER,
          maximumSteps: NUMBER,
          minimumStep: NUMBER,
          firstStep: NUMBER,
          norm: TEXT,
          onStep: 1,
          probes: NUMBER,
          reference: { ...MEASURE, optional: true },
          resume: TEXT,
          solver: SOLVER,
          step: STEP,
          stopAt: LIST,
          to: NUMBER,
          tolerance: TRAJECTORY_TOLERANCE,
        },
        true,
      ),
    },
    between: { from: number(), to: number() },
    law: { t: number() },
    sample: { options: TRANSPORT },
    transport: { x0: ARRAY, options: TRANSPORT },
  },
  MetropolisLangevin: {
    transport: {
      x0: ARRAY,
      options: options<Argument<MetropolisLangevin['transport'], 1>>()({ ...CALL, saveAt: LIST }, true),
    },
  },
  StochasticFlow: {
    new: {
      parts: options<StochasticFlowParts>()({
        drift: FIELD,
        from: number(),
        name: text(),
        noise: 1,
        solver: TEXT,
        start: CALLBACK,
        step: STEP,
        to: number(),
      }),
    },
    sample: { options: DIFFUSE },
    transport: { x0: ARRAY, options: DIFFUSE },
  },
};
