import { type NdArray, checkPoints, elementCount } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { choleskyFactor } from '../core/cholesky.js';
import type { GaussianMixture } from '../measure/index.js';
import { type Ellipsoid, checkEllipsoid } from './exact.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Lines { origin + t · direction } in ℝ^d. */
export interface LineSet {
  /** A point of each line, [n, d]. */
  origins: NdArray;
  /** Its direction, of length 1, [n, d]. */
  directions: NdArray;
  /** Shape of what is integrated along them; its extents multiply to n. */
  shape: readonly number[];
}

/**
 * Exact integrals of a sum of ellipsoids (ellipses for d = 2) along lines: the length of the chord times the value.
 *
 * @param lines `fanBeamLines` and `xrayLines` give those of a geometry.
 * @returns Of shape `lines.shape`, float64.
 * @throws INVALID_SHAPE, INVALID_ARGUMENT (no ellipsoids, semi-axes not above 0), NON_FINITE. O(number · n · d²) time.
 */
export function integrateEllipsoids(ellipsoids: readonly Ellipsoid[], lines: LineSet): NdArray {
  checkCall(SIGNATURES.integrateEllipsoids, { ellipsoids, lines });
  if (!Array.isArray(ellipsoids) || ellipsoids.length === 0) {
    throw invalidArgument('ellipsoids', 'an array of at least one ellipsoid', ellipsoids);
  }
  const d = (ellipsoids as readonly Ellipsoid[])[0].centre.length;
  const { result, forEach } = prepare(lines, d);
  for (const ellipsoid of ellipsoids as readonly Ellipsoid[]) {
    const { centre, semiAxes, axes, value } = checkEllipsoid(ellipsoid, d);
    const along = new Float64Array(d);
    const from = new Float64Array(d);
    forEach((i, origin, direction) => {
      // In the ellipsoid's own coordinates it is the unit ball.
      let [aa, ab, bb] = [0, 0, 0];
      for (let k = 0; k < d; k++) {
        along[k] = from[k] = 0;
        for (let j = 0; j < d; j++) {
          along[k] += (axes[k][j] * direction[j]) / semiAxes[k];
          from[k] += (axes[k][j] * (origin[j] - centre[j])) / semiAxes[k];
        }
        aa += along[k] ** 2;
        ab += along[k] * from[k];
        bb += from[k] ** 2;
      }
      const inside = ab * ab - aa * (bb - 1);
      if (inside > 0) result.data[i] += (2 * value * Math.sqrt(inside)) / aa;
    });
  }
  return result;
}

/**
 * Exact integrals of the density of a Gaussian or a mixture of Gaussians along lines.
 *
 * @param mixture Made by `gaussian`, `gaussianMixture` or `smoothed`.
 * @returns Of shape `lines.shape`, float64.
 * @throws INVALID_SHAPE, NON_FINITE, DEGENERATE_CLOUD for a singular covariance. O(K · n · d²) time.
 */
export function integrateMixture(mixture: GaussianMixture, lines: LineSet): NdArray {
  checkCall(SIGNATURES.integrateMixture, { mixture, lines });
  const d = mixture.dimension;
  const { result, forEach } = prepare(lines, d);
  for (let component = 0; component < mixture.components; component++) {
    const factor = choleskyFactor(mixture.componentCovariance(component), d);
    if (!factor) {
      throw new RidgeflowError('DEGENERATE_CLOUD', 'Expected covariances that are positive definite', {
        details: { parameter: 'mixture', component },
      });
    }
    const mean = mixture.means.data.subarray(component * d, (component + 1) * d);
    let determinant = 1;
    for (let k = 0; k < d; k++) determinant *= factor[k * d + k];
    const height = mixture.weights[component] / ((2 * Math.PI) ** ((d - 1) / 2) * determinant);
    const [along, from] = [new Float64Array(d), new Float64Array(d)];
    forEach((i, origin, direction) => {
      // With Σ = L·Lᵀ, L⁻¹ makes the component a standard one.
      let [aa, ab, bb] = [0, 0, 0];
      for (let k = 0; k < d; k++) {
        along[k] = direction[k];
        from[k] = origin[k] - mean[k];
        for (let j = 0; j < k; j++) {
          along[k] -= factor[k * d + j] * along[j];
          from[k] -= factor[k * d + j] * from[j];
        }
        along[k] /= factor[k * d + k];
        from[k] /= factor[k * d + k];
        aa += along[k] ** 2;
        ab += along[k] * from[k];
        bb += from[k] ** 2;
      }
      result.data[i] += (height / Math.sqrt(aa)) * Math.exp(-0.5 * Math.max(0, bb - (ab * ab) / aa));
    });
  }
  return result;
}

type Visit = (i: number, origin: ArrayLike<number>, direction: ArrayLike<number>) => void;

function prepare({ origins, directions, shape }: LineSet, d: number) {
  const { n } = checkPoints(origins, 'lines.origins', { dimension: d });
  const same = checkPoints(directions, 'lines.directions', { dimension: d });
  if (same.n !== n || elementCount(shape) !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many directions as origins, and extents that multiply to their number, but received ${n} origins, ` +
        `${same.n} directions and shape [${shape.join(', ')}]`,
      { details: { parameter: 'lines' } },
    );
  }
  for (const [name, { data }] of [
    ['lines.origins', origins],
    ['lines.directions', directions],
  ] as const) {
    const row = data.findIndex((value) => !Number.isFinite(value));
    if (row < 0) continue;
    throw new RidgeflowError('NON_FINITE', `Expected finite numbers in ${name}`, {
      details: { parameter: name, row: Math.floor(row / d) },
    });
  }
  const result = { data: new Float64Array(n), shape: [...shape] };
  const forEach = (visit: Visit) => {
    for (let i = 0; i < n; i++) {
      visit(i, origins.data.subarray(i * d, (i + 1) * d), directions.data.subarray(i * d, (i + 1) * d));
    }
  };
  return { result, forEach };
}
