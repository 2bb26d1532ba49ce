export type { ControllerGains } from './controller.js';
export type { ErrorNorm, Tolerance } from './tolerance.js';
export {
  collapse,
  leavingBall,
  type EventContext,
  type EventOptions,
  type EventRecord,
  type FlowEvent,
} from './events.js';
export {
  integrate,
  straightness,
  type IntegrateOptions,
  type Trajectory,
  type TrajectoryTolerance,
} from './integrate.js';
export {
  trajectoryInformation,
  type StateInformation,
  type TrajectoryInformationOptions,
} from './information.js';
export type { Track, TrajectoryState } from './particles.js';
export type { CheckpointOptions } from './checkpoint.js';
export type {
  IndependentRows,
  Linearisation,
  OdeSystem,
  Solution,
  SolveOptions,
  StepInfo,
} from './problem.js';
export { solve } from './solve.js';
export * from './solvers/index.js';
export type { State } from './state.js';
export type { Interpolant, Tableau } from './tableau.js';
export { localStretch } from './stretch.js';
export { diffuse } from './sde.js';
export type {
  DiffuseOptions,
  DiffusionPath,
  DiffusionState,
  NoiseScale,
  StochasticSolver,
} from './stochastic-problem.js';
export * from './jko/index.js';
export * from './named/index.js';
