import {
  listOf,
  ARRAY,
  CALL,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  ifObject,
  list,
  object,
  options,
  text,
  type Argument,
  callback,
} from '../core/rules.js';
import type { compareDepths } from './compare-depths.js';
import type { composedDae } from './composed-dae.js';
import type { continuousDae } from './continuous-dae.js';
import type { daeMap } from './dae-map.js';
import type { defaultSmoothing } from './defaults.js';
import type { laplaceNoise, uniformBallNoise } from './noise.js';
import type { compareStacking, trajectoryDistance } from './training/compare-stacking.js';
import type { trainComposedDae } from './training/composition.js';
import type { readDae, writeDae } from './training/files.js';
import type { fineTune } from './training/fine-tune.js';
import type { fitComposedDae, fitDae, fitStackedDae } from './training/fit-dae.js';
import type { layerSeparation } from './training/layer-separation.js';
import type { writeDaeLayersModel } from './training/layers-model.js';
import type { writeDaeOnnx } from './training/onnx.js';
import type { trainDae } from './training/train-dae.js';
import type { trainStackedDae } from './training/train-stack.js';
import type { unitFlow } from './training/unit-flow.js';
import type { transportCloud } from './transport-cloud.js';
import { SOLVER, STEP } from '../flow/option-signatures.js';
import { MEASURE } from '../measure/signatures.js';
import { OPTIMISER } from '../kernel/optimiser.js';
import { CHECKPOINT, EARLY_STOPPING, NOISE } from './option-signatures.js';

const DAE = object(['dimension', 'apply()']);

/** What training by descent takes, of one layer or several. */
const DESCENT = {
  activation: TEXT,
  batch: NUMBER,
  checkpoint: CHECKPOINT,
  earlyStopping: EARLY_STOPPING,
  epochs: NUMBER,
  onEpoch: 1,
  optimiser: OPTIMISER,
  resume: TEXT,
  schedule: TEXT,
  tied: FLAG,
} as const;

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  compareDepths: {
    points: ARRAY,
    options: options<Argument<typeof compareDepths, 1>>()(
      {
        ...CALL,
        contraction: TEXT,
        T: NUMBER,
        depths: LIST,
        keep: callback(true),
        known: LIST,
        labels: LIST,
        neighbours: NUMBER,
        onExpectedTime: 1,
        onRun: 1,
        scoreTolerance: NUMBER,
        smoothing: NUMBER,
        snapshots: NUMBER,
      },
      true,
    ),
  },
  compareStacking: {
    points: ARRAY,
    options: options<Argument<typeof compareStacking, 1>>()({
      ...CALL,
      T: NUMBER,
      activation: TEXT,
      batch: NUMBER,
      earlyStopping: EARLY_STOPPING,
      epochs: NUMBER,
      layers: NUMBER,
      noises: LIST,
      onEpoch: 1,
      optimiser: OPTIMISER,
      schedule: TEXT,
      tied: FLAG,
      widths: LIST,
    }),
  },
  composedDae: {
    measure: MEASURE,
    options: options<Argument<typeof composedDae, 1>>()({
      ...CALL,
      contraction: TEXT,
      T: NUMBER,
      layers: NUMBER,
      noises: LIST,
      samples: NUMBER,
      smoothing: NUMBER,
    }),
  },
  continuousDae: {
    measure: MEASURE,
    options: options<Argument<typeof continuousDae, 1>>()({
      linearise: TEXT,
      maximumSteps: NUMBER,
      solver: SOLVER,
      step: STEP,
      to: NUMBER,
      tolerance: NUMBER,
    }),
  },
  daeMap: { measure: MEASURE, options: options<Argument<typeof daeMap, 1>>()({ noise: 1 }) },
  defaultNoise: {},
  defaultSmoothing: {
    points: ARRAY,
    options: options<Argument<typeof defaultSmoothing, 1>>()({ ...CALL }, true),
  },
  fineTune: {
    dae: DAE,
    points: ARRAY,
    options: options<Argument<typeof fineTune, 2>>()({
      ...CALL,
      batch: NUMBER,
      checkpoint: CHECKPOINT,
      earlyStopping: EARLY_STOPPING,
      epochs: NUMBER,
      noise: NOISE,
      onEpoch: 1,
      optimiser: OPTIMISER,
      resume: TEXT,
      schedule: TEXT,
    }),
  },
  fitComposedDae: {
    points: ARRAY,
    options: options<Argument<typeof fitComposedDae, 1>>()({
      ...CALL,
      T: NUMBER,
      activation: TEXT,
      copies: NUMBER,
      heldOut: NUMBER,
      layers: NUMBER,
      noises: LIST,
      residual: FLAG,
      ridge: 1,
      scale: LIST,
      units: TEXT,
      width: NUMBER,
    }),
  },
  fitDae: {
    points: ARRAY,
    options: options<Argument<typeof fitDae, 1>>()({
      ...CALL,
      activation: TEXT,
      copies: NUMBER,
      heldOut: NUMBER,
      noise: NOISE,
      residual: FLAG,
      ridge: 1,
      scale: LIST,
      units: ifObject(object(['a', 'b'], true)),
      width: NUMBER,
    }),
  },
  fitStackedDae: {
    points: ARRAY,
    options: options<Argument<typeof fitStackedDae, 1>>()({
      ...CALL,
      T: NUMBER,
      activation: TEXT,
      copies: NUMBER,
      featureNoise: TEXT,
      heldOut: NUMBER,
      layers: NUMBER,
      noises: LIST,
      ridge: 1,
      scale: LIST,
      units: TEXT,
      widths: 1,
    }),
  },
  laplaceNoise: { options: options<Argument<typeof laplaceNoise, 0>>()({ scale: NUMBER }) },
  layerSeparation: {
    dae: DAE,
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof layerSeparation, 3>>()({ ...CALL, samples: NUMBER }, true),
  },
  noiseFromDensity: { density: object(['logDensity()']) },
  readDae: { path: text(), options: options<Argument<typeof readDae, 1>>()({ signal: 1 }, true) },
  readDaeLayersModel: { folder: text() },
  trainComposedDae: {
    points: ARRAY,
    options: options<Argument<typeof trainComposedDae, 1>>()({
      ...CALL,
      T: NUMBER,
      ...DESCENT,
      layers: NUMBER,
      noises: LIST,
      residual: FLAG,
      width: NUMBER,
    }),
  },
  trainDae: {
    points: ARRAY,
    options: options<Argument<typeof trainDae, 1>>()({
      ...CALL,
      ...DESCENT,
      noise: NOISE,
      residual: FLAG,
      width: NUMBER,
    }),
  },
  trainStackedDae: {
    points: ARRAY,
    options: options<Argument<typeof trainStackedDae, 1>>()({
      ...CALL,
      T: NUMBER,
      ...DESCENT,
      featureNoise: TEXT,
      layers: NUMBER,
      noises: LIST,
      widths: 1,
    }),
  },
  trajectoryDistance: {
    a: listOf(ARRAY),
    b: listOf(ARRAY),
    options: options<Argument<typeof trajectoryDistance, 2>>()({ ...CALL }, true),
  },
  transportCloud: {
    points: ARRAY,
    options: options<Argument<typeof transportCloud, 1>>()({
      ...CALL,
      contraction: TEXT,
      T: NUMBER,
      depth: 1,
      scoreTolerance: NUMBER,
      smoothing: NUMBER,
      snapshots: NUMBER,
    }),
  },
  uniformBallNoise: { options: options<Argument<typeof uniformBallNoise, 0>>()({ radius: NUMBER }) },
  unitFlow: {
    points: ARRAY,
    options: options<Argument<typeof unitFlow, 1>>()({
      activation: TEXT,
      copies: NUMBER,
      noise: NOISE,
      residual: FLAG,
      seed: 1,
      to: NUMBER,
    }),
  },
  writeDae: { path: text(), dae: DAE, options: options<Argument<typeof writeDae, 2>>()({ signal: 1 }, true) },
  writeDaeLayersModel: {
    folder: text(),
    dae: DAE,
    options: options<Argument<typeof writeDaeLayersModel, 2>>()({ signal: 1 }, true),
  },
  writeDaeOnnx: {
    path: text(),
    dae: DAE,
    options: options<Argument<typeof writeDaeOnnx, 2>>()({ signal: 1 }, true),
  },
};
