import { ARRAY_OPTIONAL, object, options, type Argument } from '../core/rules.js';
import type { EntropicPlan } from './entropic-plan.js';

const RUN = options<Argument<EntropicPlan['gradient'], 0>>()({ onProgress: 1, signal: 1 }, true);

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  EntropicPlan: {
    new: {
      problem: object(['a', 'b', 'epsilon', 'kernel', 'penalty']),
      state: object(['f', 'g', 'iterations', 'converged', 'marginalError', 'mass']),
    },
    gradient: { options: RUN },
    map: {
      options: options<Argument<EntropicPlan['map'], 0>>()(
        { onProgress: 1, points: ARRAY_OPTIONAL, signal: 1, targets: ARRAY_OPTIONAL },
        true,
      ),
    },
    rows: { options: RUN },
    transportCost: { options: RUN },
  },
};
