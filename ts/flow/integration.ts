import { Pace, unlessAborted } from '../core/pace.js';
import { tell } from '../core/options.js';
import { type Snapshot, Checkpoints, areCounts, noSnapshot, readSnapshot, textCodes } from './checkpoint.js';
import {
  AdaptiveSteps,
  FixedSteps,
  type StepSize,
  finiteEverywhere,
  firstStepLength,
  isStepFailure,
} from './controller.js';
import { type DenseStep, denseOutput } from './dense.js';
import { EventWatch } from './events.js';
import { ImplicitStages } from './implicit/stages.js';
import type { OdeSystem, Solution, SolveOptions } from './problem.js';
import { budgetError, withTime } from './run-errors.js';
import { type Derivative, RungeKutta } from './runge-kutta.js';
import { dopri5 } from './solvers/dopri5.js';
import { isPast, isSound } from './snapshot-check.js';
import { type State, copyState, stateLike } from './state.js';
import { checkTolerance } from './tolerance.js';
import { savedTimes, standingStill, timeGrid, timeRounding, timeSpacing } from './time-grid.js';

/** One run of {@link solve}. */
export class Integration {
  readonly #system: OdeSystem;
  readonly #options: SolveOptions;
  readonly #stepper: RungeKutta;
  readonly #implicit: ImplicitStages | undefined;
  readonly #pace: Pace;
  readonly #watch: EventWatch;
  readonly #checkpoints: Checkpoints;
  /** Times still to be saved, the next one last. */
  readonly #pending: number[];
  readonly #rounding: number;
  /** Times that no step crosses. */
  readonly #stops: readonly number[];
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
    this.#pace = new Pace({ signal, onProgress }, Math.abs(to - from));
    this.#watch = new EventWatch(events, { kernels, signal });
    this.#checkpoints = new Checkpoints(options.checkpoint, signal);
    this.#implicit = solver.diagonal === undefined ? undefined : this.#implicitStages(y0);
    this.#stepper = new RungeKutta(kernels, solver, this.#derivative, from, y0, this.#implicit);
    this.#rounding = timeRounding(from, to);
    this.#stops = savedTimes(from, to, options.stopAt ?? []);
    this.#pending = savedTimes(from, to, saveAt).reverse();
  }

  async run(): Promise<Solution> {
    const { to, maximumSteps = 10_000 } = this.#options;
    const stepper = this.#stepper;
    const { statistics } = this.#solution;
    await this.#pace.reach(0);
    const size = await this.#stepSize();
    const { resume } = this.#options;
    if (resume === undefined) this.#save(stepper.t, stepper.y);
    else await this.#resume(resume, size);
    await this.#watch.start(stepper.t, stepper.y);
    while (stepper.t !== to && this.#solution.reason === 'end') {
      if (statistics.steps + statistics.rejected >= maximumSteps)
        throw budgetError(maximumSteps, stepper.t, this.#options);
      const end = size.propose(stepper.t);
      const step = end - stepper.t;
      if (step === 0) throw standingStill(stepper.t, size.length);
      const accepted = await this.#attempt(size, end);
      if (accepted) {
        await this.#finishStep();
        statistics.steps++;
      } else statistics.rejected++;
      await tell(this.#options.onStep, { t: stepper.t, step, y: stepper.y, accepted }, 'onStep');
      if (accepted && this.#solution.reason === 'end')
        await this.#checkpoints.afterStep(statistics.steps, () => this.#snapshot(size));
    }
    await this.#pace.finish();
    const result = this.#result();
    stepper.release();
    this.#implicit?.release();
    return result;
  }

  readonly #derivative: Derivative = async (t, y, out) => {
    const { kernels } = this.#options;
    await finiteEverywhere(kernels, t, out, () => this.#evaluate(() => this.#system.derivative(t, y, out)));
  };

  readonly #evaluate = async (work: () => Promise<void>): Promise<void> => {
    await this.#tick();
    await unlessAborted(this.#options.signal, work());
    this.#solution.statistics.evaluations++;
  };

  readonly #tick = (): Promise<void> => this.#pace.reach(Math.abs(this.#stepper.t - this.#options.from));

  #implicitStages(y0: State): ImplicitStages {
    const { kernels, tolerance = {}, step, linearise } = this.#options;
    const { statistics } = this.#solution;
    statistics.linearisations = 0;
    const plan = {
      ...{ kernels, linearise, system: this.#system },
      ...{ derivative: this.#derivative, evaluate: this.#evaluate, tick: this.#tick },
      onLinearise: () => statistics.linearisations!++,
      tolerance: step === undefined ? checkTolerance(tolerance, y0) : undefined,
    };
    return new ImplicitStages(plan, y0);
  }

  async #stepSize(): Promise<StepSize> {
    const { kernels, from, to, tolerance = {}, norm = 'rms', step, controller, minimumStep } = this.#options;
    const { maximumStep = Infinity, firstStep, stopAt = [] } = this.#options;
    if (step !== undefined) return new FixedSteps(kernels, { from, to, ...timeGrid(from, to, step, stopAt) });
    const stepper = this.#stepper;
    const plan = {
      to,
      minimumStep: minimumStep ?? 1e-12 * Math.abs(to - from),
      // Eight times the distance of the numbers that time is told by: below it the ends of the stages are all rounding.
      resolution: 8 * timeSpacing(Math.max(Math.abs(from), Math.abs(to))),
      tolerance: checkTolerance(tolerance, stepper.y),
      norm,
      gains: controller,
      maximumStep,
      stops: [...this.#stops],
    };
    const known = this.#options.resume !== undefined || from === to;
    const first = known
      ? 0
      : (firstStep ??
        (await firstStepLength(kernels, stepper, this.#derivative, {
          ...plan,
          to: plan.stops[0] ?? to,
        })));
    return new AdaptiveSteps(kernels, { ...plan, first });
  }

  /** What a snapshot must have in common with the run that it resumes. */
  #identity(): Record<string, number[]> {
    const { from, to, solver = dopri5, step, events = [] } = this.#options;
    return {
      interval: [from, to],
      solver: textCodes(solver.name),
      fixedSteps: step === undefined ? [] : [timeGrid(from, to, step, this.#stops).count],
      stops: [...this.#stops],
      events: textCodes(events.map(({ name }) => name).join('\n')),
    };
  }

  #snapshot(size: StepSize): Snapshot {
    const { times, states, events, statistics } = this.#solution;
    const { t, y, knownStartDerivative } = this.#stepper;
    const names = this.#watch.events.map(({ name }) => name);
    const implicit = this.#implicit?.memory() ?? { numbers: [], states: [] };
    return {
      numbers: {
        ...this.#identity(),
        clock: [t, statistics.steps, statistics.rejected, statistics.evaluations],
        controller: size.memory(),
        implicit: this.#implicit ? [statistics.linearisations!, ...implicit.numbers] : [],
        times,
        eventTimes: events.map(({ time }) => time),
        eventNumbers: events.map(({ name }) => names.indexOf(name)),
      },
      states: {
        saved: states,
        y: [y],
        derivative: knownStartDerivative ? [knownStartDerivative] : [],
        event: events.map(({ state }) => state),
        linearised: implicit.states,
      },
    };
  }

  async #resume(path: string, size: StepSize): Promise<void> {
    const schema = {
      identity: this.#identity(),
      start: this.#stepper.y,
      numbers: ['clock', 'controller', 'implicit', 'times', 'eventTimes', 'eventNumbers'],
      states: ['saved', 'y', 'derivative', 'event', 'linearised'],
    };
    const { from, to } = this.#options;
    const snapshot = await readSnapshot(path, schema, this.#options.signal);
    const run = { from, to, rounding: this.#rounding, events: this.#watch.events.length };
    if (
      !isSound(snapshot, { ...run, saveAt: this.#pending.toReversed() }) ||
      !size.restore(snapshot.numbers.controller)
    )
      throw noSnapshot(path);
    const { numbers, states } = snapshot;
    const solution = this.#solution;
    const [t, steps, rejected, evaluations] = numbers.clock;
    const after = this.#stops.includes(t) ? t + Math.sign(to - t) * timeSpacing(t) : t;
    this.#stepper.restore(t, states.y[0], states.derivative[0], after);
    await this.#resumeImplicit(snapshot, path);
    Object.assign(solution.statistics, { steps, rejected, evaluations });
    this.#checkpoints.resumeAt(steps);
    solution.times.push(...numbers.times);
    solution.states.push(...states.saved);
    const names = this.#watch.events.map(({ name }) => name);
    numbers.eventTimes.forEach((time, i) =>
      solution.events.push({ name: names[numbers.eventNumbers[i]], time, state: states.event[i] }),
    );
    while (this.#pending.length > 0 && isPast(this.#pending.at(-1)!, t, run)) this.#pending.pop();
  }

  async #resumeImplicit({ numbers, states }: Snapshot, path: string): Promise<void> {
    if (!this.#implicit) return;
    const [linearisations, ...rest] = numbers.implicit;
    if (!areCounts([linearisations])) throw noSnapshot(path);
    if (!(await this.#implicit.restore({ numbers: rest, states: [...states.linearised] })))
      throw noSnapshot(path);
    this.#solution.statistics.linearisations = linearisations;
  }

  async #attempt(size: StepSize, end: number): Promise<boolean> {
    try {
      await this.#stepper.attempt(end, this.#stops.includes(end));
      return await size.judge(this.#stepper);
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
    // No step follows that would write to the stepper's own storage.
    if (times.at(-1) !== t) this.#keep(t, y);
    const result = { ...this.#solution, end: { t, y: states.at(-1)! } };
    return this.#options.dense ? { ...result, dense: denseOutput(this.#kept, t, states[0]) } : result;
  }
}
