import type { Kernels } from '../kernel/contract.js';
import { DenseStep, denseStageCount } from './dense.js';
import { releaseState, takeState } from './scratch.js';
import { type State, type StateTerm, combine, copyState } from './state.js';
import type { Tableau } from './tableau.js';
import { timeSpacing } from './time-grid.js';

/** Writes the derivative of `y` at time `t` into `out`. */
export type Derivative = (t: number, y: State, out: State) => Promise<void>;

/** Solves Y = ψ + s f(t, Y). */
export interface StageSolver {
  /** A trial step from y starts. */
  begin(t: number, y: State): void;
  /** `argument`: ψ, then Y. `slope`: a guess of f(t, Y), then (Y − ψ)/s. */
  solve(t: number, shift: number, argument: State, slope: State): Promise<void>;
  /** The trial step has become the solution. */
  accept(): void;
}

/**
 * The stepping of every Runge–Kutta method, on buffers that are allocated once. A trial step is computed by
 * {@link attempt} and becomes the solution by {@link accept}; until then it can be tried again with another length.
 */
export class RungeKutta {
  readonly #kernels: Kernels;
  readonly #derivative: Derivative;
  readonly #stages: State[];
  #hasStart = false;
  #y: State;
  #next: State;
  #scratch: State | undefined;
  #end: number;
  #denseReady = false;
  #stop = false;
  /** Where the derivative at t is taken: just after a stop, else at t. */
  #startTime: number;

  constructor(
    kernels: Kernels,
    readonly tableau: Tableau,
    derivative: Derivative,
    public t: number,
    y0: State,
    /** Of an implicit method. */
    readonly stageSolver?: StageSolver,
  ) {
    this.#kernels = kernels;
    this.#derivative = derivative;
    this.#y = copyState(y0);
    this.#next = takeState(y0);
    this.#stages = Array.from({ length: tableau.stages }, () => takeState(y0));
    this.#end = t;
    this.#startTime = t;
  }

  /** The solution at time t: a buffer that later steps write to. */
  get y(): State {
    return this.#y;
  }

  /** End time of the last trial step. */
  get end(): number {
    return this.#end;
  }

  /** The state at the end of the last trial step: a buffer that later steps write to. */
  get next(): State {
    return this.#next;
  }

  /** The derivative at (t, y), computed where it is not known yet. */
  async startDerivative(): Promise<State> {
    if (!this.#hasStart) {
      await this.#derivative(this.#startTime, this.#y, this.#stages[0]);
      this.#hasStart = true;
    }
    return this.#stages[0];
  }

  /** The derivative at (t, y) if it is known: what a snapshot has to hold beside y. */
  get knownStartDerivative(): State | undefined {
    return this.#hasStart ? this.#stages[0] : undefined;
  }

  /**
   * Computes a trial step from t to `end` into {@link next}.
   *
   * @param stop Whether the derivative may jump at `end`: it is taken just before then, and anew just after it.
   */
  async attempt(end: number, stop = false): Promise<void> {
    const { a, b, stages, fsal } = this.tableau;
    this.#end = end;
    this.#stop = stop;
    this.#denseReady = false;
    await this.startDerivative();
    this.stageSolver?.begin(this.#startTime, this.#y);
    // The argument of the last stage of an FSAL method is the end of the step: it stays in #next.
    for (let i = 1; i < stages; i++) await this.#stage(i, a[i], this.tableau.c[i], this.#next);
    if (!fsal) this.#advance(b, this.#next);
  }

  /** Two states that nothing else uses before the first {@link attempt}. */
  get spare(): [State, State] {
    return [this.#next, this.#stages[1] ?? takeState(this.#y)];
  }

  /** The terms of h Σ weightsᵢ kᵢ in the trial step: an error estimate, on live buffers. */
  difference(weights: readonly number[]): StateTerm[] {
    const step = this.#end - this.t;
    return weights.map((weight, i) => ({ coefficient: step * weight, state: this.#stages[i] }));
  }

  /** The solution within the trial step: on live buffers, good until the next {@link accept} or {@link attempt}. */
  async dense(): Promise<DenseStep> {
    const { tableau } = this;
    if (!this.#denseReady) {
      const { stages, fsal, interpolant } = tableau;
      while (this.#stages.length < denseStageCount(tableau)) this.#stages.push(takeState(this.#y));
      if (!fsal) await this.#derivative(this.#lastTime, this.#next, this.#stages[stages]);
      if (interpolant?.extra) {
        this.#scratch ??= takeState(this.#y);
        const first = fsal ? stages : stages + 1;
        const { a, c } = interpolant.extra;
        for (let i = 0; i < a.length; i++) await this.#stage(first + i, a[i], c[i], this.#scratch);
      }
      this.#denseReady = true;
    }
    return new DenseStep(this.#kernels, tableau, this.t, this.#end, this.#y, this.#stages);
  }

  /** Makes the trial step the solution. */
  accept(): void {
    const { stages, fsal } = this.tableau;
    const width = this.#jumpWidth;
    this.stageSolver?.accept();
    this.t = this.#end;
    [this.#y, this.#next] = [this.#next, this.#y];
    const last = fsal ? stages - 1 : stages;
    this.#hasStart = fsal || this.#denseReady;
    if (this.#hasStart) {
      [this.#stages[0], this.#stages[last]] = [this.#stages[last], this.#stages[0]];
    }
    this.#startTime = this.t;
    if (this.#stop) {
      this.#hasStart = false;
      this.#startTime += width;
    }
    this.#denseReady = false;
  }

  /** Goes on from a state of another time, with its derivative where that is known. */
  restore(t: number, y: State, startDerivative?: State, startTime = t): void {
    this.t = t;
    this.#startTime = startTime;
    this.#y = copyState(y);
    this.#hasStart = startDerivative !== undefined;
    if (startDerivative) this.#stages[0] = copyState(startDerivative);
  }

  /**
   * Ends the run: all buffers but {@link y} are given back for others to use. Only where no derivative is still being
   * computed, as it may be after an abort.
   */
  release(): void {
    for (const state of [this.#next, ...this.#stages]) releaseState(state);
    if (this.#scratch) releaseState(this.#scratch);
  }

  async #stage(i: number, a: readonly number[], c: number, argument: State): Promise<void> {
    this.#advance(a, argument);
    const step = this.#end - this.t;
    const t = c === 1 ? this.#lastTime : this.t + c * step;
    if (!this.stageSolver) return this.#derivative(t, argument, this.#stages[i]);
    combine(this.#kernels, this.#stages[i], this.#guess(i));
    await this.stageSolver.solve(t, step * this.tableau.diagonal!, argument, this.#stages[i]);
  }

  /** The derivative of an implicit stage as the line through the two before it has it. */
  #guess(i: number): StateTerm[] {
    const { c } = this.tableau;
    if (i === 1) return [{ coefficient: 1, state: this.#stages[0] }];
    const weight = (c[i] - c[i - 2]) / (c[i - 1] - c[i - 2]);
    return [
      { coefficient: weight, state: this.#stages[i - 1] },
      { coefficient: 1 - weight, state: this.#stages[i - 2] },
    ];
  }

  /** Where the derivative at the end of the step is taken. */
  get #lastTime(): number {
    const end = this.#end;
    // The rounding of a stage's time is of this size too, so that no stage comes closer.
    return this.#stop ? end - this.#jumpWidth : end;
  }

  get #jumpWidth(): number {
    return Math.sign(this.#end - this.t) * timeSpacing(this.#end);
  }

  /** out ← y + h Σ weightsᵢ kᵢ. */
  #advance(weights: readonly number[], out: State): void {
    const step = this.#end - this.t;
    combine(this.#kernels, out, [
      { coefficient: 1, state: this.#y },
      ...weights.map((weight, i) => ({ coefficient: step * weight, state: this.#stages[i] })),
    ]);
  }
}
