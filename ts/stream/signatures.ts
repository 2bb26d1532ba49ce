import {
  ARRAY,
  arrayOr,
  type Argument,
  callback,
  object,
  options,
  NUMBER,
  LIST,
  FLAG,
} from '../core/rules.js';
import type { recordBatches } from './record-batches.js';
import type { neighbourRows, scoreRows, transportMap } from './stages.js';
import { WANT } from '../measure/signatures.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  mapRows: { work: callback() },
  neighbourRows: {
    points: ARRAY,
    options: options<Argument<typeof neighbourRows, 1>>()({ backend: 1, dtype: 1, k: NUMBER }),
  },
  projectRows: { directions: arrayOr(['axes']) },
  recordBatches: {
    options: options<Argument<typeof recordBatches, 0>>()(
      { also: LIST, columns: LIST, dtype: 1, labels: FLAG },
      true,
    ),
  },
  scoreRows: {
    centres: ARRAY,
    options: options<Argument<typeof scoreRows, 1>>()({
      backend: 1,
      dtype: 1,
      tolerance: NUMBER,
      variance: NUMBER,
      want: WANT,
      weights: LIST,
    }),
  },
  transportMap: {
    map: object(['apply()']),
    options: options<Argument<typeof transportMap, 1>>()({ backend: 1, dtype: 1 }, true),
  },
};
