import { ARRAY, CALL, list, object, options, type Argument } from '../core/call.js';
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
import { MEASURE } from '../measure/signatures.js';

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  collapse: { options: options<Argument<typeof collapse, 1>>()({ name: 1, terminal: 1 }, true) },
  continuousDaeFlow: {
    measure: MEASURE,
    options: options<Argument<typeof continuousDaeFlow, 1>>()({ to: 1 }),
  },
  diffuse: {
    drift: FIELD,
    x0: ARRAY,
    options: options<Argument<typeof diffuse, 2>>()({
      ...CALL,
      checkpoint: 1,
      from: 1,
      maxSteps: 1,
      noise: 1,
      normals: 1,
      onStep: 1,
      resume: 1,
      saveAt: 1,
      solver: 1,
      step: 1,
      to: 1,
    }),
  },
  dilated: { measure: MEASURE, options: options<Argument<typeof dilated, 1>>()({ scale: 1, shift: 1 }) },
  entropicJkoFlow: {
    energy: options<Argument<typeof entropicJkoFlow, 0>>()({
      entropy: 1,
      interaction: 1,
      porousMedium: 1,
      potential: 1,
    }),
    sites: ARRAY,
    options: options<Argument<typeof entropicJkoFlow, 3>>()({
      ...CALL,
      epsilon: 1,
      maximumIterations: 1,
      step: 1,
      steps: 1,
      tolerance: 1,
      volumes: 1,
    }),
  },
  flowMatching: { source: MEASURE, target: MEASURE },
  fokkerPlanckFlow: {
    parameters: options<Argument<typeof fokkerPlanckFlow, 0>>()({
      diffusion: 1,
      from: 1,
      law: 1,
      potential: 1,
      to: 1,
      variance: 1,
    }),
  },
  freeEnergyFlow: {
    energy: options<Argument<typeof freeEnergyFlow, 0>>()({
      entropy: 1,
      interaction: 1,
      porousMedium: 1,
      potential: 1,
    }),
    options: options<Argument<typeof freeEnergyFlow, 1>>()({ to: 1 }),
  },
  heatFlow: { measure: MEASURE, options: options<Argument<typeof heatFlow, 1>>()({ to: 1 }) },
  integrate: {
    field: FIELD,
    x0: ARRAY,
    options: options<Argument<typeof integrate, 2>>()({
      ...CALL,
      checkpoint: 1,
      controller: 1,
      dense: 1,
      divergence: 1,
      events: 1,
      from: 1,
      linearise: 1,
      logDensity0: 1,
      maxStep: 1,
      maxSteps: 1,
      minStep: 1,
      norm: 1,
      onStep: 1,
      probes: 1,
      resume: 1,
      saveAt: 1,
      solver: 1,
      step: 1,
      stopAt: 1,
      to: 1,
      tolerance: 1,
      track: 1,
    }),
  },
  jkoFlow: {
    energy: options<Argument<typeof jkoFlow, 0>>()({
      entropy: 1,
      interaction: 1,
      porousMedium: 1,
      potential: 1,
    }),
    x0: ARRAY,
    options: options<Argument<typeof jkoFlow, 2>>()({ ...CALL, step: 1, steps: 1 }),
  },
  kernelFlow: {
    target: MEASURE,
    options: options<Argument<typeof kernelFlow, 1>>()({ noise: 1, to: 1, variance: 1 }),
  },
  langevin: { target: MEASURE, parameters: options<Argument<typeof langevin, 1>>()({ step: 1, steps: 1 }) },
  lawOf: {
    process: object(['name', 'end', 'drift()', 'noise()', 'scale()', 'variance()']),
    measure: MEASURE,
  },
  leavingBall: {
    centre: list(),
    options: options<Argument<typeof leavingBall, 2>>()({ name: 1, terminal: 1 }, true),
  },
  localStretch: {
    jacobians: ARRAY,
    options: options<Argument<typeof localStretch, 1>>()({ onProgress: 1, signal: 1 }, true),
  },
  maximumMeanDiscrepancy: {
    a: ARRAY,
    b: ARRAY,
    options: options<Argument<typeof maximumMeanDiscrepancy, 2>>()({ ...CALL, variance: 1 }),
  },
  medianSquaredDistance: {
    points: ARRAY,
    options: options<Argument<typeof medianSquaredDistance, 1>>()({ seed: 1 }, true),
  },
  metropolisAdjustedLangevin: {
    target: MEASURE,
    parameters: options<Argument<typeof metropolisAdjustedLangevin, 1>>()({ step: 1, steps: 1 }),
  },
  ornsteinUhlenbeck: {
    parameters: options<Argument<typeof ornsteinUhlenbeck, 0>>()(
      { centre: 1, diffusion: 1, end: 1, rate: 1 },
      true,
    ),
  },
  ornsteinUhlenbeckFlow: {
    measure: MEASURE,
    options: options<Argument<typeof ornsteinUhlenbeckFlow, 1>>()(
      { centre: 1, diffusion: 1, end: 1, rate: 1, to: 1 },
      true,
    ),
  },
  pairedFlowMatching: {
    parameters: options<Argument<typeof pairedFlowMatching, 0>>()({ from: 1, to: 1, variance: 1 }),
  },
  probabilityFlow: {
    process: object(['name', 'end', 'drift()', 'noise()', 'scale()', 'variance()']),
    measure: MEASURE,
    options: options<Argument<typeof probabilityFlow, 2>>()({ from: 1, to: 1 }, true),
  },
  rectifiedFlow: {
    source: MEASURE,
    target: MEASURE,
    options: options<Argument<typeof rectifiedFlow, 2>>()({
      ...CALL,
      pairs: 1,
      rounds: 1,
      solver: 1,
      step: 1,
      tolerance: 1,
      variance: 1,
    }),
  },
  reverseDiffusion: {
    process: object(['name', 'end', 'drift()', 'noise()', 'scale()', 'variance()']),
    measure: MEASURE,
    options: options<Argument<typeof reverseDiffusion, 2>>()({ from: 1, to: 1 }, true),
  },
  shufflePairs: { points: ARRAY, options: options<Argument<typeof shufflePairs, 1>>()({ seed: 1 }, true) },
  sinkhornDivergenceFlow: {
    target: ARRAY,
    options: options<Argument<typeof sinkhornDivergenceFlow, 1>>()({
      epsilon: 1,
      maximumIterations: 1,
      to: 1,
      tolerance: 1,
    }),
  },
  slicedWassersteinFlow: {
    target: ARRAY,
    options: options<Argument<typeof slicedWassersteinFlow, 1>>()({ directions: 1, step: 1, to: 1 }),
  },
  solve: {
    system: object(['derivative()']),
    y0: list(),
    options: options<Argument<typeof solve, 2>>()({
      checkpoint: 1,
      controller: 1,
      dense: 1,
      events: 1,
      from: 1,
      linearise: 1,
      kernels: 1,
      maxStep: 1,
      maxSteps: 1,
      minStep: 1,
      norm: 1,
      onProgress: 1,
      onStep: 1,
      resume: 1,
      saveAt: 1,
      signal: 1,
      solver: 1,
      step: 1,
      stopAt: 1,
      to: 1,
      tolerance: 1,
    }),
  },
  steinVariationalGradientDescent: {
    target: MEASURE,
    options: options<Argument<typeof steinVariationalGradientDescent, 1>>()({ to: 1, variance: 1 }, true),
  },
  straightness: { trajectory: object(['states', 'end']) },
  trajectoryInformation: {
    trajectory: object(['states']),
    options: options<Argument<typeof trajectoryInformation, 1>>()({ ...CALL, law: 1 }, true),
  },
  varianceExploding: {
    parameters: options<Argument<typeof varianceExploding, 0>>()({ maximum: 1, minimum: 1 }),
  },
  variancePreserving: {
    parameters: options<Argument<typeof variancePreserving, 0>>()({ maximum: 1, minimum: 1 }, true),
  },
};
