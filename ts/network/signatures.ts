import {
  record,
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  LIST,
  NUMBER,
  TEXT,
  listOf,
  object,
  options,
  text,
  type Argument,
} from '../core/rules.js';
import { TRAJECTORY_TOLERANCE } from '../flow/option-signatures.js';
import { OPTIMISER } from '../kernel/optimiser.js';
import { PAIR } from '../ridgelet/signatures.js';
import type { compileFlow, distanceFromFlow } from './compile-flow.js';
import type { fitError } from './fit-error.js';
import type { fitNetwork } from './fit.js';
import type { chooseByFolds } from './folds.js';
import type { flowSpectra } from './flow-spectra.js';
import type { writeLayersModel } from './layers-model.js';
import type { writeNetworkOnnx } from './onnx.js';
import type { oracleUnits } from './oracle-units.js';
import type { ResidualLayer, residualNetwork } from './residual-network.js';
import type { shallowNetwork } from './shallow-network.js';
import type { compareWithSpectrum } from './spectrum-comparison.js';
import type { spectrumSlice } from './spectrum-slice.js';
import type { trainNetwork } from './train.js';
import type { errorByWidth } from './width-study.js';
import { MODEL_SIGNATURES } from './model-signatures.js';
import {
  FLOW,
  RESIDUAL,
  NETWORK,
  SHALLOW,
  OWN_ACTIVATION,
  UNITS,
  HELD_OUT,
  TARGET,
  FIT,
  DRAWN,
} from './option-signatures.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  ...MODEL_SIGNATURES,
  chooseByFolds: {
    target: TARGET,
    options: options<Argument<typeof chooseByFolds, 1>>()({
      ...FIT,
      folds: NUMBER,
      ridges: LIST,
      widths: LIST,
    }),
  },
  compareWithSpectrum: {
    network: SHALLOW,
    data: record({ points: ARRAY, values: ARRAY }),
    options: options<Argument<typeof compareWithSpectrum, 2>>()({
      ...CALL,
      bandwidth: NUMBER,
      pair: PAIR,
      positions: UNITS,
    }),
  },
  compileFlow: {
    flow: FLOW,
    options: options<Argument<typeof compileFlow, 1>>()({
      ...CALL,
      activation: TEXT,
      depth: NUMBER,
      from: NUMBER,
      heldOut: HELD_OUT,
      ridge: 1,
      samples: NUMBER,
      scale: LIST,
      solver: TEXT,
      start: 1,
      to: NUMBER,
      units: UNITS,
      width: NUMBER,
    }),
  },
  distanceFromFlow: {
    network: RESIDUAL,
    flow: FLOW,
    x0: ARRAY,
    options: options<Argument<typeof distanceFromFlow, 3>>()(
      { ...CALL, tolerance: TRAJECTORY_TOLERANCE },
      true,
    ),
  },
  errorByWidth: {
    target: TARGET,
    options: options<Argument<typeof errorByWidth, 1>>()({
      ...FIT,
      heldOut: HELD_OUT,
      ridge: 1,
      widths: LIST,
    }),
  },
  fitError: {
    network: NETWORK,
    data: record({ points: ARRAY, values: ARRAY }),
    options: options<Argument<typeof fitError, 2>>()({ ...CALL }),
  },
  fitNetwork: {
    target: TARGET,
    options: options<Argument<typeof fitNetwork, 1>>()(
      {
        ...FIT,
        heldOut: HELD_OUT,
        ridge: 1,
        width: NUMBER,
      },
      true,
    ),
  },
  flowSpectra: {
    flow: object([
      'name',
      'field',
      'from',
      'to',
      'hasLaw',
      'law()',
      'reversed()',
      'between()',
      'transport()',
      'sample()',
      'logLikelihood()',
    ]),
    options: options<Argument<typeof flowSpectra, 1>>()({
      ...CALL,
      activation: OWN_ACTIVATION,
      positions: UNITS,
      samples: NUMBER,
      times: LIST,
    }),
  },
  oracleUnits: {
    points: ARRAY,
    values: ARRAY,
    options: options<Argument<typeof oracleUnits, 2>>()({
      ...CALL,
      activation: OWN_ACTIVATION,
      candidates: NUMBER,
      scale: LIST,
      width: NUMBER,
    }),
  },
  pairUnits: { points: ARRAY, options: DRAWN },
  randomUnits: { points: ARRAY, options: DRAWN },
  readLayersModel: { folder: text() },
  readNetworkOnnx: { path: text() },
  residualNetwork: {
    parameters: options<Argument<typeof residualNetwork, 0>>()({
      from: NUMBER,
      layers: listOf(options<ResidualLayer>()({ network: SHALLOW, step: NUMBER })),
    }),
  },
  shallowNetwork: {
    parameters: options<Argument<typeof shallowNetwork, 0>>()({
      A: ARRAY,
      C: ARRAY,
      activation: TEXT,
      b: ARRAY,
      bias: ARRAY_OPTIONAL,
    }),
  },
  spectrumSlice: {
    network: SHALLOW,
    data: record({ points: ARRAY, values: ARRAY }),
    options: options<Argument<typeof spectrumSlice, 2>>()(
      { ...CALL, pair: PAIR, reach: NUMBER, size: NUMBER },
      true,
    ),
  },
  trainNetwork: {
    target: TARGET,
    options: options<Argument<typeof trainNetwork, 1>>()(
      {
        ...CALL,
        activation: TEXT,
        heldOut: HELD_OUT,
        optimiser: OPTIMISER,
        scale: LIST,
        steps: NUMBER,
        units: UNITS,
        weightDecay: NUMBER,
        width: NUMBER,
      },
      true,
    ),
  },
  writeLayersModel: {
    folder: text(),
    network: NETWORK,
    options: options<Argument<typeof writeLayersModel, 2>>()({ signal: 1 }, true),
  },
  writeNetworkOnnx: {
    path: text(),
    network: NETWORK,
    options: options<Argument<typeof writeNetworkOnnx, 2>>()({ signal: 1 }, true),
  },
};
