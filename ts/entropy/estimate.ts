import type { ShareKernels } from '../kernel/contract/shares.js';
import { totalsOf } from '../kernel/whole.js';

/** A number estimated from samples, with the standard deviation that other samples of the same size would give it. */
export interface SampleEstimate {
  value: number;
  standardError: number;
}

/**
 * The mean of n values and the standard error of it, as if they were independent, of which this rank has the first `own`. In
 * two passes: nothing cancels.
 */
export async function meanOverRanks(
  kernels: Pick<ShareKernels, 'ranks' | 'sumOverRanks' | 'shareOf'>,
  n: number,
  own: number,
  value: (i: number) => number,
): Promise<SampleEstimate> {
  let sum = 0;
  for (let i = 0; i < own; i++) sum += value(i);
  const mean = (await totalsOf(kernels, sum))[0] / n;
  let squares = 0;
  for (let i = 0; i < own; i++) squares += (value(i) - mean) ** 2;
  const [spread] = await totalsOf(kernels, squares);
  return { value: mean, standardError: n > 1 ? Math.sqrt(spread / (n - 1) / n) : NaN };
}

/** Mean of n values and the standard error of it, as if they were independent. In two passes: nothing cancels. */
export function meanWithError(n: number, value: (i: number) => number): SampleEstimate {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += value(i);
  const mean = sum / n;
  let spread = 0;
  for (let i = 0; i < n; i++) spread += (value(i) - mean) ** 2;
  return { value: mean, standardError: n > 1 ? Math.sqrt(spread / (n - 1) / n) : NaN };
}
