import type { NdArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { GaussianMixture } from '../measure/index.js';
import type { Hyperplanes } from './geometry.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A solid ellipsoid of constant value in ℝ^d: { c + Σ_k z_k semiAxes_k axes_k : |z| ≤ 1 }. */
export interface Ellipsoid {
  /** c, d values. */
  centre: readonly number[];
  /** d lengths above 0. */
  semiAxes: readonly number[];
  /** Directions of the semi-axes, d orthonormal rows. Default: the coordinate axes. */
  axes?: readonly (readonly number[])[];
  /** Value inside. Default 1. */
  value?: number;
}

/**
 * Exact Radon transform of a Gaussian or a mixture of Gaussians in any dimension: the integral over the hyperplane
 * { x : u·x = p } is Σ_k w_k N(p; u·m_k, uᵀΣ_k u).
 *
 * @param mixture Made by `gaussian`, `gaussianMixture` or `smoothed`.
 * @param rays Directions and positions; `raysOf(beam)` gives those of a parallel beam in the plane.
 * @returns [directions, positions], float64.
 * @throws INVALID_SHAPE (directions of another dimension), INVALID_ARGUMENT (no rays, directions that are not of
 *   length 1), NON_FINITE. O(K · directions · (d² + positions)) time.
 */
export function projectMixture(mixture: GaussianMixture, rays: Hyperplanes): NdArray {
  checkCall(SIGNATURES.projectMixture, { mixture, rays });
  const d = mixture.dimension;
  const { directions, positions, data } = prepare(rays, d);
  const { weights, means } = mixture;
  for (let component = 0; component < mixture.components; component++) {
    const covariance = mixture.componentCovariance(component);
    directions.forEach((u, row) => {
      let mean = 0;
      let variance = 0;
      for (let i = 0; i < d; i++) {
        mean += u[i] * means.data[component * d + i];
        for (let j = 0; j < d; j++) variance += u[i] * covariance[i * d + j] * u[j];
      }
      const height = weights[component] / Math.sqrt(2 * Math.PI * variance);
      for (let k = 0; k < positions.length; k++) {
        data[row * positions.length + k] += height * Math.exp((-0.5 * (positions[k] - mean) ** 2) / variance);
      }
    });
  }
  return { data, shape: [directions.length, positions.length] };
}

/**
 * Exact Radon transform of a sum of ellipsoids in any dimension d ≥ 1 (ellipses for d = 2). With A = the semi-axes as
 * columns, s = |Aᵀu| and q = (p − u·c)/s, one of value 1 gives V_{d−1} |det A|/s · (1 − q²)_+^{(d−1)/2}, V_k the volume
 * of the unit ball of ℝ^k.
 *
 * @returns [directions, positions], float64.
 * @throws INVALID_SHAPE, INVALID_ARGUMENT (semi-axes not above 0, axes not orthonormal to 1e-6, no rays), NON_FINITE.
 *   O(number · directions · (d² + positions)) time.
 */
export function projectEllipsoids(ellipsoids: readonly Ellipsoid[], rays: Hyperplanes): NdArray {
  checkCall(SIGNATURES.projectEllipsoids, { ellipsoids, rays });
  const count = Array.isArray(ellipsoids) ? ellipsoids.length : 0;
  if (count === 0) {
    throw invalidArgument('ellipsoids', 'an array of at least one ellipsoid', ellipsoids);
  }
  const d = ellipsoids[0].centre.length;
  const { directions, positions, data } = prepare(rays, d);
  const exponent = (d - 1) / 2;
  for (const ellipsoid of ellipsoids) {
    const { centre, semiAxes, axes, value } = checkEllipsoid(ellipsoid, d);
    const volume = semiAxes.reduce((product, length) => product * length, unitBallVolume(d - 1) * value);
    directions.forEach((u, row) => {
      const width = Math.hypot(...axes.map((axis, k) => semiAxes[k] * inner(axis, u)));
      const middle = inner(u, centre);
      for (let k = 0; k < positions.length; k++) {
        const inside = 1 - ((positions[k] - middle) / width) ** 2;
        if (inside > 0) data[row * positions.length + k] += (volume / width) * inside ** exponent;
      }
    });
  }
  return { data, shape: [directions.length, positions.length] };
}

/** Exact Radon transform of a ball of value 1: {@link projectEllipsoids} with equal semi-axes. */
export function projectBall(ball: { centre: readonly number[]; radius: number }, rays: Hyperplanes): NdArray {
  checkCall(SIGNATURES.projectBall, { ball, rays });
  const semiAxes = ball.centre.map(() => ball.radius);
  return projectEllipsoids([{ centre: ball.centre, semiAxes }], rays);
}

/** Throws unless an ellipsoid is one in d dimensions; returns it with its defaults filled in. */
export function checkEllipsoid(ellipsoid: Ellipsoid, d: number): Required<Ellipsoid> {
  const { centre, semiAxes, value = 1 } = ellipsoid;
  const axes = ellipsoid.axes ?? centre.map((_, i) => centre.map((_, j) => (i === j ? 1 : 0)));
  if (d < 1 || [centre, semiAxes, axes, ...axes].some((list) => list.length !== d)) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${d} coordinates for the centre, the semiAxes and each of ${d} axes of an ellipsoid but received ` +
        `${centre.length}, ${semiAxes.length} and ${axes.map((axis) => axis.length).join(', ')}`,
      { details: { parameter: 'ellipsoids' } },
    );
  }
  if (![...centre, ...axes.flat(), value].every(Number.isFinite)) {
    throw new RidgeflowError('NON_FINITE', 'Expected finite numbers in every ellipsoid', {
      details: { parameter: 'ellipsoids' },
    });
  }
  const bad = semiAxes.find((length) => !(length > 0 && Number.isFinite(length)));
  if (bad !== undefined) throw invalidArgument('semiAxes', 'finite numbers above 0', bad);
  const orthonormal = axes.every((a, i) =>
    axes.every((b, j) => Math.abs(inner(a, b) - (i === j ? 1 : 0)) <= 1e-6),
  );
  if (!orthonormal) throw invalidArgument('axes', 'orthonormal rows', axes);
  return { centre, semiAxes, axes, value };
}

/** Σ a_k b_k. */
export function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}

/** π^{k/2} / Γ(k/2 + 1), by V_k = 2π/k · V_{k−2}. */
function unitBallVolume(k: number): number {
  let volume = k % 2 === 0 ? 1 : 2;
  for (let i = k % 2 === 0 ? 2 : 3; i <= k; i += 2) volume *= (2 * Math.PI) / i;
  return volume;
}

/** Area of the unit sphere of ℝ^d, d times the volume of its ball. */
export function unitSphereArea(d: number): number {
  return d * unitBallVolume(d);
}

function prepare({ directions, positions }: Hyperplanes, d: number) {
  if (directions.length === 0 || positions.length === 0) {
    throw invalidArgument('rays', 'at least one direction and one position', [
      directions.length,
      positions.length,
    ]);
  }
  directions.forEach((u, row) => {
    if (u.length !== d) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected ${d} coordinates in row ${row} of directions but received ${u.length}`,
        { details: { parameter: 'directions', row } },
      );
    }
    if (!(Math.abs(inner(u, u) - 1) <= 1e-6)) {
      throw invalidArgument(`row ${row} of directions`, 'a vector of length 1', u);
    }
  });
  if (!Array.from(positions as ArrayLike<number>).every(Number.isFinite)) {
    throw new RidgeflowError('NON_FINITE', 'Expected finite numbers in positions', {
      details: { parameter: 'positions' },
    });
  }
  return { directions, positions, data: new Float64Array(directions.length * positions.length) };
}
