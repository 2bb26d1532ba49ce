import type { FloatData, NdArray } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import type { Kernels } from '../kernel/contract.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { ControllerGains } from './controller.js';
import type { ErrorNorm, Tolerance } from './tolerance.js';
import type { EventRecord, FlowEvent } from './events.js';
import type { State } from './state.js';
import type { Tableau } from './tableau.js';

/** An ordinary differential equation dy/dt = f(t, y). */
export interface OdeSystem {
  /**
   * Writes f(t, y) into the arrays of `out`. It may throw COLLAPSED or NON_FINITE where f does not exist: adaptive
   * integration then tries a shorter step. The arrays of `y` and `out` are reused: do not keep them.
   */
  derivative(t: number, y: State, out: State): Promise<void>;
  /** What implicit solvers may take apart. Default: the whole state is one row of all its numbers. */
  readonly rows?: IndependentRows;
}

/**
 * Rows that evolve each by itself, as particles in a field do: an implicit solver then solves one small system for each. Of
 * all other arrays it takes the derivative to depend on these rows and on time only.
 */
export interface IndependentRows {
  /** Number of the array in the state: n × m. */
  array: number;
  /** Numbers of n × m arrays whose rows u are carried by the Jacobian J of those rows: u' = J u. */
  tangents: readonly number[];
  /** Writes the derivative of the array's rows, at x, into `out`. */
  derivative(t: number, x: NdArray, out: FloatData): Promise<void>;
  /** Writes J u, row by row, into `out`. Default: by differences of the derivative. */
  product?(t: number, x: NdArray, u: NdArray, out: FloatData): Promise<void>;
}

/**
 * How an implicit solver solves its linear systems: 'dense' by the Jacobian of each row, O(nm²) memory and O(nm³) time,
 * 'krylov' by products with it, GMRES for each row, O(nm) memory for each iteration.
 */
export type Linearisation = 'dense' | 'krylov';

/** What {@link SolveOptions.onStep} is told after every trial step. */
export interface StepInfo {
  /** Time of the solution after the trial. */
  t: number;
  /** Signed length of the trial step. */
  step: number;
  /** The solution at t: a buffer that later steps write to. */
  y: State;
  accepted: boolean;
}

/** Options of {@link solve}. */
export interface SolveOptions extends Pick<CallOptions, 'signal' | 'onProgress'> {
  from: number;
  /** End time; before `from` integrates backwards. */
  to: number;
  kernels: Kernels;
  /** Default dopri5. */
  solver?: Tableau;
  /** Of an implicit solver only. Default: dense for rows of at most 64 numbers, as far as memory allows, else krylov. */
  linearise?: Linearisation;
  /** Equal steps: their number, or the longest that one may be. Default: adaptive steps. */
  step?: number | { steps: number };
  /** Allowed error of an adaptive step. Not together with `step`. */
  tolerance?: Tolerance;
  /** Default 'rms'. */
  norm?: ErrorNorm;
  controller?: Partial<ControllerGains>;
  /** Times between `from` and `to` at which the state is kept, interpolated within steps. Default: none but the ends. */
  saveAt?: readonly number[];
  /** Keep every step, so that the solution can be evaluated at any time. O(steps) memory. Default false. */
  dense?: boolean;
  events?: readonly FlowEvent[];
  /** Trial steps allowed. Default 10 000. */
  maximumSteps?: number;
  /** Adaptive steps shorter than this are an error. Default 1e-12 of the whole time. */
  minimumStep?: number;
  /**
   * Length of the first adaptive trial step, which is shortened where its error is too large. Default: from the derivative
   * and a difference of it, for one evaluation. Where the time in which the solution changes is known, it saves that and
   * the steps in which a cautious guess grows.
   */
  firstStep?: number;
  /** No adaptive step is longer: for fields that act for a short time only. Default: no bound. */
  maximumStep?: number;
  /**
   * Times that no step crosses: one ends and the next starts there. The field is evaluated just before and just after
   * them, so that it may jump there. Default: none.
   */
  stopAt?: readonly number[];
  onStep?: (info: StepInfo) => void;
  /** Snapshots on disk while the run goes on. Each holds the states saved so far, too. Not together with `dense`. */
  checkpoint?: CheckpointOptions;
  /**
   * A file that `checkpoint` wrote in a run of the same system from the same state: go on from there, to the same bits as
   * if the run had not been interrupted.
   */
  resume?: string;
}

/** What {@link solve} returns. */
export interface Solution {
  /** `from`, the times of `saveAt` that were reached, and the end, in the order of integration. */
  times: number[];
  /** The state at each of the times. */
  states: State[];
  end: { t: number; y: State };
  /** 'end', or the name of the terminal event. */
  reason: string;
  events: EventRecord[];
  /** `evaluations` counts products with the Jacobian too; `linearisations` how often an implicit solver took a new one. */
  statistics: { steps: number; rejected: number; evaluations: number; linearisations?: number };
  /** The state at any time between `from` and the end, where it was asked for. */
  dense?: (t: number) => State;
}
