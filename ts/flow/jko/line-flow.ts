import { type NdArray, allocate, checkPoints, dtypeOf } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { fieldFromFunction } from '../../field/from-function.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import type { Trajectory } from '../integrate.js';
import { Flow } from '../named/flow.js';
import type { TrajectoryState } from '../particles.js';
import { LineEnergy, type LineFreeEnergy, checkEnergy, checkGradient } from './line-energy.js';
import { proximalStep } from './proximal-step.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link jkoFlow}. */
export interface JkoOptions extends CallOptions {
  /** Length h of a step, above 0. */
  step: number;
  /** Number of steps. */
  steps: number;
}

/** Particles at one time of a JKO scheme. */
export interface JkoState extends TrajectoryState {
  /** F at the positions. */
  energy: number;
  /** Σ W₂²/h over the steps so far: the action of the piecewise geodesic path. */
  action: number;
}

/** A {@link Trajectory} of a JKO scheme: its `evaluations` are Newton steps. */
export interface JkoTrajectory extends Trajectory {
  /** The start, and the particles after each step. */
  states: JkoState[];
  end: JkoState;
}

/**
 * The JKO scheme for a free energy on the line: ρ_{k+1} = argmin F[ρ] + W₂²(ρ, ρ_k)/2h. It is exact in ρ up to the number of
 * particles: in one dimension W₂ is the L² distance of quantile functions, of which the particles are n values, and the
 * problem in these is convex where V and W are (and else for small h), solved by Newton's method to rounding.
 *
 * F never rises, by F[ρ_{k+1}] + W₂²/2h ≤ F[ρ_k], whatever the step; as a method for the gradient flow it is of first order in
 * h, like the implicit Euler method.
 *
 * @param x0 n × 1, n ≥ 2, in any order, each of mass 1/n. Particles keep their row.
 * @param options `step` h and `steps`.
 * @throws DEGENERATE_CLOUD for coincident particles where the energy has an entropy or porous medium; NOT_CONVERGED where a
 *   step is too long for a potential or interaction that is not convex; NON_FINITE, EMPTY_CLOUD, INVALID_SHAPE for d ≠ 1,
 *   INVALID_ARGUMENT, ABORTED.
 *
 * In float64 on the main thread: O(n) time for each of a few Newton steps, O(n²) with an interaction. Source: R. Jordan,
 * D. Kinderlehrer, F. Otto, SIAM J. Math. Anal. 29 (1998), 1–17; in quantiles: A. Blanchet, V. Calvez, J. A. Carrillo, SIAM
 * J. Numer. Anal. 46 (2008), 691–721.
 *
 * @example await jkoFlow({ porousMedium: { exponent: 2 } }, x0, { step: 0.05, steps: 20 })
 */
export async function jkoFlow(
  energy: LineFreeEnergy,
  x0: NdArrayLike,
  options: JkoOptions,
): Promise<JkoTrajectory> {
  ({ x0 } = checkCall(SIGNATURES.jkoFlow, { energy, x0, options }));
  checkEnergy(energy);
  const { n } = checkPoints(x0, 'x0', { minimum: 2, dimension: 1 });
  const h = checkPositive(options?.step, 'step');
  const count = checkInteger(options.steps, 'steps', 1);
  checkFinite(await kernelsFor(options), x0, 'x0');
  const discrete = new LineEnergy(energy, n);
  const { order, sorted } = inOrder(x0, discrete);
  const dtype = options.dtype ?? dtypeOf(x0);
  const stateOf = (time: number, x: Float64Array, action: number): JkoState => {
    const data = allocate(dtype, n, 'positions');
    order.forEach((row, rank) => (data[row] = x[rank]));
    return { time, positions: { data, shape: [n, 1] }, energy: discrete.value(x), action };
  };
  const pace = new Pace(options, count);
  let x = sorted;
  let [action, evaluations] = [0, 0];
  const states = [stateOf(0, x, 0)];
  for (let k = 1; k <= count; k++) {
    const { x: next, steps } = await proximalStep(discrete, x, h, pace);
    for (let i = 0; i < n; i++) action += (next[i] - x[i]) ** 2 / (n * h);
    x = next;
    evaluations += steps;
    states.push(stateOf(k * h, x, action));
    await pace.tick(1);
  }
  await pace.finish();
  return {
    states,
    end: states[count],
    reason: 'end',
    events: [],
    statistics: { steps: count, rejected: 0, evaluations },
  };
}

/**
 * The same gradient flow as a velocity field, v = −∇δF/δρ on the particles that `transport` moves, every row of them: for
 * any solver of the library, and to compare with {@link jkoFlow}, which needs no short steps for stability as this does:
 * h of the order of the smallest gap squared, with an entropy.
 *
 * @param options `to`: last time, above 0.
 * @throws INVALID_ARGUMENT; on evaluation as `jkoFlow`.
 */
export function freeEnergyFlow(energy: LineFreeEnergy, options: { to: number }): Flow {
  checkCall(SIGNATURES.freeEnergyFlow, { energy, options });
  checkEnergy(energy);
  const field = fieldFromFunction(
    (x) => {
      const n = x.shape[0];
      if (n < 2)
        throw new RidgeflowError('EMPTY_CLOUD', `Expected at least 2 points for x but received ${n}`);
      const discrete = new LineEnergy(energy, n);
      const { order, sorted } = inOrder(x, discrete);
      const { gradient } = discrete.derivatives(sorted);
      checkGradient(gradient, sorted);
      const data = allocate(dtypeOf(x), n, 'velocities');
      order.forEach((row, rank) => (data[row] = -n * gradient[rank]));
      return { data, shape: [n, 1] };
    },
    { dimension: 1 },
  );
  return new Flow({ name: 'free energy flow', field, from: 0, to: checkPositive(options?.to, 'to') });
}

/** Row numbers by ascending position, and the positions so. Throws DEGENERATE_CLOUD for particles that must not meet. */
function inOrder(
  { data, shape: [n] }: NdArray,
  energy: LineEnergy,
): { order: Int32Array; sorted: Float64Array } {
  const order = Int32Array.from({ length: n }, (_, i) => i).sort((i, j) => data[i] - data[j]);
  const sorted = Float64Array.from(order, (row) => data[row]);
  for (let i = 0; i + 1 < n && energy.hasDensity; i++) {
    if (sorted[i + 1] > sorted[i]) continue;
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      `Expected particles that do not coincide, since the energy is infinite where they do, but rows ${order[i]} and ` +
        `${order[i + 1]} (counted from 0) are at the same place: move them apart`,
      { details: { rows: [order[i], order[i + 1]] } },
    );
  }
  return { order, sorted };
}
