import { type NdArray, allocate, checkArray, copyOf, dtypeOf } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { holdsEverywhere } from '../kernel/whole.js';

/**
 * Arrays that evolve together under one differential equation, each float32 or float64: for example the positions of
 * particles (n × d), their log-densities (n) and the action so far (one float64 number).
 */
export type State = readonly NdArray[];

/** One term of a linear combination of states. */
export interface StateTerm {
  coefficient: number;
  state: State;
}

/** A zero state with the shapes and element types of another. */
export function stateLike(y: State, what = 'a state of the integrator'): State {
  return y.map((array) => ({ data: allocate(dtypeOf(array), array.data.length, what), shape: array.shape }));
}

/** A copy that shares nothing with the state. */
export function copyState(y: State, what = 'a saved state'): State {
  return y.map(({ data, shape }) => ({ data: copyOf(data, what), shape }));
}

/** to ← from. */
export function assign(to: State, from: State): void {
  to.forEach((array, i) => array.data.set(from[i].data));
}

/** out ← Σ coefficient · state, leaving out terms with coefficient 0. `out` may be one of the states. */
export function combine(kernels: Kernels, out: State, terms: readonly StateTerm[]): void {
  const present = terms.filter(({ coefficient }) => coefficient !== 0);
  out.forEach(({ data }, i) => {
    if (data.length === 0) return;
    kernels.linearCombination(
      data,
      present.map(({ coefficient, state }) => ({ coefficient, array: state[i].data })),
    );
  });
}

/** Whether every value of the state is finite, on all ranks. */
export function isFiniteState(kernels: Kernels, y: State): Promise<boolean> {
  return holdsEverywhere(kernels, isFiniteHere(kernels, y));
}

/** The same on this rank. */
export function isFiniteHere(kernels: Pick<Kernels, 'firstNonFinite'>, y: State): boolean {
  return y.every(({ data }) => kernels.firstNonFinite(data) < 0);
}

/** Throws unless `y` is a list of at least one well-formed array of finite values. */
export function checkState(kernels: Kernels, y: State, name: string): void {
  if (!Array.isArray(y) || y.length === 0) throw invalidArgument(name, 'a list of at least one array', y);
  y.forEach((array: NdArray, i) => {
    checkArray(array, `${name}[${i}]`);
    checkFinite(kernels, array, `${name}[${i}]`);
  });
}
