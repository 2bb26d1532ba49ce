import type { NdArrayLike } from '../core/foreign.js';
import { ARRAY, ARRAY_OPTIONAL, CALL, LIST, NUMBER, TEXT, ifObject, object, options } from '../core/rules.js';
import { MEASURE } from '../measure/signatures.js';
import { PAIR } from '../ridgelet/signatures.js';
import type { RandomUnitOptions } from './units.js';
import type { NetworkTarget } from './target.js';

// Rules that several calls share.

export const FLOW = object([]);

export const RESIDUAL = object(['layers', 'times', 'evaluate()']);

export const NETWORK = object(['evaluate()']);

export const SHALLOW = object(['activation', 'A', 'b', 'C', 'evaluate()']);

export const MODEL = object(['inputs', 'layers', 'run()', 'block()']);

/** A name, or a pair with an activation of one's own. */
export const OWN_ACTIVATION = ifObject(PAIR);

/** How units are made, or units. */
export const UNITS = ifObject(object(['a', 'b'], true));

/** A share of the points, or points and values of their own. */
export const HELD_OUT = ifObject(
  options<{ points: NdArrayLike; values: NdArrayLike }>()({ points: ARRAY, values: ARRAY }, true),
);

export const TARGET = options<NetworkTarget>()({
  measure: { ...MEASURE, optional: true },
  points: ARRAY_OPTIONAL,
  samples: NUMBER,
  values: { ...ifObject(ARRAY), optional: true },
});

/** What everything that fits output weights takes. */
export const FIT = {
  ...CALL,
  activation: TEXT,
  maximumIterations: NUMBER,
  scale: LIST,
  solver: TEXT,
  tolerance: NUMBER,
  units: UNITS,
} as const;

/** What units that are drawn take. */
export const DRAWN = options<RandomUnitOptions>()({ scale: LIST, seed: 1, width: NUMBER });
