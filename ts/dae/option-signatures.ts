import type { NdArray } from '../core/array.js';
import { ifObject, options, NUMBER, TEXT, LIST } from '../core/rules.js';
import type { Checkpointing } from './training/checkpoint.js';
import type { EarlyStopping } from './training/descent.js';

// Rules of options that are objects themselves.

export const CHECKPOINT = options<Checkpointing>()({ every: NUMBER, file: TEXT }, true);

export const EARLY_STOPPING = options<EarlyStopping>()({ heldOut: NUMBER, patience: NUMBER }, true);

/** A variance, a covariance, or how many coordinates are set to 0. */
export const NOISE = ifObject(
  options<NdArray | { masking: number }>()({ data: LIST, masking: NUMBER, shape: LIST }),
);
