import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import { checkEvents } from './events.js';
import { Integration } from './integration.js';
import { notOverRanks } from '../kernel/whole.js';
import type { OdeSystem, Solution, SolveOptions } from './problem.js';
import { dopri5 } from './solvers/dopri5.js';
import { type State, checkState } from './state.js';
import { savedTimes, timeGrid } from './time-grid.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Integrates dy/dt = f(t, y) from `from` to `to`, by fixed steps or with the error of each step held at a tolerance.
 *
 * @param y0 The state at `from`. It is not changed.
 * @throws STEP_BUDGET where `maximumSteps` is used up, or the tolerance cannot be met by steps of `minimumStep`; COLLAPSED and
 *   NON_FINITE where f ends or is not finite: `details.time` is how far the integration came; INVALID_ARGUMENT,
 *   INVALID_SHAPE, INVALID_DTYPE, ABORTED.
 *
 * With an implicit solver a step ends where Newton's iteration does: NOT_CONVERGED where it does not by fixed steps.
 *
 * Memory: as many states as the solver has stages, and three or four more; a copy for each saved time. Of an implicit
 * solver, what its option `linearise` says.
 *
 * Source: E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., chapter II; II (E.
 * Hairer, G. Wanner), chapter IV.
 */
export async function solve(system: OdeSystem, y0: State, options: SolveOptions): Promise<Solution> {
  checkCall(SIGNATURES.solve, { system, y0, options });
  checkOptions(options);
  checkState(options.kernels, y0, 'y0');
  if (options.kernels.ranks.size > 1) checkOverRanks(options);
  return new Integration(system, y0, options).run();
}

/** Events and implicit stages look at rows of this rank alone, and would part the ranks; a snapshot would be one for all. */
function checkOverRanks({ events, solver, checkpoint, resume, dense }: SolveOptions): void {
  if (events && events.length > 0) throw notOverRanks('Events of a flow are not looked for');
  if (solver?.diagonal !== undefined) throw notOverRanks(`The implicit solver ${solver.name} does not run`);
  if (checkpoint ?? resume) throw notOverRanks('Snapshots of a flow are not written');
  if (dense) throw notOverRanks('Dense output of a flow is not kept');
}

function checkOptions(options: SolveOptions): void {
  const { from, to, solver = dopri5, step, tolerance, norm, controller = {}, saveAt = [] } = options;
  for (const [name, value] of Object.entries({ from, to, ...controller })) {
    if (!Number.isFinite(value)) throw invalidArgument(name, 'a finite number', value);
  }
  if (!Array.isArray(solver?.b) || solver.b.length !== solver.stages)
    throw invalidArgument('solver', 'the solver itself, such as dopri5, not its name,', solver);
  if (step !== undefined && tolerance !== undefined)
    throw invalidArgument(
      'tolerance',
      'nothing where step is given (steps are fixed or adaptive)',
      tolerance,
    );
  if (step === undefined && !solver.bError)
    throw invalidArgument(
      'step',
      `a step, because ${solver.name} has no error estimate for adaptive steps,`,
      step,
    );
  checkLinearise(options);
  if (norm !== undefined && norm !== 'rms' && norm !== 'max')
    throw invalidArgument('norm', '"rms" or "max"', norm);
  const maximumSteps = checkInteger(options.maximumSteps ?? 10_000, 'maximumSteps', 1);
  if (options.minimumStep !== undefined) checkPositive(options.minimumStep, 'minimumStep');
  checkStepLimits(options);
  savedTimes(from, to, saveAt);
  checkEvents(options.events ?? []);
  if (options.dense && (options.checkpoint ?? options.resume))
    throw invalidArgument('dense', 'false together with checkpoint or resume', true);
  const count = step === undefined ? 0 : timeGrid(from, to, step, options.stopAt ?? []).count;
  if (count > maximumSteps) {
    throw new RidgeflowError(
      'STEP_BUDGET',
      `The step ${describe(step)} takes ${count} steps, more than maximumSteps = ${maximumSteps}: raise maximumSteps, or take longer steps`,
      { details: { steps: count, maximumSteps, time: from } },
    );
  }
}

function checkLinearise({ solver = dopri5, linearise }: SolveOptions): void {
  if (linearise === undefined) return;
  if (solver.diagonal === undefined)
    throw invalidArgument('linearise', `nothing where the solver (${solver.name}) is explicit`, linearise);
  if (linearise !== 'dense' && linearise !== 'krylov')
    throw invalidArgument('linearise', '"dense" or "krylov"', linearise);
}

function checkStepLimits(options: SolveOptions): void {
  const { from, to, step, firstStep, minimumStep, maximumStep, stopAt = [] } = options;
  savedTimes(from, to, stopAt, 'stopAt');
  if (firstStep !== undefined) {
    checkPositive(firstStep, 'firstStep');
    if (step !== undefined)
      throw invalidArgument('firstStep', 'nothing where step is given (all are of its length)', firstStep);
  }
  if (maximumStep === undefined) return;
  checkPositive(maximumStep, 'maximumStep');
  if (step !== undefined)
    throw invalidArgument(
      'maximumStep',
      'nothing where step is given (it is the longest step already)',
      maximumStep,
    );
  if (minimumStep !== undefined && minimumStep > maximumStep)
    throw invalidArgument('maximumStep', `at least minimumStep = ${minimumStep}`, maximumStep);
}
