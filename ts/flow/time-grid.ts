import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';

/**
 * Number of equal steps between two times that the option `step` asks for. Throws STEP_BUDGET where they would be so short
 * that some do not change the time.
 */
export function stepCount(from: number, to: number, step: number | { steps: number }): number {
  const span = Math.abs(to - from);
  const count =
    typeof step === 'object'
      ? checkInteger(step?.steps, 'step.steps', 1)
      : Math.max(1, Math.ceil((span / checkPositive(step, 'step')) * (1 - 1e-12)));
  const largest = Math.max(Math.abs(from), Math.abs(to));
  if (span > 0 && count > 1 && span / count < timeSpacing(largest))
    throw standingStill(largest, span / count);
  return count;
}

/** Distance from |t| to the next larger number: steps of half of it and less do not change a time of that size. */
export function timeSpacing(t: number): number {
  const size = Math.abs(t);
  // Normal numbers: the powers of two are exact, and the logarithm may round up to the next one.
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  return Math.max(Number.MIN_VALUE, 2 ** (exponent - 52));
}

/** STEP_BUDGET for a step of this length at this time that float64 cannot tell from no step. */
export function standingStill(t: number, step: number): RidgeflowError {
  const spacing = timeSpacing(t);
  return new RidgeflowError(
    'STEP_BUDGET',
    `Expected steps that change the time but received one of length ${Math.abs(step)} at time ${t}, where float64 numbers ` +
      `are ${spacing} apart: shift time, so that the run starts at 0, or take longer steps`,
    { details: { time: t, step, spacing } },
  );
}

/**
 * The times of `saveAt` in the order of integration, without the ends: those are kept anyway, and a time that differs from
 * them by rounding is the same time. Throws INVALID_ARGUMENT for a time that is not between them.
 */
export function savedTimes(
  from: number,
  to: number,
  saveAt: readonly number[],
  parameter = 'saveAt',
): number[] {
  saveAt.forEach((t, i) => {
    if (!((t - from) * (to - t) >= 0))
      throw invalidArgument(`${parameter}[${i}]`, `a time between from = ${from} and to = ${to}`, t);
  });
  const rounding = timeRounding(from, to);
  return [...new Set(saveAt)]
    .filter((t) => Math.min(Math.abs(t - from), Math.abs(t - to)) > rounding)
    .sort((a, b) => Math.abs(a - from) - Math.abs(b - from));
}

/** Times of a run that differ by less are the same. */
export function timeRounding(from: number, to: number): number {
  return 1e-12 * Math.abs(to - from);
}

/** Steps that end at every saved time, equal between two of them. */
export interface TimeGrid {
  /** Number of steps. */
  count: number;
  /** Time after so many steps, 0 to `count`. */
  time: (step: number) => number;
  /** Numbers of the steps that end at a saved time or at the end. */
  saved: ReadonlySet<number>;
}

/** The steps of a run that cannot be interpolated: equal ones of the length asked for, shorter where `saveAt` needs it. */
export function timeGrid(
  from: number,
  to: number,
  step: number | { steps: number },
  saveAt: readonly number[],
): TimeGrid {
  if (from === to) return { count: 0, time: () => from, saved: new Set() };
  const longest = Math.abs(to - from) / stepCount(from, to, step);
  const stops = [from, ...savedTimes(from, to, saveAt), to];
  const ends = [0];
  for (let i = 1; i < stops.length; i++) ends.push(ends[i - 1] + stepCount(stops[i - 1], stops[i], longest));
  return {
    count: ends[ends.length - 1],
    time: (number) => {
      const i = Math.max(
        1,
        ends.findIndex((end) => number <= end),
      );
      if (number === ends[i]) return stops[i];
      return stops[i - 1] + ((stops[i] - stops[i - 1]) * (number - ends[i - 1])) / (ends[i] - ends[i - 1]);
    },
    saved: new Set(ends.slice(1)),
  };
}
