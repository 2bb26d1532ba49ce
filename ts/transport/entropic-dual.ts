import type { EntropicProblem, SinkhornState } from './sinkhorn-iteration.js';

/** What the dual objective sums over the points: gains and masses of the sources, then of the targets. */
export function dualSums({ a, b, penalty }: EntropicProblem, { f, g }: SinkhornState): number[] {
  const gain = (potential: number) =>
    penalty === Infinity ? potential : -penalty * Math.expm1(-potential / penalty);
  return [...weighted(a, f, gain), ...weighted(b, g, gain)];
}

/** The dual objective, whose error is of second order in that of the potentials. */
export function dualValue(
  { epsilon }: EntropicProblem,
  { mass }: SinkhornState,
  [fromA, massA, fromB, massB]: Iterable<number>,
): number {
  return fromA + fromB - epsilon * (mass - massA * massB);
}

function weighted(
  weights: Float64Array,
  values: Float64Array,
  of: (value: number) => number,
): [sum: number, total: number] {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    // A point without weight says nothing.
    if (weights[i] > 0) sum += weights[i] * of(values[i]);
    total += weights[i];
  }
  return [sum, total];
}
