import { ARRAY, CALL, options, type Argument, NUMBER } from '../core/rules.js';
import type { principalComponents } from './principal-components.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  principalComponents: {
    points: ARRAY,
    options: options<Argument<typeof principalComponents, 1>>()({ ...CALL, count: NUMBER }, true),
  },
};
