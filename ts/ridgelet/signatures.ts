import {
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  ifObject,
  object,
  options,
  type Argument,
  NUMBER,
  TEXT,
  LIST,
  record,
} from '../core/rules.js';
import type { denoiseByRidgelets } from './denoise.js';
import type { dualRidgeletTransform, normalisedReconstruction } from './dual.js';
import type { finiteRadonTransform, inverseFiniteRadonTransform } from './finite-radon.js';
import type { finiteRidgeletTransform, inverseFiniteRidgeletTransform } from './finite-ridgelet.js';
import type { functionOnGrid } from './function-on-grid.js';
import type { ridgeletTransformOfMeasure } from './of-measure.js';
import type { ridgeletPair } from './pair.js';
import type { sampleRidgelet } from './sampling.js';
import type { unitsOfGrid } from './grid.js';
import type { ridgeletTransformAlong, ridgeletTransformOnGrid, sampleSpectrum } from './spectrum.js';
import type { ridgeletTransform } from './transform.js';
import type { denoiseByWavelets } from './wavelet-denoise.js';
import { MIXTURE } from '../measure/signatures.js';

/** A ridgelet pair of the library. */
export const PAIR = object(['dimension', 'value()', 'transform()', 'table()'], true);

const COEFFICIENTS = object(['coefficients', 'a', 'b']);

const UNITS = object(['a', 'b']);

const DATA = record({ points: ARRAY, values: ARRAY_OPTIONAL, weights: ARRAY_OPTIONAL });

const GRID = object(['a', 'b']);

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  denoiseByRidgelets: {
    image: ARRAY,
    options: options<Argument<typeof denoiseByRidgelets, 1>>()(
      { ...CALL, block: NUMBER, noise: NUMBER, rule: TEXT, shifts: NUMBER, threshold: NUMBER, wavelet: TEXT },
      true,
    ),
  },
  denoiseByWavelets: {
    image: ARRAY,
    options: options<Argument<typeof denoiseByWavelets, 1>>()(
      {
        ...CALL,
        levels: NUMBER,
        rule: TEXT,
        shifts: NUMBER,
        noise: NUMBER,
        threshold: NUMBER,
        wavelet: TEXT,
      },
      true,
    ),
  },
  dualRidgeletTransform: {
    x: ARRAY,
    units: COEFFICIENTS,
    options: options<Argument<typeof dualRidgeletTransform, 2>>()({ ...CALL, activation: 1 }),
  },
  finiteRadonTransform: {
    image: ARRAY,
    options: options<Argument<typeof finiteRadonTransform, 1>>()({ ...CALL }, true),
  },
  finiteRidgeletTransform: {
    image: ARRAY,
    options: options<Argument<typeof finiteRidgeletTransform, 1>>()(
      { ...CALL, block: NUMBER, wavelet: TEXT },
      true,
    ),
  },
  functionOnGrid: {
    values: ARRAY,
    options: options<Argument<typeof functionOnGrid, 1>>()({ from: LIST, spacing: 1 }),
  },
  inverseFiniteRadonTransform: {
    projections: ARRAY,
    options: options<Argument<typeof inverseFiniteRadonTransform, 1>>()({ ...CALL }, true),
  },
  inverseFiniteRidgeletTransform: {
    ridgelets: object(['coefficients', 'constants', 'shape', 'block', 'wavelet']),
    options: options<Argument<typeof inverseFiniteRidgeletTransform, 1>>()({ ...CALL }, true),
  },
  normalisedReconstruction: {
    x: ARRAY,
    units: COEFFICIENTS,
    ofOne: ARRAY,
    options: options<Argument<typeof normalisedReconstruction, 3>>()({ ...CALL, activation: 1 }),
  },
  ridgeletPair: {
    options: options<Argument<typeof ridgeletPair, 2>>()({ order: NUMBER, width: NUMBER }, true),
  },
  ridgeletTransform: {
    data: DATA,
    units: UNITS,
    options: options<Argument<typeof ridgeletTransform, 2>>()({ ...CALL, normalisation: TEXT, pair: PAIR }),
  },
  ridgeletTransformAlong: {
    data: DATA,
    a: ARRAY,
    b: object(['from', 'spacing', 'count']),
    options: options<Argument<typeof ridgeletTransformAlong, 3>>()({
      ...CALL,
      normalisation: TEXT,
      pair: PAIR,
    }),
  },
  ridgeletTransformOfMeasure: {
    measure: MIXTURE,
    units: UNITS,
    options: options<Argument<typeof ridgeletTransformOfMeasure, 2>>()({
      ...CALL,
      normalisation: TEXT,
      pair: PAIR,
    }),
  },
  ridgeletTransformOnGrid: {
    data: DATA,
    grid: GRID,
    options: options<Argument<typeof ridgeletTransformOnGrid, 2>>()({
      ...CALL,
      normalisation: TEXT,
      pair: PAIR,
    }),
  },
  sampleRidgelet: {
    target: record({ points: ARRAY_OPTIONAL, values: ARRAY_OPTIONAL, weights: ifObject(ARRAY_OPTIONAL) }),
    options: options<Argument<typeof sampleRidgelet, 2>>()({
      ...CALL,
      candidates: NUMBER,
      normalisation: TEXT,
      pair: PAIR,
      radius: NUMBER,
    }),
  },
  sampleSpectrum: {
    spectrum: object(['grid', 'values']),
    options: options<Argument<typeof sampleSpectrum, 2>>()({ seed: 1 }, true),
  },
  unitsOfGrid: { grid: GRID, options: options<Argument<typeof unitsOfGrid, 1>>()({ dtype: 1 }, true) },
};
