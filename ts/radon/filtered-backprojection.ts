import { type NdArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { type FilterName, checkFilter, filterResponse, transformLength } from './filter.js';
import type { ParallelBeam } from './geometry.js';
import { resolveSinogram } from './transform.js';

/** Options of {@link filteredBackprojection}. */
export interface FilteredBackprojectionOptions extends ParallelBeam, CallOptions {
  /** [rows, columns] of the image. */
  shape: readonly number[];
  /** Window on the ramp. Default `ramp`, no window: the sharpest, and the noisiest. */
  filter?: FilterName;
  /**
   * Angle that each projection stands for, in radians; for a complete set they sum to π. Default: half the distance to
   * its neighbours on either side, modulo π, which suits uneven angles and full turns. For a limited range of angles,
   * where the gap must not be filled, give them.
   */
  angleWeights?: readonly number[] | Float64Array;
}

/**
 * Reconstruction of an image from its Radon transform by filtered backprojection: every projection is convolved with
 * the band-limited ramp |ω| times a window, and the results, interpolated linearly between detectors, are added up over
 * angles. f(x) = ∫₀^π (g ∗ h)(θ, u·x) dθ.
 *
 * @param sinogram [angles, detectors], finite: line integrals as radonTransform gives them.
 * @returns The image, [rows, columns] = `options.shape`.
 * @throws As backproject; INVALID_ARGUMENT for an unknown filter or negative angle weights, INVALID_SHAPE for another
 *   number of weights than angles.
 *
 * O(angles · (rows · columns + detectors log detectors)) time. Where the detector is `truncated`, pixels beyond its
 * reach are not reliable. Source: A. C. Kak, M. Slaney, Principles of Computerized Tomographic Imaging (1988), ch. 3.
 *
 * @example
 * const image = await filteredBackprojection(sinogram, { angles, shape: [256, 256], filter: 'hann' });
 */
export async function filteredBackprojection(
  sinogram: NdArray,
  options: FilteredBackprojectionOptions,
): Promise<NdArray> {
  const problem = resolveSinogram(sinogram, options);
  const filter = checkFilter(options.filter);
  const scales = options.angleWeights
    ? checkAngleWeights(options.angleWeights, problem.angles.length)
    : angleShares(problem.angles);
  const input = toDtype(sinogram, options.dtype ?? dtypeOf(sinogram));
  const kernels = await kernelsFor(options, dtypeOf(input));
  checkFinite(kernels, sinogram, 'sinogram');
  const length = transformLength(2 * problem.detectorCount);
  // The response is per sample; the ramp has the unit of one over length.
  for (let a = 0; a < scales.length; a++) scales[a] /= problem.detectorSpacing;
  const filtered = await kernels.filterRows(
    { data: asMatrix(input), length, response: filterResponse(filter, length), scales },
    partOf(options, 0, 0.3),
  );
  const data = await kernels.backprojectBeam(
    { ...problem, sinogram: filtered, kernel: 'interpolated' },
    partOf(options, 0.3, 1),
  );
  return { data, shape: [problem.rows, problem.columns] };
}

/** Throws unless there is one finite weight of at least 0 for every angle; returns a copy. */
export function checkAngleWeights(weights: readonly number[] | Float64Array, count: number): Float64Array {
  if (weights.length !== count) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${count} angleWeights, one per angle, but received ${weights.length}`,
      { details: { parameter: 'angleWeights' } },
    );
  }
  const values = Float64Array.from(weights);
  const bad = values.find((weight) => !(weight >= 0 && Number.isFinite(weight)));
  if (bad !== undefined) throw invalidArgument('angleWeights', 'finite numbers of at least 0', bad);
  return values;
}

/** Half the distance between the neighbours of each angle, modulo `period`. They sum to it. */
export function angleShares(angles: Float64Array, period = Math.PI): Float64Array {
  const turned = angles.map((angle) => angle - period * Math.floor(angle / period));
  const order = Array.from(turned.keys()).sort((a, b) => turned[a] - turned[b]);
  const shares = new Float64Array(angles.length);
  order.forEach((current, i) => {
    const next = order[(i + 1) % order.length];
    const gap =
      i + 1 < order.length ? turned[next] - turned[current] : turned[next] + period - turned[current];
    shares[current] += gap / 2;
    shares[next] += gap / 2;
  });
  return shares;
}
