import {
  record,
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  LIST,
  NUMBER,
  TEXT,
  callback,
  list,
  listOf,
  object,
  options,
  text,
  type Argument,
} from '../core/rules.js';
import { TRAJECTORY_TOLERANCE } from '../flow/option-signatures.js';
import { PAIR } from '../ridgelet/signatures.js';
import type { analyseNetwork } from './analysis/analyse.js';
import type { blockDerivatives } from './analysis/steps.js';
import type { analyseAttention } from './analysis/attention.js';
import type { alignmentMatrix } from './analysis/alignment-matrix.js';
import type { analyseBlocks } from './blocks/analyse-blocks.js';
import type { analyseStreams } from './blocks/analyse-streams.js';
import type { blockByDifferences } from './blocks/block-map.js';
import type { lyapunovExponents } from './blocks/lyapunov.js';
import type { refitStream } from './blocks/refit-stream.js';
import type { writeRefittedOnnx } from './blocks/refitted-onnx.js';
import type { compileFlow, distanceFromFlow } from './compile-flow.js';
import type { fitError } from './fit-error.js';
import type { fitNetwork } from './fit.js';
import type { chooseByFolds } from './folds.js';
import type { flowSpectra } from './flow-spectra.js';
import type { writeLayersModel } from './layers-model.js';
import type { openActivations } from './model/activations.js';
import type { openModel } from './model/open.js';
import type { writeNetworkOnnx } from './onnx.js';
import type { oracleUnits } from './oracle-units.js';
import type { ResidualLayer, residualNetwork } from './residual-network.js';
import type { shallowNetwork } from './shallow-network.js';
import type { compareWithSpectrum } from './spectrum-comparison.js';
import type { spectrumSlice } from './spectrum-slice.js';
import type { trainNetwork } from './train.js';
import type { errorByWidth } from './width-study.js';
import {
  FLOW,
  RESIDUAL,
  NETWORK,
  SHALLOW,
  MODEL,
  OWN_ACTIVATION,
  UNITS,
  HELD_OUT,
  TARGET,
  FIT,
  DRAWN,
} from './option-signatures.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  alignmentMatrix: {
    activations: object(['layers', 'examples', 'collect()']),
    others: object(['layers', 'examples', 'collect()'], true),
    options: options<Argument<typeof alignmentMatrix, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER },
      true,
    ),
  },
  analyseAttention: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseAttention, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER, mask: 1, memoryLimit: NUMBER },
      true,
    ),
  },
  analyseBlocks: {
    blocks: list(),
    x: ARRAY,
    options: options<Argument<typeof analyseBlocks, 2>>()({ ...CALL }, true),
  },
  analyseNetwork: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseNetwork, 2>>()(
      {
        ...CALL,
        batch: NUMBER,
        drawn: NUMBER,
        featureMaps: TEXT,
        labels: LIST,
        layers: LIST,
        mask: 1,
        memoryLimit: NUMBER,
        pool: TEXT,
        rows: NUMBER,
        width: NUMBER,
      },
      true,
    ),
  },
  analyseStreams: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof analyseStreams, 2>>()(
      { ...CALL, batch: NUMBER, examples: NUMBER, memoryLimit: NUMBER },
      true,
    ),
  },
  attentionLayers: { model: MODEL },
  blockByDifferences: {
    block: callback(),
    measured: options<Argument<typeof blockByDifferences, 1>>()({ shape: LIST, spread: NUMBER }),
  },
  blockDerivatives: {
    block: callback(),
    points: ARRAY,
    measured: options<Argument<typeof blockDerivatives, 2>>()({ shape: LIST, spread: NUMBER }),
    options: options<Argument<typeof blockDerivatives, 3>>()({ ...CALL }),
  },
  characterOf: { block: object(['relativeDisplacement', 'gradientShare', 'optimality']) },
  chooseByFolds: {
    target: TARGET,
    options: options<Argument<typeof chooseByFolds, 1>>()({
      ...FIT,
      folds: NUMBER,
      ridges: LIST,
      widths: LIST,
    }),
  },
  chooseLayers: { model: MODEL, patterns: list(true) },
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
  openActivations: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof openActivations, 2>>()(
      {
        ...CALL,
        batch: NUMBER,
        featureMaps: TEXT,
        layers: LIST,
        mask: 1,
        memoryLimit: NUMBER,
        pool: TEXT,
        rows: NUMBER,
        width: NUMBER,
      },
      true,
    ),
  },
  openModel: {
    path: text(),
    options: options<Argument<typeof openModel, 1>>()({ backend: 1, signal: 1 }, true),
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
  lyapunovExponents: {
    blocks: list(),
    x: ARRAY,
    options: options<Argument<typeof lyapunovExponents, 2>>()(
      { ...CALL, count: NUMBER, points: NUMBER },
      true,
    ),
  },
  streamVerdict: { blocks: list() },
  refitStream: {
    model: MODEL,
    points: object([]),
    options: options<Argument<typeof refitStream, 2>>()({
      ...CALL,
      activation: TEXT,
      depth: NUMBER,
      examples: NUMBER,
      width: NUMBER,
    }),
  },
  residualStreams: { model: MODEL },
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
        learningRate: NUMBER,
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
  writeRefittedOnnx: {
    path: text(),
    source: text(),
    refitted: object(['from', 'to', 'network']),
    options: options<Argument<typeof writeRefittedOnnx, 3>>()({ signal: 1 }, true),
  },
};
