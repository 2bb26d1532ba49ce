import { RidgeflowError } from '../core/errors.js';
import type { SolveOptions } from './problem.js';

/** STEP_BUDGET: no more steps. */
export function budgetError(maximumSteps: number, t: number, { to }: SolveOptions): RidgeflowError {
  return new RidgeflowError(
    'STEP_BUDGET',
    `The budget of ${maximumSteps} steps was used up at time ${t}, before ${to}: raise maximumSteps, or loosen the tolerance`,
    { details: { time: t, to, maximumSteps } },
  );
}

/** An error of the system, with the time that the integration had come to where it does not say one. */
export function withTime(error: RidgeflowError, t: number): RidgeflowError {
  if (error.details.time !== undefined) return error;
  return new RidgeflowError(error.code, `${error.message} (the integration came to time ${t})`, {
    cause: error,
    details: { ...error.details, time: t },
  });
}
