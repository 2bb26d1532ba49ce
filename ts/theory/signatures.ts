import { ARRAY, CALL, FLAG, LIST, NUMBER, options, text, type Argument } from '../core/rules.js';
import type { ClaimData } from './claim.js';
import type { runClaim } from './run.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  runClaim: {
    options: options<Argument<typeof runClaim, 1>>()(
      {
        ...CALL,
        data: options<ClaimData>()({ labels: LIST, name: text(), points: ARRAY }, true),
        displacementFactor: NUMBER,
        quick: FLAG,
      },
      true,
    ),
  },
};
