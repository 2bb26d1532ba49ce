import {
  ARRAY,
  CALL,
  callback,
  list,
  object,
  options,
  type Argument,
  TEXT,
  FLAG,
  NUMBER,
  LIST,
  CALLBACK,
} from '../core/rules.js';
import type { collapse, leavingBall } from './events.js';
import type { trajectoryInformation } from './information.js';
import type { integrate } from './integrate.js';
import type { entropicJkoFlow } from './jko/entropic-flow.js';
import type { freeEnergyFlow, jkoFlow } from './jko/line-flow.js';
import type { medianSquaredDistance } from './named/bandwidth.js';
import type { continuousDaeFlow } from './named/continuous-dae.js';
import type { dilated } from './named/dilation.js';
import type { fokkerPlanckFlow } from './named/fokker-planck.js';
import type { heatFlow } from './named/heat.js';
import type { kernelFlow } from './named/kernel-flow.js';
import type { langevin, metropolisAdjustedLangevin } from './named/langevin.js';
import type { maximumMeanDiscrepancy } from './named/maximum-mean-discrepancy.js';
import type { ornsteinUhlenbeckFlow } from './named/ornstein-uhlenbeck.js';
import type { pairedFlowMatching, shufflePairs } from './named/paired-flow-matching.js';
import type { probabilityFlow } from './named/probability-flow.js';
import type { ornsteinUhlenbeck, varianceExploding, variancePreserving } from './named/process.js';
import type { rectifiedFlow } from './named/rectified-flow.js';
import type { reverseDiffusion } from './named/reverse-diffusion.js';
import type { sinkhornDivergenceFlow } from './named/sinkhorn-divergence-flow.js';
import type { slicedWassersteinFlow } from './named/sliced-wasserstein-flow.js';
import type { steinVariationalGradientDescent } from './named/stein.js';
import type { diffuse } from './sde.js';
import type { solve } from './solve.js';
import type { localStretch } from './stretch.js';
import { FIELD } from '../field/signatures.js';
import {
  CHECKPOINT,
  CONTROLLER,
  EVENTS,
  LINE_ENERGY,
  NOISE_INJECTION,
  NORMALS,
  POROUS_MEDIUM,
  PROCESS,
  SOLVER,
  STEP,
  TOLERANCE,
  TRACK,
  TRAJECTORY_TOLERANCE,
} from './option-signatures.js';
import { MEASURE } from '../measure/signatures.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  collapse: { options: options<Argument<typeof collapse, 1>>()({ name: TEXT, terminal: FLAG }, true) },
  continuousDaeFlow: {
    measure: MEASURE,
    options: options<Argument<typeof continuousDaeFlow, 1>>()({ to: NUMBER }),
  },
  diffuse: {
    drift: FIELD,
    x0: ARRAY,
    options: options<Argument<typeof diffuse, 2>>()({
      ...CALL,
      checkpoint: CHECKPOINT,
      from: NUMBER,
      maximumSteps: NUMBER,
      noise: 1,
      normals: NORMALS,
      onStep: 1,
      resume: TEXT,
      saveAt: LIST,
      solver: TEXT,
      step: STEP,
      to: NUMBER,
    }),
  },
  dilated: { measure: MEASURE, options: options<Argument<typeof dilated, 1>>()({ scale: NUMBER, shift: 1 }) },
  entropicJkoFlow: {
    energy: options<Argument<typeof entropicJkoFlow, 0>>()({
      entropy: NUMBER,
      interaction: callback(true),
      porousMedium: POROUS_MEDIUM,
      potential: 1,
    }),
    sites: ARRAY,
    options: options<Argument<typeof entropicJkoFlow, 3>>()({
      ...CALL,
      epsilon: NUMBER,
      maximumIterations: NUMBER,
      step: NUMBER,
      steps: NUMBER,
      tolerance: NUMBER,
      volumes: 1,
    }),
  },
  flowMatching: { source: MEASURE, target: MEASURE },
  fokkerPlanckFlow: {
    parameters: options<Argument<typeof fokkerPlanckFlow, 0>>()({
      diffusion: NUMBER,
      from: NUMBER,
      law: CALLBACK,
      potential: object(['gradient()'], true),
      to: NUMBER,
      variance: NUMBER,
    }),
  },
  freeEnergyFlow: {
    energy: LINE_ENERGY,
    options: options<Argument<typeof freeEnergyFlow, 1>>()({ to: NUMBER }),
  },
  heatFlow: { measure: MEASURE, options: options<Argument<typeof heatFlow, 1>>()({ to: NUMBER }) },
  integrate: {
    field: FIELD,
    x0: ARRAY,
    options: options<Argument<typeof integrate, 2>>()({
      ...CALL,
      checkpoint: CHECKPOINT,
      controller: CONTROLLER,
      dense: FLAG,
      divergence: TEXT,
      events: EVENTS,
      from: NUMBER,
      linearise: TEXT,
      logDensity0: LIST,
      maximumStep: NUMBER,
      maximumSteps: NUMBER,
      minimumStep: NUMBER,
      firstStep: NUMBER,
      norm: TEXT,
      onStep: 1,
      probes: NUMBER,
      resume: TEXT,
      saveAt: LIST,
      solver: SOLVER,
      step: STEP,
      stopAt: LIST,
      to: NUMBER,
      tolerance: TRAJECTORY_TOLERANCE,
      track: TRACK,
    }),
  },
  jkoFlow: {
    energy: LINE_ENERGY,
    x0: ARRAY,
    options: options<Argument<typeof jkoFlow, 2>>()({ ...CALL, step: NUMBER, steps: NUMBER }),
  },
  kernelFlow: {
    target: MEASURE,
    options: options<Argument<typeof kernelFlow, 1>>()({
      noise: NOISE_INJECTION,
      to: NUMBER,
      variance: NUMBER,
    }),
  },
  langevin: {
    target: MEASURE,
    parameters: options<Argument<typeof langevin, 1>>()({ step: NUMBER, steps: NUMBER }),
  },
  lawOf: {
    process: PROCESS,
    measure: MEASURE,
  },
  leavingBall: {
    centre: list(),
    options: options<Argument<typeof leavingBall, 2>>()({ name: TEXT, terminal: FLAG }, true),
  },
  localStretch: {
    jacobians: ARRAY,
    options: options<Argument<typeof localStretch, 1>>()({ onProgress: 1, signal: 1 }, true),
  },
  maximumMeanDiscrepancy: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof maximumMeanDiscrepancy, 2>>()({ ...CALL, variance: NUMBER }),
  },
  medianSquaredDistance: {
    points: ARRAY,
    options: options<Argument<typeof medianSquaredDistance, 1>>()({ seed: 1 }, true),
  },
  metropolisAdjustedLangevin: {
    target: MEASURE,
    parameters: options<Argument<typeof metropolisAdjustedLangevin, 1>>()({ step: NUMBER, steps: NUMBER }),
  },
  ornsteinUhlenbeck: {
    parameters: options<Argument<typeof ornsteinUhlenbeck, 0>>()(
      { centre: 1, diffusion: NUMBER, end: NUMBER, rate: NUMBER },
      true,
    ),
  },
  ornsteinUhlenbeckFlow: {
    measure: MEASURE,
    options: options<Argument<typeof ornsteinUhlenbeckFlow, 1>>()(
      { centre: 1, diffusion: NUMBER, end: NUMBER, rate: NUMBER, to: NUMBER },
      true,
    ),
  },
  pairedFlowMatching: {
    parameters: options<Argument<typeof pairedFlowMatching, 0>>()({
      from: ARRAY,
      to: ARRAY,
      variance: NUMBER,
    }),
  },
  probabilityFlow: {
    process: PROCESS,
    measure: MEASURE,
    options: options<Argument<typeof probabilityFlow, 2>>()({ from: NUMBER, to: NUMBER }, true),
  },
  rectifiedFlow: {
    source: MEASURE,
    target: MEASURE,
    options: options<Argument<typeof rectifiedFlow, 2>>()({
      ...CALL,
      pairs: NUMBER,
      rounds: NUMBER,
      solver: SOLVER,
      step: STEP,
      tolerance: TRAJECTORY_TOLERANCE,
      variance: NUMBER,
    }),
  },
  reverseDiffusion: {
    process: PROCESS,
    measure: MEASURE,
    options: options<Argument<typeof reverseDiffusion, 2>>()({ from: NUMBER, to: NUMBER }, true),
  },
  shufflePairs: { points: ARRAY, options: options<Argument<typeof shufflePairs, 1>>()({ seed: 1 }, true) },
  sinkhornDivergenceFlow: {
    target: ARRAY,
    options: options<Argument<typeof sinkhornDivergenceFlow, 1>>()({
      epsilon: NUMBER,
      maximumIterations: NUMBER,
      to: NUMBER,
      tolerance: NUMBER,
    }),
  },
  slicedWassersteinFlow: {
    target: ARRAY,
    options: options<Argument<typeof slicedWassersteinFlow, 1>>()({
      directions: NUMBER,
      step: NUMBER,
      to: NUMBER,
    }),
  },
  solve: {
    system: object(['derivative()']),
    y0: list(),
    options: options<Argument<typeof solve, 2>>()({
      checkpoint: CHECKPOINT,
      controller: CONTROLLER,
      dense: FLAG,
      events: EVENTS,
      from: NUMBER,
      linearise: TEXT,
      kernels: object(['name', 'linearCombination()']),
      maximumStep: NUMBER,
      maximumSteps: NUMBER,
      minimumStep: NUMBER,
      firstStep: NUMBER,
      norm: TEXT,
      onProgress: 1,
      onStep: 1,
      resume: TEXT,
      saveAt: LIST,
      signal: 1,
      solver: SOLVER,
      step: STEP,
      stopAt: LIST,
      to: NUMBER,
      tolerance: TOLERANCE,
    }),
  },
  steinVariationalGradientDescent: {
    target: MEASURE,
    options: options<Argument<typeof steinVariationalGradientDescent, 1>>()(
      { to: NUMBER, variance: NUMBER },
      true,
    ),
  },
  straightness: { trajectory: object(['states', 'end']) },
  trajectoryInformation: {
    trajectory: object(['states']),
    options: options<Argument<typeof trajectoryInformation, 1>>()({ ...CALL, law: CALLBACK }, true),
  },
  varianceExploding: {
    parameters: options<Argument<typeof varianceExploding, 0>>()({ maximum: NUMBER, minimum: NUMBER }),
  },
  variancePreserving: {
    parameters: options<Argument<typeof variancePreserving, 0>>()({ maximum: NUMBER, minimum: NUMBER }, true),
  },
};
