import { RidgeflowError } from '../core/errors.js';
import type { Kernels } from '../kernel/contract.js';
import { holdsEverywhere } from '../kernel/whole.js';
import { NewtonFailure } from './implicit/failure.js';
import type { Derivative, RungeKutta } from './runge-kutta.js';
import type { TimeGrid } from './time-grid.js';
import { type CheckedTolerance, type ErrorNorm, scaledNorm } from './tolerance.js';
import { type State, type StateTerm, combine, isFiniteHere, isFiniteState } from './state.js';

/**
 * Gains of the step size controller: h ← h · 0.9 · ε₁^{−(P+I+D)/k} ε₂^{(P+2D)/k} ε₃^{−D/k}, with ε the errors of this step
 * and the two before and k the order of the estimate. (0, 1, 0) is the plain controller.
 */
export interface ControllerGains {
  proportional: number;
  integral: number;
  derivative: number;
}

const SAFETY = 0.9;
const SMALLEST_FACTOR = 0.2;
const LARGEST_FACTOR = 10;
/** After a step into a place where the derivative does not exist, whose error is therefore unknown. */
const FAILURE_FACTOR = 0.25;
/** The gains of DOPRI5 (E. Hairer, S. P. Nørsett, G. Wanner). */
const DEFAULT_GAINS: ControllerGains = { proportional: 0.2, integral: 0.65, derivative: 0 };

/** Decides the length of steps, and whether a trial step stands. */
export interface StepSize {
  /** Length of the next trial step, before rounding and the end of the run. */
  readonly length: number;
  /** End time of the next trial step from time t. */
  propose(t: number): number;
  /** Looks at the trial step: whether it stands. Throws NON_FINITE where it is not finite. */
  judge(stepper: RungeKutta): Promise<boolean>;
  /** What to do where the trial step to `end` could not be computed: throws, or makes the next trial shorter. */
  fail(stepper: RungeKutta, cause: RidgeflowError): void;
  /** All it remembers, and how to go on from that: false where it cannot have remembered that. */
  memory(): number[];
  restore(memory: readonly number[]): boolean;
}

/** Equal steps that land exactly on `to` and on the times between that they must not cross. */
export class FixedSteps implements StepSize {
  #taken = 0;

  constructor(
    readonly kernels: Kernels,
    readonly plan: TimeGrid & { from: number; to: number },
  ) {}

  get length(): number {
    const { from, to, count } = this.plan;
    return Math.abs(to - from) / count;
  }

  propose(): number {
    return this.plan.time(this.#taken + 1);
  }

  async judge(stepper: RungeKutta): Promise<boolean> {
    if (!(await isFiniteState(this.kernels, stepper.next))) throw nonFiniteAt(stepper.end, 'the solution');
    this.#taken++;
    return true;
  }

  fail(_stepper: RungeKutta, cause: RidgeflowError): never {
    throw cause;
  }

  memory(): number[] {
    return [this.#taken];
  }

  restore(memory: readonly number[]): boolean {
    const [taken] = memory;
    const sound = memory.length === 1 && Number.isInteger(taken) && taken >= 0 && taken <= this.plan.count;
    if (sound) this.#taken = taken;
    return sound;
  }
}

/** What {@link AdaptiveSteps} is told. */
export interface AdaptivePlan {
  to: number;
  /** Length of the first trial step. */
  first: number;
  /** A trial step shorter than this is an error. */
  minimumStep: number;
  /** So is one shorter than this, where the rounding of the times is felt. */
  resolution: number;
  tolerance: CheckedTolerance;
  norm: ErrorNorm;
  gains?: Partial<ControllerGains>;
  /** No step is longer. */
  maximumStep: number;
  /** Times that no step crosses, in the order of integration. */
  stops: readonly number[];
}

/**
 * Steps of the length that keeps the estimated error at the tolerance, by a PID controller.
 *
 * Source: G. Söderlind, Digital filters in adaptive time-stepping, ACM Trans. Math. Softw. 29 (2003), 1–26.
 */
export class AdaptiveSteps implements StepSize {
  readonly #gains: ControllerGains;
  #length: number;
  #previous = 1;
  #beforePrevious = 1;
  #rejected = false;
  /** Length of the trial step before a stop cut it short, 0 where none did. */
  #uncut = 0;

  constructor(
    readonly kernels: Kernels,
    readonly plan: AdaptivePlan,
  ) {
    this.#gains = { ...DEFAULT_GAINS, ...plan.gains };
    this.#length = plan.first;
  }

  get length(): number {
    return this.#length;
  }

  propose(t: number): number {
    const { to, stops, maximumStep } = this.plan;
    const direction = Math.sign(to - t);
    const stop = stops.find((time) => direction * (time - t) > 0) ?? to;
    const length = Math.min(this.#length, maximumStep);
    // A last step of a hundredth of the others would be a waste.
    const longest = Math.min(1.01 * length, maximumStep * (1 + 1e-12));
    const reached = Math.abs(stop - t) <= longest;
    // A step that a stop cut short says little about those after it.
    this.#uncut = reached && stop !== to ? this.#length : 0;
    return reached ? stop : t + direction * length;
  }

  async judge(stepper: RungeKutta): Promise<boolean> {
    const error = await this.#error(stepper);
    if (Number.isNaN(error)) throw nonFiniteAt(stepper.end, 'the solution');
    const k = stepper.tableau.embeddedOrder! + 1;
    if (error > 1) {
      this.#shorten(stepper, Math.max(SMALLEST_FACTOR, SAFETY * error ** (-1 / k)));
      return false;
    }
    const { proportional: p, integral: i, derivative: d } = this.#gains;
    // A step that happens to have almost no error says little about the next: what is remembered is bounded from below.
    const remembered = Math.max(error, 1e-4);
    const factor =
      SAFETY *
      Math.max(error, 1e-10) ** (-(p + i + d) / k) *
      this.#previous ** ((p + 2 * d) / k) *
      this.#beforePrevious ** (-d / k);
    const largest = this.#rejected ? 1 : LARGEST_FACTOR;
    const next = Math.abs(stepper.end - stepper.t) * Math.min(largest, Math.max(SMALLEST_FACTOR, factor));
    this.#length = Math.max(next, this.#uncut);
    [this.#beforePrevious, this.#previous] = [this.#previous, remembered];
    this.#rejected = false;
    return true;
  }

  fail(stepper: RungeKutta, cause: RidgeflowError): void {
    this.#shorten(stepper, FAILURE_FACTOR, cause);
  }

  memory(): number[] {
    return [this.#length, this.#previous, this.#beforePrevious, Number(this.#rejected)];
  }

  restore(memory: readonly number[]): boolean {
    const [length, previous, beforePrevious, rejected] = memory;
    const sound =
      memory.length === 4 &&
      [length, previous, beforePrevious].every((value) => value > 0 && value < Infinity) &&
      (rejected === 0 || rejected === 1);
    if (sound) {
      [this.#length, this.#previous, this.#beforePrevious] = [length, previous, beforePrevious];
      this.#rejected = rejected === 1;
    }
    return sound;
  }

  #shorten(stepper: RungeKutta, factor: number, cause?: RidgeflowError): void {
    const { minimumStep, resolution } = this.plan;
    this.#length = Math.abs(stepper.end - stepper.t) * factor;
    this.#rejected = true;
    if (this.#length < Math.max(minimumStep, resolution))
      throw cause ?? tooSmall(stepper.t, this.#length, this.plan);
  }

  async #error(stepper: RungeKutta): Promise<number> {
    const { bError, bErrorThird } = stepper.tableau;
    const { tolerance, norm: kind } = this.plan;
    const norm = (weights: readonly number[]) =>
      scaledNorm(this.kernels, stepper.difference(weights), stepper.y, stepper.next, tolerance, kind);
    const error = await norm(bError!);
    if (!bErrorThird || error === 0) return error;
    return (error * error) / Math.hypot(error, 0.1 * (await norm(bErrorThird)));
  }
}

/**
 * A first step length: such that an explicit Euler step changes the state by about a hundredth, corrected by an estimate
 * of the second derivative. One evaluation of the derivative beside the one that the first step needs anyway.
 *
 * Source: E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., section II.4.
 */
export async function firstStepLength(
  kernels: Kernels,
  stepper: RungeKutta,
  derivative: Derivative,
  { to, tolerance, norm }: Pick<AdaptivePlan, 'to' | 'tolerance' | 'norm'>,
): Promise<number> {
  const { t, y, tableau } = stepper;
  const span = Math.abs(to - t);
  const f0 = await stepper.startDerivative();
  const size = (...terms: StateTerm[]) => scaledNorm(kernels, terms, y, y, tolerance, norm);
  const d0 = await size({ coefficient: 1, state: y });
  const d1 = await size({ coefficient: 1, state: f0 });
  const trial = Math.min(span, d0 < 1e-5 || d1 < 1e-5 ? 1e-6 * span : (0.01 * d0) / d1);
  const [y1, f1] = stepper.spare;
  const step = Math.sign(to - t) * trial;
  combine(kernels, y1, [
    { coefficient: 1, state: y },
    { coefficient: step, state: f0 },
  ]);
  try {
    await derivative(t + step, y1, f1);
  } catch (error) {
    // So close to where the derivative ends, the controller has to feel its way.
    if (isStepFailure(error)) return trial * FAILURE_FACTOR;
    throw error;
  }
  const change = await size({ coefficient: 1, state: f1 }, { coefficient: -1, state: f0 });
  // The book's rule with time in units of the one in which the state changes by its own size.
  const unit = 100 * trial;
  const largest = Math.max(d1 * unit, (change / trial) * unit ** 2);
  const length =
    largest <= 1e-15
      ? Math.max(1e-6 * span, trial * 1e-3)
      : unit * (0.01 / largest) ** (1 / (tableau.embeddedOrder! + 1));
  return Math.min(unit, length, span);
}

/**
 * Whether an error means that a trial step went where the derivative does not exist, or that an implicit stage had no answer:
 * a shorter step may do better.
 */
export function isStepFailure(error: unknown): error is RidgeflowError {
  if (error instanceof NewtonFailure) return true;
  return error instanceof RidgeflowError && (error.code === 'COLLAPSED' || error.code === 'NON_FINITE');
}

/**
 * Evaluates a derivative at time t, and throws NON_FINITE where it is not finite. A step that one rank cannot take, none
 * takes: each by itself they would part.
 */
export async function finiteEverywhere(
  kernels: Kernels,
  t: number,
  out: State,
  evaluate: () => Promise<void>,
): Promise<void> {
  let failure: RidgeflowError | undefined;
  try {
    await evaluate();
  } catch (error) {
    if (kernels.ranks.size === 1 || !isStepFailure(error)) throw error;
    failure = error;
  }
  const fine = failure === undefined && isFiniteHere(kernels, out);
  if (!(await holdsEverywhere(kernels, fine))) throw failure ?? nonFiniteAt(t, 'the derivative');
}

/** NON_FINITE, with the time. */
export function nonFiniteAt(t: number, what: string): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `Expected finite numbers in ${what} but received NaN or infinity at time ${t}: the solution or the field grows ` +
      'without bound there; end before that time, or take smaller steps',
    { details: { time: t } },
  );
}

function tooSmall(t: number, length: number, { minimumStep, resolution }: AdaptivePlan): RidgeflowError {
  const remedy =
    length < minimumStep
      ? 'end before it, loosen the tolerance, or compute in float64'
      : `float64 tells times of this size apart by ${resolution / 8} only: shift time, so that the run starts at 0, or ` +
        'loosen the tolerance';
  return new RidgeflowError('STEP_BUDGET', `The step size became too small at time ${t}: ${remedy}`, {
    details: { time: t },
  });
}
