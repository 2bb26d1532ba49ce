import { RidgeflowError, invalidArgument } from '../core/errors.js';

/** Throws INVALID_ARGUMENT unless t is finite, COLLAPSED unless the heat equation can be run for it: −collapseTime < t. */
export function checkHeatTime(t: number, collapseTime: () => number): void {
  if (typeof t !== 'number' || !Number.isFinite(t)) throw invalidArgument('t', 'a finite time', t);
  if (t >= 0 || -t < collapseTime()) return;
  throw new RidgeflowError(
    'COLLAPSED',
    `Cannot run the heat equation backwards for time ${-t}: the measure collapses at time ${collapseTime()}. ` +
      'Ask for less, or smooth the measure first',
    { details: { collapseTime: collapseTime(), time: -t } },
  );
}
