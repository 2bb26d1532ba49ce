import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive } from '../core/options.js';
import type { Kernels } from '../kernel/contract.js';
import {
  AdaptiveSteps,
  type ControllerGains,
  type ErrorNorm,
  FixedSteps,
  type StepSize,
  type Tolerance,
  checkTolerance,
  firstStepLength,
  isStepFailure,
  nonFiniteAt,
} from './controller.js';
import type { DenseStep } from './dense.js';
import { type EventRecord, EventWatch, type FlowEvent, checkEvents } from './events.js';
import { Pace, unlessAborted } from './pace.js';
import { type Derivative, RungeKutta } from './runge-kutta.js';
import { dopri5 } from './solvers/dopri5.js';
import { type State, checkState, copyState, isFiniteState, stateLike } from './state.js';
import type { Tableau } from './tableau.js';

/** An ordinary differential equation dy/dt = f(t, y). */
export interface OdeSystem {
  /**
   * Writes f(t, y) into the arrays of `out`. It may throw COLLAPSED or NON_FINITE where f does not exist: adaptive
   * integration then tries a shorter step. The arrays of `y` and `out` are reused: do not keep them.
   */
  derivative(t: number, y: State, out: State): Promise<void>;
}

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
  maxSteps?: number;
  /** Adaptive steps shorter than this are an error. Default 1e-12 of the whole time. */
  minStep?: number;
  onStep?: (info: StepInfo) => void;
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
  statistics: { steps: number; rejected: number; evaluations: number };
  /** The state at any time between `from` and the end, where it was asked for. */
  dense?: (t: number) => State;
}

/**
 * Integrates dy/dt = f(t, y) from `from` to `to`, by fixed steps or with the error of each step held at a tolerance.
 *
 * @param y0 The state at `from`. It is not changed.
 * @throws STEP_BUDGET where `maxSteps` is used up, or the tolerance cannot be met by steps of `minStep`; COLLAPSED and
 *   NON_FINITE where f ends or is not finite: `details.time` is how far the integration came; INVALID_ARGUMENT,
 *   INVALID_SHAPE, INVALID_DTYPE, ABORTED.
 *
 * Memory: as many states as the solver has stages, and three or four more; a copy for each saved time.
 *
 * Source: E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., chapter II.
 */
export async function solve(system: OdeSystem, y0: State, options: SolveOptions): Promise<Solution> {
  checkOptions(options);
  checkState(options.kernels, y0, 'y0');
  return new Integration(system, y0, options).run();
}

class Integration {
  readonly #system: OdeSystem;
  readonly #options: SolveOptions;
  readonly #stepper: RungeKutta;
  readonly #pace: Pace;
  readonly #watch: EventWatch;
  /** Times still to be saved, the next one last. */
  readonly #pending: number[];
  readonly #rounding: number;
  readonly #kept: DenseStep[] = [];
  readonly #solution: Omit<Solution, 'end' | 'dense'> = {
    times: [],
    states: [],
    reason: 'end',
    events: [],
    statistics: { steps: 0, rejected: 0, evaluations: 0 },
  };

  constructor(system: OdeSystem, y0: State, options: SolveOptions) {
    const { kernels, from, to, solver = dopri5, saveAt = [], events = [], signal, onProgress } = options;
    this.#system = system;
    this.#options = options;
    this.#pace = new Pace(signal, onProgress);
    this.#watch = new EventWatch(events, { kernels, signal });
    this.#stepper = new RungeKutta(kernels, solver, this.#derivative, from, y0);
    // The ends are saved anyway, and a time that differs from them by rounding is the same time.
    this.#rounding = 1e-12 * Math.abs(to - from);
    this.#pending = [...new Set(saveAt)]
      .filter((t) => Math.min(Math.abs(t - from), Math.abs(t - to)) > this.#rounding)
      .sort((a, b) => Math.abs(b - from) - Math.abs(a - from));
  }

  async run(): Promise<Solution> {
    const { to, onProgress, maxSteps = 10_000 } = this.#options;
    const stepper = this.#stepper;
    const { statistics } = this.#solution;
    await this.#pace.tick(() => 0);
    const size = stepper.t === to ? undefined : await this.#stepSize();
    this.#save(stepper.t, stepper.y);
    await this.#watch.start(stepper.t, stepper.y);
    while (size && stepper.t !== to && this.#solution.reason === 'end') {
      if (statistics.steps + statistics.rejected >= maxSteps)
        throw budgetError(maxSteps, stepper.t, this.#options);
      const end = size.propose(stepper.t);
      const step = end - stepper.t;
      const accepted = await this.#attempt(size, end);
      if (accepted) {
        await this.#finishStep();
        statistics.steps++;
      } else statistics.rejected++;
      this.#options.onStep?.({ t: stepper.t, step, y: stepper.y, accepted });
    }
    onProgress?.(1);
    return this.#result();
  }

  readonly #derivative: Derivative = async (t, y, out) => {
    const { from, to, kernels, signal } = this.#options;
    await this.#pace.tick(() => Math.abs(this.#stepper.t - from) / Math.abs(to - from));
    await unlessAborted(signal, this.#system.derivative(t, y, out));
    this.#solution.statistics.evaluations++;
    if (!isFiniteState(kernels, out)) throw nonFiniteAt(t, 'the derivative');
  };

  async #stepSize(): Promise<StepSize> {
    const { kernels, from, to, tolerance = {}, norm = 'rms', step, controller, minStep } = this.#options;
    const count = stepCount(this.#options);
    if (step !== undefined) return new FixedSteps(kernels, { from, to, count });
    const stepper = this.#stepper;
    const smallest = 2 ** -49 * Math.max(Math.abs(from), Math.abs(to));
    const checked = checkTolerance(tolerance, stepper.y.length);
    const first = await firstStepLength(kernels, stepper, this.#derivative, { to, tolerance: checked, norm });
    return new AdaptiveSteps(
      kernels,
      {
        to,
        first,
        minStep: Math.max(smallest, minStep ?? 1e-12 * Math.abs(to - from)),
        tolerance: checked,
        norm,
        gains: controller,
      },
      stepper.y,
    );
  }

  async #attempt(size: StepSize, end: number): Promise<boolean> {
    try {
      await this.#stepper.attempt(end);
      return size.judge(this.#stepper);
    } catch (error) {
      if (!isStepFailure(error)) throw error;
      size.fail(this.#stepper, withTime(error, this.#stepper.t));
      return false;
    }
  }

  /** Events, saved times and dense output of the trial step, which then becomes the solution. */
  async #finishStep(): Promise<void> {
    const stepper = this.#stepper;
    const dense = () => stepper.dense();
    const { records, terminal } = await this.#watch.step({ t: stepper.end, y: stepper.next }, dense);
    this.#solution.events.push(...records);
    const end = terminal?.time ?? stepper.end;
    await this.#saveUpTo(end);
    if (this.#options.dense) this.#kept.push((await dense()).keep());
    stepper.accept();
    if (!terminal) return;
    this.#solution.reason = terminal.name;
    stepper.restore(terminal.time, terminal.state);
  }

  async #saveUpTo(end: number): Promise<void> {
    const stepper = this.#stepper;
    const direction = Math.sign(stepper.end - stepper.t);
    const atStepEnd = (t: number) => end === stepper.end && Math.abs(end - t) <= this.#rounding;
    const reached = (t: number) => direction * (end - t) >= 0 || atStepEnd(t);
    while (this.#pending.length > 0 && reached(this.#pending.at(-1)!)) {
      const t = this.#pending.pop()!;
      if (atStepEnd(t)) this.#save(t, stepper.next);
      else {
        const state = stateLike(stepper.y, 'a saved state');
        (await stepper.dense()).evaluate(t, state);
        this.#keep(t, state);
      }
    }
  }

  #save(t: number, y: State): void {
    this.#keep(t, copyState(y));
  }

  #keep(t: number, state: State): void {
    this.#solution.times.push(t);
    this.#solution.states.push(state);
  }

  #result(): Solution {
    const { t, y } = this.#stepper;
    const { times, states } = this.#solution;
    if (times.at(-1) !== t) this.#save(t, y);
    const result = { ...this.#solution, end: { t, y: states.at(-1)! } };
    return this.#options.dense ? { ...result, dense: denseOutput(this.#kept, t, states[0]) } : result;
  }
}

/** Number of fixed steps; 0 where they are adaptive. */
function stepCount({ from, to, step }: SolveOptions): number {
  if (step === undefined) return 0;
  if (typeof step === 'object') return checkInteger(step?.steps, 'step.steps', 1);
  return Math.max(1, Math.ceil((Math.abs(to - from) / checkPositive(step, 'step')) * (1 - 1e-12)));
}

function checkOptions(options: SolveOptions): void {
  const { from, to, solver = dopri5, step, tolerance, norm, controller = {}, saveAt = [] } = options;
  for (const [name, value] of Object.entries({ from, to, ...controller })) {
    if (!Number.isFinite(value)) throw invalidArgument(name, 'a finite number', value);
  }
  if (!Array.isArray(solver?.b) || solver.b.length !== solver.stages)
    throw invalidArgument('solver', 'a solver such as dopri5', solver);
  if (step !== undefined && tolerance !== undefined)
    throw invalidArgument(
      'tolerance',
      'nothing where step is given (steps are fixed or adaptive)',
      tolerance,
    );
  if (step === undefined && !solver.bError)
    throw invalidArgument(
      'step',
      `a step, because ${solver.name} has no error estimate for adaptive steps,`,
      step,
    );
  if (norm !== undefined && norm !== 'rms' && norm !== 'max')
    throw invalidArgument('norm', '"rms" or "max"', norm);
  const maxSteps = checkInteger(options.maxSteps ?? 10_000, 'maxSteps', 1);
  if (options.minStep !== undefined) checkPositive(options.minStep, 'minStep');
  saveAt.forEach((t, i) => {
    if (!((t - from) * (to - t) >= 0))
      throw invalidArgument(`saveAt[${i}]`, `a time between from = ${from} and to = ${to}`, t);
  });
  checkEvents(options.events ?? []);
  const count = stepCount(options);
  if (count > maxSteps) {
    throw new RidgeflowError(
      'STEP_BUDGET',
      `The step ${describe(step)} takes ${count} steps, more than maxSteps = ${maxSteps}: raise maxSteps, or take longer steps`,
      { details: { steps: count, maxSteps, time: from } },
    );
  }
}

function budgetError(maxSteps: number, t: number, { to }: SolveOptions): RidgeflowError {
  return new RidgeflowError(
    'STEP_BUDGET',
    `The budget of ${maxSteps} steps was used up at time ${t}, before ${to}: raise maxSteps, or loosen the tolerance`,
    { details: { time: t, to, maxSteps } },
  );
}

/** An error of the system, with the time that the integration had come to where it does not say one. */
function withTime(error: RidgeflowError, t: number): RidgeflowError {
  if (error.details.time !== undefined) return error;
  return new RidgeflowError(error.code, `${error.message} (the integration came to time ${t})`, {
    cause: error,
    details: { ...error.details, time: t },
  });
}

/** The solution between `from` and the end as a function of time, from its steps. */
function denseOutput(steps: readonly DenseStep[], end: number, first: State): (t: number) => State {
  return (t) => {
    const from = steps.length > 0 ? steps[0].from : end;
    if (!((t - from) * (end - t) >= 0)) throw invalidArgument('t', `a time between ${from} and ${end}`, t);
    if (steps.length === 0) return copyState(first);
    const direction = Math.sign(end - from);
    let low = 0;
    let high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (direction * (steps[middle].to - t) >= 0) high = middle;
      else low = middle + 1;
    }
    const state = stateLike(first, 'dense output');
    steps[low].evaluate(t, state);
    return state;
  };
}
