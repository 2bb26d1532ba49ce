import { type Argument, callback, object, options } from '../core/call.js';
import type { recordBatches } from './record-batches.js';
import type { neighbourRows, scoreRows, transportMap } from './stages.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  mapRows: { work: callback() },
  neighbourRows: {
    points: object([]),
    options: options<Argument<typeof neighbourRows, 1>>()({ backend: 1, dtype: 1, k: 1 }),
  },
  projectRows: { directions: object([]) },
  recordBatches: {
    options: options<Argument<typeof recordBatches, 0>>()({ also: 1, columns: 1, dtype: 1, labels: 1 }, true),
  },
  scoreRows: {
    centres: object([]),
    options: options<Argument<typeof scoreRows, 1>>()({
      backend: 1,
      dtype: 1,
      tolerance: 1,
      variance: 1,
      want: 1,
      weights: 1,
    }),
  },
  transportMap: {
    map: object(['apply()']),
    options: options<Argument<typeof transportMap, 1>>()({ backend: 1, dtype: 1 }, true),
  },
};
