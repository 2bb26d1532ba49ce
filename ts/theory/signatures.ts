import { CALL, options, type Argument } from '../core/call.js';
import type { runClaim } from './run.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  runClaim: {
    options: options<Argument<typeof runClaim, 1>>()(
      { ...CALL, data: 1, displacementFactor: 1, quick: 1 },
      true,
    ),
  },
};
