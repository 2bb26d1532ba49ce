import { type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, checkSeed } from '../core/options.js';
import type { VelocityField } from '../field/field.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { Particles, type Track, type TrajectoryState } from './particles.js';
import type { Solution, SolveOptions } from './problem.js';
import { solve } from './solve.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Most dimensions in which Jacobians are tracked. */
const MAX_JACOBIAN_DIMENSION = 64;

/** How large the error of a step may be. */
export interface TrajectoryTolerance {
  /** Relative to a point's distance from the origin. Default 1e-5. */
  relative?: number;
  /**
   * In the units of the points: one number, or d of them. With d every coordinate is judged by itself, in units of
   * absolute + relative · |coordinate|: for coordinates of different sizes. Default: `relative` times the root mean square
   * distance of the points from their mean.
   */
  absolute?: number | ArrayLike<number>;
  /** In nats. Default: `relative`. */
  logDensity?: number;
}

/** Options of {@link integrate}. */
export interface IntegrateOptions
  extends CallOptions, Omit<SolveOptions, 'from' | 'kernels' | 'tolerance' | 'signal' | 'onProgress'> {
  /** Default 0. */
  from?: number;
  tolerance?: TrajectoryTolerance;
  /** log μ at the points of `x0`. Without it a tracked log-density starts at 0: it is then the change. */
  logDensity0?: FloatData;
  track?: Track;
  /**
   * How the divergence is found. Default: exactly where the field is differentiable, else by Hutchinson's estimate, whose
   * error in each particle's log-density has mean 0.
   */
  divergence?: 'exact' | 'hutchinson';
  /** Random vectors of Hutchinson's estimate; d or more give the divergence itself. Default 1. */
  probes?: number;
}

/** What {@link integrate} returns. */
export interface Trajectory {
  /** The start, the times of `saveAt` that were reached, and the end. */
  states: TrajectoryState[];
  end: TrajectoryState;
  /** 'end', or the name of the terminal event. */
  reason: string;
  events: (TrajectoryState & { name: string })[];
  statistics: Solution['statistics'];
  /** The particles at any time between the start and the end, with the option `dense`. */
  dense?: (t: number) => TrajectoryState;
}

/**
 * Moves particles along a velocity field: dx/dt = v_t(x), forward or backward in time.
 *
 * @param x0 n × d, where the particles are at time `from`.
 * @throws COLLAPSED, with `details.collapseTime`, where the field ends before `to` (unless a terminal event could come
 *   first); EMPTY_CLOUD; all that {@link solve} throws.
 *
 * Time: the evaluations of the field, and O(nd) for each. Source of the log-density: R. T. Q. Chen, Y. Rubanova,
 * J. Bettencourt, D. Duvenaud, Neural ordinary differential equations, NeurIPS 2018.
 */
export async function integrate(
  field: VelocityField,
  x0: NdArrayLike,
  options: IntegrateOptions,
): Promise<Trajectory> {
  ({ x0 } = checkCall(SIGNATURES.integrate, { field, x0, options }));
  const { n } = checkPoints(x0, 'x0', { minimum: 0, dimension: field.dimension });
  const { track = {}, divergence: by, probes: number, logDensity0, dtype, seed, backend, ...run } = options;
  const { from = 0, to, step } = run;
  const divergence = by ?? (field.differentiable ? 'exact' : 'hutchinson');
  const probes = checkInteger(number ?? 1, 'probes', 1);
  checkOptions(field, x0, options, divergence);
  const start = toDtype(x0, dtype ?? dtypeOf(x0));
  const kernels = await kernelsFor(options, dtypeOf(start), 'spread');
  const place = await placeOf(kernels, n, 'x0');
  checkFinite(kernels, start, 'x0');
  const fixed = step !== undefined && options.tolerance === undefined;
  // Neither a tolerance nor a finite difference is scaled by it then.
  const unused = fixed && field.differentiable;
  const { perCoordinate, radius } = unused ? { perCoordinate: 1, radius: 1 } : await spread(kernels, start);
  const particles = new Particles(field, start, {
    ...options,
    kernels,
    place,
    track,
    divergence,
    probes,
    direction: Math.sign(to - from),
    scale: perCoordinate,
  });
  const tolerance = options.tolerance ?? {};
  if (typeof tolerance !== 'object') throw invalidArgument('tolerance', '{ relative, absolute }', tolerance);
  const { relative = 1e-5, absolute = relative * radius, logDensity = relative } = tolerance;
  checkAbsolute(absolute, x0.shape[1]);
  checkPositive(logDensity, 'tolerance.logDensity');
  const solution = await solve(particles, particles.initial, {
    ...run,
    from,
    kernels,
    tolerance: fixed
      ? undefined
      : { relative, absolute: particles.tolerances(absolute, logDensity, relative) },
  });
  const { reason, statistics, times, events, dense } = solution;
  const states = times.map((time, i) => particles.unpack(time, solution.states[i]));
  return {
    states,
    end: states[states.length - 1],
    reason,
    events: events.map(({ name, time, state }) => ({ name, ...particles.unpack(time, state) })),
    statistics,
    ...(dense && { dense: (t: number) => particles.unpack(t, dense(t)) }),
  };
}

/**
 * W₂²/(T · action), in (0, 1] for a flow of measures and 1 only for an optimal transport at constant speed; NaN where
 * nothing moved. `squaredDistance` is W₂² between start and end; default: the mean squared displacement of the
 * particles, which is no less.
 *
 * @throws INVALID_ARGUMENT where the action was not tracked.
 *
 * Source: J.-D. Benamou, Y. Brenier, Numer. Math. 84 (2000), 375–393.
 */
export function straightness(
  trajectory: Pick<Trajectory, 'states' | 'end'>,
  squaredDistance?: number,
): number {
  checkCall(SIGNATURES.straightness, { trajectory });
  const { states, end } = trajectory;
  if (end.action === undefined)
    throw invalidArgument(
      'trajectory',
      'a trajectory with its action (option track: { action: true })',
      states,
    );
  const [start] = states;
  return (
    (squaredDistance ?? meanSquaredDistance(start.positions, end.positions)) /
    (Math.abs(end.time - start.time) * end.action)
  );
}

function checkAbsolute(absolute: number | ArrayLike<number>, d: number): void {
  if (typeof absolute === 'number') {
    checkPositive(absolute, 'tolerance.absolute');
    return;
  }
  if (absolute?.length !== d)
    throw invalidArgument('tolerance.absolute', `a number, or ${d} (one for each coordinate)`, absolute);
  for (let k = 0; k < d; k++) checkPositive(absolute[k], `tolerance.absolute[${k}]`);
}

function meanSquaredDistance(a: NdArray, b: NdArray): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2;
  return sum / a.shape[0];
}

function checkOptions(
  field: VelocityField,
  { shape: [n, d] }: NdArray,
  { from = 0, to, track, logDensity0, seed, events }: IntegrateOptions,
  divergence: string,
): void {
  checkSeed(seed);
  if (divergence !== 'hutchinson' && !(divergence === 'exact' && field.differentiable)) {
    const expected = field.differentiable
      ? '"exact" or "hutchinson"'
      : '"hutchinson" (the field is not differentiable)';
    throw invalidArgument('divergence', expected, divergence);
  }
  if (logDensity0 !== undefined && logDensity0.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} values, one for each point, for logDensity0 but received ${describe(logDensity0)}`,
      { details: { parameter: 'logDensity0' } },
    );
  }
  if (track?.jacobian && d > MAX_JACOBIAN_DIMENSION)
    throw invalidArgument('track.jacobian', `false in more than ${MAX_JACOBIAN_DIMENSION} dimensions`, true);
  if (events?.some(({ terminal }) => terminal)) return;
  const outside = [from, to].find((t) => !(t > field.times.from && t < field.times.to) && Number.isFinite(t));
  if (outside === undefined) return;
  const collapseTime = outside <= field.times.from ? field.times.from : field.times.to;
  throw new RidgeflowError(
    'COLLAPSED',
    `The field exists only between times ${field.times.from} and ${field.times.to}, but was asked for at ${outside}: ` +
      'stay strictly within them',
    { details: { collapseTime, time: outside } },
  );
}

/** Root mean square deviation of the points from their mean: in a coordinate, and as a vector. Of a single point: 1. */
async function spread(
  kernels: Kernels,
  { data, shape: [own, d] }: NdArray,
): Promise<{ perCoordinate: number; radius: number }> {
  // About the first point, in one pass: a cloud far from the origin keeps its digits.
  const { first, total: n } = await placeOf(kernels, own, 'x0');
  const origin = await kernels.sumOverRanks(
    first === 0 && own > 0 ? data.subarray(0, d) : new Float64Array(d),
  );
  let sums: Float64Array = new Float64Array(d);
  let squares = 0;
  for (let i = 0; i < data.length; i += d) {
    for (let k = 0; k < d; k++) {
      const difference = data[i + k] - origin[k];
      sums[k] += difference;
      squares += difference * difference;
    }
  }
  sums = await kernels.sumOverRanks(sums);
  [squares] = await totalsOf(kernels, squares);
  for (let k = 0; k < d; k++) squares -= (sums[k] * sums[k]) / n;
  const radius = Math.sqrt(Math.max(0, squares) / n) || 1;
  return { perCoordinate: radius / Math.sqrt(d), radius };
}
