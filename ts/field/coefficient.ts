import type { FloatData } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';

/** A number, or one for each time, as a function that checks it: INVALID_ARGUMENT where it is not finite. */
export function coefficientAt(coefficient: number | ((t: number) => number)): (t: number) => number {
  if (typeof coefficient !== 'number' && typeof coefficient !== 'function') {
    throw invalidArgument('coefficient', 'a number or a function of time', coefficient);
  }
  const at = typeof coefficient === 'number' ? () => coefficient : coefficient;
  if (typeof coefficient === 'number') checkCoefficient(coefficient);
  return (t) => checkCoefficient(at(t));
}

function checkCoefficient(value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalidArgument('coefficient', 'a finite number', value);
  }
  return value;
}

/** Multiplies in place. */
export async function scale(data: FloatData, factor: number, options: CallOptions): Promise<void> {
  if (factor === 1) return;
  const kernels = await kernelsFor(options, undefined, 'own');
  kernels.linearCombination(data, [{ coefficient: factor, array: data }]);
}
