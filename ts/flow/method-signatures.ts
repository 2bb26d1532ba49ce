import {
  ARRAY,
  CALL,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  number,
  options,
  type Argument,
  type Rule,
} from '../core/rules.js';
import { MEASURE } from '../measure/signatures.js';
import type { Flow } from './named/flow.js';
import type { MetropolisLangevin } from './named/langevin.js';
import { CHECKPOINT, CONTROLLER, EVENTS, SOLVER, STEP, TRAJECTORY_TOLERANCE } from './option-signatures.js';
import { SIGNATURES } from './signatures.js';

/** Those of `integrate` and `diffuse`, for which the flow has defaults. */
const TRANSPORT: Rule = { ...SIGNATURES.integrate.options, optional: true };
const DIFFUSE: Rule = { ...SIGNATURES.diffuse.options, optional: true };

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  Flow: {
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
  StochasticFlow: { sample: { options: DIFFUSE }, transport: { x0: ARRAY, options: DIFFUSE } },
};
