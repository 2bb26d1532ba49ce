import type { NdArray } from '../core/array.js';
import { ifObject, object, options, NUMBER, TEXT, LIST } from '../core/rules.js';
import type { Checkpointing } from './training/checkpoint.js';
import type { DescentOptions, EarlyStopping } from './training/descent.js';

// Rules of options that are objects themselves.

export const CHECKPOINT = options<Checkpointing>()({ every: NUMBER, file: TEXT }, true);

export const EARLY_STOPPING = options<EarlyStopping>()({ heldOut: NUMBER, patience: NUMBER }, true);

/** A variance, a covariance, or how many coordinates are set to 0. */
export const NOISE = ifObject(
  options<NdArray | { masking: number }>()({ data: LIST, masking: NUMBER, shape: LIST }),
);

export const OPTIMISER = object(['kind'], true);

type Optimiser<K> = Extract<NonNullable<DescentOptions['optimiser']>, { kind: K }>;

/** What an optimiser takes, by its kind. */
export const OPTIMISERS = {
  adam: {
    optimiser: options<Optimiser<'adam'>>()({
      beta1: NUMBER,
      beta2: NUMBER,
      epsilon: NUMBER,
      kind: TEXT,
      rate: NUMBER,
    }),
  },
  sgd: { optimiser: options<Optimiser<'sgd'>>()({ kind: TEXT, momentum: NUMBER, rate: NUMBER }) },
};
