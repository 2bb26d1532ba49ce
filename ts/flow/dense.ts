import { invalidArgument } from '../core/errors.js';
import type { Kernels } from '../kernel/contract.js';
import { type State, combine, copyState, stateLike } from './state.js';
import type { Tableau } from './tableau.js';

/** Stages that the interpolant of a method is made of: those of the step, then the derivative at its end, then its own. */
export function denseStageCount({ stages, fsal, interpolant }: Tableau): number {
  return stages + (fsal ? 0 : 1) + (interpolant?.extra?.a.length ?? 0);
}

/**
 * The weights wᵢ(θ) of the stages in y(t + θh) = y + h Σ wᵢ(θ) kᵢ, 0 ≤ θ ≤ 1: the cubic Hermite polynomial through both
 * ends and their derivatives, and what the method's own interpolant adds.
 */
function denseWeights(tableau: Tableau, theta: number): Float64Array {
  const { b, stages, fsal, interpolant } = tableau;
  const rest = 1 - theta;
  const weights = new Float64Array(denseStageCount(tableau));
  b.forEach((weight, i) => (weights[i] = weight * theta * theta * (3 - 2 * theta)));
  weights[0] += theta * rest * rest;
  weights[fsal ? stages - 1 : stages] -= theta * theta * rest;
  let polynomial = theta * theta * rest * rest;
  interpolant?.d.forEach((row, m) => {
    row.forEach((weight, i) => (weights[i] += polynomial * weight));
    polynomial *= m % 2 === 0 ? theta : rest;
  });
  return weights;
}

/** Which stages ever have a weight: the others need not be kept. */
function usedStages(tableau: Tableau): boolean[] {
  const samples = [0.25, 0.5, 0.75].map((theta) => denseWeights(tableau, theta));
  return Array.from(samples[0], (_, i) => samples.some((weights) => weights[i] !== 0));
}

/** The solution within one step. */
export class DenseStep {
  readonly #kernels: Kernels;
  readonly #tableau: Tableau;
  readonly #stages: readonly State[];

  /** The arrays are not copied: they must stay as they are while this is used. */
  constructor(
    kernels: Kernels,
    tableau: Tableau,
    readonly from: number,
    readonly to: number,
    readonly start: State,
    stages: readonly State[],
  ) {
    this.#kernels = kernels;
    this.#tableau = tableau;
    this.#stages = stages;
  }

  /** Writes the state at time t, between `from` and `to`, into `out`. */
  evaluate(t: number, out: State): void {
    const step = this.to - this.from;
    const weights = denseWeights(this.#tableau, (t - this.from) / step);
    combine(this.#kernels, out, [
      { coefficient: 1, state: this.start },
      ...this.#stages.map((state, i) => ({ coefficient: step * weights[i], state })),
    ]);
  }

  /** The same, on copies of the arrays that it needs. */
  keep(): DenseStep {
    const used = usedStages(this.#tableau);
    const start = copyState(this.start, 'dense output');
    const stages = this.#stages.map((stage, i) => (used[i] ? copyState(stage, 'dense output') : start));
    return new DenseStep(this.#kernels, this.#tableau, this.from, this.to, start, stages);
  }
}

/** The solution between `from` and the end as a function of time, from its steps. */
export function denseOutput(steps: readonly DenseStep[], end: number, first: State): (t: number) => State {
  return (t) => {
    const from = steps.length > 0 ? steps[0].from : end;
    if (typeof t !== 'number' || !((t - from) * (end - t) >= 0))
      throw invalidArgument('t', `a time between ${from} and ${end}`, t);
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
