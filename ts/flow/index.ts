export type { ControllerGains, ErrorNorm, Tolerance } from './controller.js';
export type { EventContext, EventRecord, FlowEvent } from './events.js';
export { solve, type OdeSystem, type Solution, type SolveOptions, type StepInfo } from './solve.js';
export * from './solvers/index.js';
export type { State } from './state.js';
export type { Interpolant, Tableau } from './tableau.js';
