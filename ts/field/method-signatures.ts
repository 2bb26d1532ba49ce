import { ARRAY, CALL_OPTIONS, FLAG, LIST, number, options, type Argument } from '../core/rules.js';
import type { VelocityField } from './field.js';

type Request = Argument<VelocityField['evaluate'], 2>;

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  VelocityField: {
    evaluate: {
      x: ARRAY,
      t: number(),
      want: options<Request>()({
        divergence: FLAG,
        into: options<NonNullable<Request['into']>>()({ divergence: LIST, velocity: LIST }, true),
      }),
      options: CALL_OPTIONS,
    },
    jacobianVector: { x: ARRAY, t: number(), u: ARRAY, options: CALL_OPTIONS },
  },
};
