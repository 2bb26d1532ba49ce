import { checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkInteger, checkSeed } from '../core/options.js';
import type { VelocityField } from '../field/field.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import { Diffusion } from './diffusion.js';
import { type DiffuseOptions, type DiffusionPath, noiseAt } from './stochastic-problem.js';
import { timeGrid } from './time-grid.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Moves particles by a stochastic differential equation with additive noise, dX = v_t(X) dt + g(t) dB, for which Itô's and
 * Stratonovich's calculus agree. The same seed gives the same bits whatever the number of threads.
 *
 * @param drift v_t.
 * @param x0 n × d, where the particles are at time `from`.
 * @throws STEP_BUDGET, COLLAPSED, NON_FINITE (with `details.time`), INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, ABORTED.
 *
 * Source: P. E. Kloeden, E. Platen, Numerical Solution of Stochastic Differential Equations, 1992, sections 10.2 and
 * 15.1.
 */
export async function diffuse(
  drift: VelocityField,
  x0: NdArrayLike,
  options: DiffuseOptions,
): Promise<DiffusionPath> {
  ({ x0 } = checkCall(SIGNATURES.diffuse, { drift, x0, options }));
  const { d } = checkPoints(x0, 'x0', { dimension: drift.dimension });
  checkOptions(options, d);
  const start = toDtype(x0, options.dtype ?? dtypeOf(x0));
  const kernels = await kernelsFor(options, dtypeOf(start));
  checkFinite(kernels, start, 'x0');
  return new Diffusion(drift, start, options, kernels).run();
}

function checkOptions(options: DiffuseOptions, d: number): void {
  const { from = 0, to, step, solver, saveAt = [], seed, maximumSteps = 1_000_000, normals } = options;
  for (const [name, value] of Object.entries({ from, to })) {
    if (!Number.isFinite(value)) throw invalidArgument(name, 'a finite number', value);
  }
  checkSeed(seed);
  checkInteger(maximumSteps, 'maximumSteps', 1);
  if (solver !== undefined && solver !== 'euler-maruyama' && solver !== 'stochastic-heun')
    throw invalidArgument('solver', '"euler-maruyama" or "stochastic-heun"', solver);
  if (normals !== undefined && typeof normals !== 'function')
    throw invalidArgument('normals', 'a function', normals);
  noiseAt(options.noise, from, d);
  const { count } = timeGrid(from, to, step, saveAt);
  if (count > maximumSteps) {
    throw new RidgeflowError(
      'STEP_BUDGET',
      `The option step asks for ${count} steps, more than maximumSteps = ${maximumSteps}: raise maximumSteps, or take longer steps`,
      { details: { steps: count, maximumSteps, time: from } },
    );
  }
}
