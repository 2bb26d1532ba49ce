import { options, type Argument } from '../core/rules.js';
import type { distributed } from './distributed.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  distributed: { options: options<Argument<typeof distributed, 0>>()({ backend: 1 }, true) },
};
