import { type FloatData, dtypeOf } from '../../core/array.js';
import type { Kernels } from '../../kernel/contract.js';
import type { Linearisation, OdeSystem } from '../problem.js';
import type { Derivative } from '../runge-kutta.js';
import { releaseState, takeState } from '../scratch.js';
import { type State, assign, combine, copyState } from '../state.js';
import { type CheckedTolerance, checkTolerance, scaledNorm } from '../tolerance.js';
import { DenseRows } from './dense.js';
import { NewtonFailure } from './failure.js';
import { KrylovRows } from './krylov.js';
import { RowJacobian, type RowSolver } from './row-jacobian.js';
import { type RowView, rowView } from './rows.js';

/** Longest rows, and most numbers of all Jacobians, that are dense unless told. */
const DENSE_COLUMNS = 64;
const DENSE_NUMBERS = 2 ** 25;

/** The error that Newton's iteration leaves, in units of the tolerance of a step. */
const REMAINDER = 0.01;
const MOST_ITERATIONS = 12;
/** Where the iteration converges at a slower rate, the next step takes a new Jacobian. */
const SLOW = 0.2;

/** What {@link ImplicitStages} are made for. */
export interface ImplicitPlan {
  kernels: Kernels;
  system: OdeSystem;
  derivative: Derivative;
  /** Wraps what evaluates the system beside `derivative`. */
  evaluate: (work: () => Promise<void>) => Promise<void>;
  /** Lets the event loop turn in long computations. */
  tick: () => Promise<void>;
  onLinearise: () => void;
  /** Of a step; Newton's iteration is a hundred times as exact. Without one it goes on nearly to rounding. */
  tolerance: CheckedTolerance | undefined;
  linearise: Linearisation | undefined;
}

/** What a snapshot has to hold of {@link ImplicitStages}. */
export interface ImplicitMemory {
  numbers: number[];
  states: State[];
}

/**
 * Solves the stages of implicit Runge–Kutta methods, Y = ψ + s f(t, Y), by simplified Newton iteration: its Jacobian, one
 * for each row, is kept from step to step as long as it converges fast. Where it does not with a Jacobian of this very step
 * it throws {@link NewtonFailure}.
 *
 * Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., section IV.8; M. E. Hosea,
 * L. F. Shampine, Analysis and implementation of TR-BDF2, Appl. Numer. Math. 20 (1996), 21–37: stages' derivatives from
 * their arguments, so that the field does not magnify what Newton's iteration leaves.
 */
export class ImplicitStages {
  readonly #plan: ImplicitPlan;
  readonly #tolerance: CheckedTolerance;
  readonly #view: RowView;
  readonly #solver: RowSolver;
  readonly #constant: State;
  readonly #value: State;
  readonly #change: State;
  /** Where the Jacobian was taken, and where it should be taken next. */
  #taken: { t: number; y: State } | undefined;
  #start!: { t: number; y: State };
  #fresh = false;
  #stale = false;
  #shift = NaN;
  /** θ/(1 − θ) of the last iteration, θ its rate: how much of a change is still to come after it. */
  #rest = 1;

  constructor(plan: ImplicitPlan, like: State) {
    const { system, derivative, evaluate, tick, tolerance, linearise } = plan;
    this.#plan = plan;
    this.#tolerance = tolerance ?? nearlyRounding(like);
    this.#view = rowView(system, like, derivative, evaluate);
    const { field } = this.#view;
    const jacobian = new RowJacobian(field, this.#view.leastMoves(tolerance ?? unknownSizes(like), like));
    const small = field.columns <= DENSE_COLUMNS && field.rows * field.columns ** 2 <= DENSE_NUMBERS;
    const kind = linearise ?? (small ? 'dense' : 'krylov');
    this.#solver =
      kind === 'dense'
        ? new DenseRows(jacobian, tick)
        : new KrylovRows(jacobian, tick, this.#tolerance.relative);
    [this.#constant, this.#value, this.#change] = [takeState(like), takeState(like), takeState(like)];
  }

  /** A trial step starts from y, a buffer that stays as it is until the step is over. */
  begin(t: number, y: State): void {
    this.#start = { t, y };
    if (this.#stale) this.#taken = undefined;
    this.#stale = false;
  }

  /** The step stands: the next one starts elsewhere. */
  accept(): void {
    this.#fresh = false;
  }

  /**
   * Solves one stage.
   *
   * @param argument ψ; then Y.
   * @param slope A guess of f(t, Y); then (Y − ψ)/shift.
   */
  async solve(t: number, shift: number, argument: State, slope: State): Promise<void> {
    assign(this.#constant, argument);
    if (!this.#taken) await this.#linearise();
    if (await this.#converges(t, shift, argument, slope)) return;
    if (!this.#fresh) {
      await this.#linearise();
      for (const { data } of slope) data.fill(0);
      if (await this.#converges(t, shift, argument, slope)) return;
    }
    throw new NewtonFailure(
      'NOT_CONVERGED',
      `Newton's iteration of an implicit stage did not converge at time ${t} in a step from ${this.#start.t}: take ` +
        'shorter steps, or adaptive ones, or give the field its exact jacobianVector',
      { details: { time: this.#start.t } },
    );
  }

  memory(): ImplicitMemory {
    const { t, y } = this.#taken ?? { t: 0, y: [] };
    return this.#taken
      ? { numbers: [t, this.#rest, Number(this.#stale)], states: [y] }
      : { numbers: [], states: [] };
  }

  /** Goes on from that memory: false where it cannot have been one. */
  async restore({ numbers, states }: ImplicitMemory): Promise<boolean> {
    if (numbers.length === 0 && states.length === 0) return true;
    const [t, rest, stale] = numbers;
    if (numbers.length !== 3 || states.length !== 1 || !(rest >= 0 && rest < Infinity)) return false;
    await this.#lineariseAt(t, states[0]);
    this.#rest = rest;
    this.#stale = stale === 1;
    return true;
  }

  release(): void {
    for (const state of [this.#constant, this.#value, this.#change]) releaseState(state);
  }

  async #linearise(): Promise<void> {
    await this.#lineariseAt(this.#start.t, this.#start.y);
    this.#fresh = true;
    this.#plan.onLinearise();
  }

  async #lineariseAt(t: number, y: State): Promise<void> {
    this.#taken = undefined;
    await this.#solver.linearise(t, this.#view.pack(y));
    this.#taken = { t, y: copyState(y, 'a Jacobian') };
    this.#shift = NaN;
    this.#rest = 1;
  }

  async #converges(t: number, shift: number, argument: State, slope: State): Promise<boolean> {
    const { kernels, derivative } = this.#plan;
    if (shift !== this.#shift) {
      await this.#solver.setShift(shift);
      this.#shift = shift;
    }
    // An iteration that went well once says something about the next one, but not everything.
    let rest = Math.max(this.#rest, 1e-16) ** 0.8;
    let before = Infinity;
    for (let iteration = 1; iteration <= MOST_ITERATIONS; iteration++) {
      combine(kernels, argument, [
        { coefficient: 1, state: this.#constant },
        { coefficient: shift, state: slope },
      ]);
      await derivative(t, argument, this.#value);
      combine(kernels, this.#change, [
        { coefficient: shift, state: this.#value },
        { coefficient: -shift, state: slope },
      ]);
      await this.#view.forEach(this.#change, (rows: FloatData) => this.#solver.solve(rows));
      const size = await this.#size([{ coefficient: 1, state: this.#change }], argument);
      if (Number.isNaN(size)) return false;
      const rate = size / before;
      if (iteration > 1) {
        rest = rate / (1 - rate);
        if (rate > SLOW) this.#stale = true;
      }
      const done =
        size === 0 ||
        (rate < 1 && rest * size <= REMAINDER) ||
        (rate > 0.5 && (await this.#isRounding(size, argument)));
      if (!done && rate >= 1) return false;
      combine(kernels, slope, [
        { coefficient: 1, state: slope },
        { coefficient: 1 / shift, state: this.#change },
      ]);
      if (done) {
        combine(kernels, argument, [
          { coefficient: 1, state: this.#constant },
          { coefficient: shift, state: slope },
        ]);
        if (rate < 1) this.#rest = rest;
        return true;
      }
      before = size;
    }
    return false;
  }

  /** Whether the iteration has come to where the argument's own rounding is all that is left. */
  async #isRounding(size: number, argument: State): Promise<boolean> {
    return size <= (await this.#size([{ coefficient: 8 * rounding(argument), state: argument }], argument));
  }

  #size(terms: Parameters<typeof scaledNorm>[1], y: State): Promise<number> {
    return scaledNorm(this.#plan.kernels, terms, y, y, this.#tolerance, 'max');
  }
}

/** Rounding of the coarsest array. */
function rounding(y: State): number {
  return y.every((array) => dtypeOf(array) === 'float64') ? 2 ** -52 : 2 ** -23;
}

function nearlyRounding(like: State): CheckedTolerance {
  const relative = 1e5 * rounding(like);
  return checkTolerance({ relative: Math.min(relative, 1e-3), absolute: 1e-3 * relative }, like);
}

function unknownSizes(like: State): CheckedTolerance {
  return { relative: 0, absolute: like.map(() => Infinity) };
}
