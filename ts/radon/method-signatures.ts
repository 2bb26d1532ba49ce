import { ARRAY, CALL_OPTIONS, list } from '../core/rules.js';

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  Projector: {
    backproject: { data: ARRAY, options: CALL_OPTIONS },
    project: { image: ARRAY, options: CALL_OPTIONS },
    select: { views: list() },
  },
};
