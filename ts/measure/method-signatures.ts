import {
  ARRAY,
  CALL,
  CALL_OPTIONS,
  FLAG,
  LIST,
  NUMBER,
  number,
  options,
  type Argument,
} from '../core/rules.js';
import type { Measure } from './measure.js';

type Request = Argument<Measure['evaluate'], 1>;

const ESTIMATE = options<Argument<Measure['entropy'], 0>>()({ ...CALL, samples: NUMBER }, true);

/** What the methods of the objects of this subject take, for {@link checkCall}: what takes nothing but numbers is not here. */
export const METHODS = {
  Measure: {
    covariance: { options: CALL_OPTIONS },
    entropy: { options: ESTIMATE },
    evaluate: {
      x: ARRAY,
      want: options<Request>()({
        divergence: FLAG,
        into: options<NonNullable<Request['into']>>()({ divergence: LIST, score: LIST }, true),
        logDensity: FLAG,
        score: FLAG,
      }),
      options: CALL_OPTIONS,
    },
    fisherInformation: { options: ESTIMATE },
    heat: { t: number() },
    hessianVector: { x: ARRAY, v: ARRAY, options: CALL_OPTIONS },
    sample: { options: CALL_OPTIONS },
  },
  Standardisation: { apply: { points: ARRAY }, invert: { points: ARRAY } },
};
