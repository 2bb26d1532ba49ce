import { ARRAY, CALL, list, object, options, text, type Argument } from '../core/call.js';
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
import { MEASURE } from '../measure/signatures.js';

const DAE = object(['dimension', 'apply()']);

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  compareDepths: {
    points: ARRAY,
    options: options<Argument<typeof compareDepths, 1>>()(
      {
        ...CALL,
        contraction: 1,
        T: 1,
        depths: 1,
        known: 1,
        labels: 1,
        neighbours: 1,
        onExpectedTime: 1,
        onRun: 1,
        scoreTolerance: 1,
        smoothing: 1,
        snapshots: 1,
      },
      true,
    ),
  },
  compareStacking: {
    points: ARRAY,
    options: options<Argument<typeof compareStacking, 1>>()({
      ...CALL,
      T: 1,
      activation: 1,
      batch: 1,
      earlyStopping: 1,
      epochs: 1,
      layers: 1,
      noises: 1,
      onEpoch: 1,
      optimiser: 1,
      schedule: 1,
      tied: 1,
      widths: 1,
    }),
  },
  composedDae: {
    measure: MEASURE,
    options: options<Argument<typeof composedDae, 1>>()({
      ...CALL,
      contraction: 1,
      T: 1,
      layers: 1,
      noises: 1,
      samples: 1,
      smoothing: 1,
    }),
  },
  continuousDae: {
    measure: MEASURE,
    options: options<Argument<typeof continuousDae, 1>>()({
      linearise: 1,
      maxSteps: 1,
      solver: 1,
      step: 1,
      to: 1,
      tolerance: 1,
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
      batch: 1,
      checkpoint: 1,
      earlyStopping: 1,
      epochs: 1,
      noise: 1,
      onEpoch: 1,
      optimiser: 1,
      resume: 1,
      schedule: 1,
    }),
  },
  fitComposedDae: {
    points: ARRAY,
    options: options<Argument<typeof fitComposedDae, 1>>()({
      ...CALL,
      T: 1,
      activation: 1,
      copies: 1,
      heldOut: 1,
      layers: 1,
      noises: 1,
      residual: 1,
      ridge: 1,
      scale: 1,
      units: 1,
      width: 1,
    }),
  },
  fitDae: {
    points: ARRAY,
    options: options<Argument<typeof fitDae, 1>>()({
      ...CALL,
      activation: 1,
      copies: 1,
      heldOut: 1,
      noise: 1,
      residual: 1,
      ridge: 1,
      scale: 1,
      units: 1,
      width: 1,
    }),
  },
  fitStackedDae: {
    points: ARRAY,
    options: options<Argument<typeof fitStackedDae, 1>>()({
      ...CALL,
      T: 1,
      activation: 1,
      copies: 1,
      featureNoise: 1,
      heldOut: 1,
      layers: 1,
      noises: 1,
      ridge: 1,
      scale: 1,
      units: 1,
      widths: 1,
    }),
  },
  laplaceNoise: { options: options<Argument<typeof laplaceNoise, 0>>()({ scale: 1 }) },
  layerSeparation: {
    dae: DAE,
    points: ARRAY,
    labels: list(),
    options: options<Argument<typeof layerSeparation, 3>>()({ ...CALL, samples: 1 }, true),
  },
  noiseFromDensity: { density: object(['logDensity()']) },
  readDae: { path: text(), options: options<Argument<typeof readDae, 1>>()({ signal: 1 }, true) },
  readDaeLayersModel: { folder: text() },
  trainComposedDae: {
    points: ARRAY,
    options: options<Argument<typeof trainComposedDae, 1>>()({
      ...CALL,
      T: 1,
      activation: 1,
      batch: 1,
      checkpoint: 1,
      earlyStopping: 1,
      epochs: 1,
      layers: 1,
      noises: 1,
      onEpoch: 1,
      optimiser: 1,
      residual: 1,
      resume: 1,
      schedule: 1,
      tied: 1,
      width: 1,
    }),
  },
  trainDae: {
    points: ARRAY,
    options: options<Argument<typeof trainDae, 1>>()({
      ...CALL,
      activation: 1,
      batch: 1,
      checkpoint: 1,
      earlyStopping: 1,
      epochs: 1,
      noise: 1,
      onEpoch: 1,
      optimiser: 1,
      residual: 1,
      resume: 1,
      schedule: 1,
      tied: 1,
      width: 1,
    }),
  },
  trainStackedDae: {
    points: ARRAY,
    options: options<Argument<typeof trainStackedDae, 1>>()({
      ...CALL,
      T: 1,
      activation: 1,
      batch: 1,
      checkpoint: 1,
      earlyStopping: 1,
      epochs: 1,
      featureNoise: 1,
      layers: 1,
      noises: 1,
      onEpoch: 1,
      optimiser: 1,
      resume: 1,
      schedule: 1,
      tied: 1,
      widths: 1,
    }),
  },
  trajectoryDistance: {
    a: list(),
    b: list(),
    options: options<Argument<typeof trajectoryDistance, 2>>()({ ...CALL }, true),
  },
  transportCloud: {
    points: ARRAY,
    options: options<Argument<typeof transportCloud, 1>>()({
      ...CALL,
      contraction: 1,
      T: 1,
      depth: 1,
      scoreTolerance: 1,
      smoothing: 1,
      snapshots: 1,
    }),
  },
  uniformBallNoise: { options: options<Argument<typeof uniformBallNoise, 0>>()({ radius: 1 }) },
  unitFlow: {
    points: ARRAY,
    options: options<Argument<typeof unitFlow, 1>>()({
      activation: 1,
      copies: 1,
      noise: 1,
      residual: 1,
      seed: 1,
      to: 1,
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
