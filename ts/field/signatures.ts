import { callback, list, object, options, type Argument, NUMBER } from '../core/rules.js';
import type { timeReversed } from './algebra.js';
import type { Times } from './domain.js';
import type { fieldFromFunction } from './from-function.js';
import type { gradientField } from './gradient.js';
import type { linearField } from './linear.js';
import type { scoreField } from './score-field.js';
import { MEASURE } from '../measure/signatures.js';

/** A velocity field, the library's or the caller's. */
export const FIELD = object(['times', 'differentiable', 'evaluate()']);

const TIMES = options<Times>()({ from: NUMBER, to: NUMBER }, true);

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  backwardHeatField: { measure: MEASURE },
  fieldFromFunction: {
    velocity: callback(),
    options: options<Argument<typeof fieldFromFunction, 1>>()(
      { dimension: NUMBER, divergence: callback(true), jacobianVector: callback(true), times: TIMES },
      true,
    ),
  },
  gradientField: {
    potential: object(['gradient()']),
    domain: options<Argument<typeof gradientField, 1>>()({ dimension: NUMBER, times: TIMES }, true),
  },
  heatField: { measure: MEASURE },
  linearField: { parameters: options<Argument<typeof linearField, 0>>()({ matrix: 1, offset: 1 }) },
  scaled: { field: FIELD },
  scoreField: {
    options: options<Argument<typeof scoreField, 1>>()(
      { coefficient: 1, dimension: NUMBER, times: TIMES },
      true,
    ),
  },
  sumOf: { fields: list() },
  timeReversed: { field: FIELD, options: options<Argument<typeof timeReversed, 1>>()({ end: NUMBER }, true) },
};
