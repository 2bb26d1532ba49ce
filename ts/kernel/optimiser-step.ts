import type { FloatData } from '../core/array.js';
import type { Optimiser } from './contract/training.js';

/**
 * One step of the optimiser along a gradient, the first being number 1: `parameters` and `moments` (twice as many values) are
 * changed in place. In float64, kept in their type. O(parameters) time.
 */
export function takeStep(
  optimiser: Optimiser,
  step: number,
  parameters: FloatData,
  gradient: ArrayLike<number>,
  moments: FloatData,
): void {
  const count = parameters.length;
  if (optimiser.kind === 'sgd') {
    for (let at = 0; at < count; at++) {
      moments[at] = optimiser.momentum * moments[at] + gradient[at];
      parameters[at] -= optimiser.rate * moments[at];
    }
    return;
  }
  const { rate, beta1, beta2, epsilon } = optimiser;
  const size1 = rate / (1 - beta1 ** step);
  const size2 = 1 / (1 - beta2 ** step);
  for (let at = 0; at < count; at++) {
    const g = gradient[at];
    moments[at] = beta1 * moments[at] + (1 - beta1) * g;
    moments[count + at] = beta2 * moments[count + at] + (1 - beta2) * g * g;
    parameters[at] -= (size1 * moments[at]) / (Math.sqrt(size2 * moments[count + at]) + epsilon);
  }
}
