import { type NdArray, copyOf, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { ParallelBeamProblem } from '../kernel/contract.js';
import { type FilterName, checkFilter, filterResponse, transformLength } from './filter.js';
import type { ParallelBeam } from './geometry.js';
import {
  type RowReach,
  completed,
  goAround,
  isOneSided,
  missingDetectors,
  shareOfLine,
} from './redundancy.js';
import { resolveSinogram } from './transform.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link filteredBackprojection}. */
export interface FilteredBackprojectionOptions extends ParallelBeam, CallOptions {
  /** [rows, columns] of the image. */
  shape: readonly number[];
  /** Window on the ramp. Default `ramp`, no window: the sharpest, and the noisiest. */
  filter?: FilterName;
  /**
   * Angle that each projection stands for, in radians; for a complete set they sum to π. Default: half the distance to
   * its neighbours on either side, modulo π, which suits uneven angles and full turns (modulo 2π, and for a complete set 2π
   * in sum, where a full turn has a row off-centre). For a limited range of angles,
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
 * O(angles · (rows · columns + detectors log detectors)) time. Where the detector is `truncated`, rays beyond it are taken
 * for 0, and pixels beyond its reach are not reliable; but over a full turn a row off-centre that sees the image to the end
 * on one side (half acquisition) sees every line, and Wang's weights share out those that it sees twice.
 * Source: A. C. Kak, M. Slaney, Principles of Computerized Tomographic Imaging (1988), ch. 3; G. Wang, Med. Phys. 29 (2002)
 * 1634.
 *
 * @example
 * const image = await filteredBackprojection(sinogram, { angles, shape: [256, 256], filter: 'hann' });
 */
export async function filteredBackprojection(
  sinogram: NdArrayLike,
  options: FilteredBackprojectionOptions,
): Promise<NdArray> {
  ({ sinogram } = checkCall(SIGNATURES.filteredBackprojection, { sinogram, options }));
  const problem = resolveSinogram(sinogram, options);
  const filter = checkFilter(options.filter);
  const given = options.angleWeights && checkAngleWeights(options.angleWeights, problem.angles.length);
  const plain = toDtype(sinogram, options.dtype ?? dtypeOf(sinogram));
  const kernels = await kernelsFor(options, dtypeOf(plain));
  checkFinite(kernels, sinogram, 'sinogram');
  const row = reachOf(problem);
  const shared = isOneSided(row) && goAround(problem.angles, 2 * Math.PI);
  const missing = missingDetectors(row);
  const input = shared ? completed(weighColumns(plain, shareOfLine(row), problem), missing) : plain;
  const beam = shared ? extended(problem, missing) : problem;
  // Shares of both passages of a line sum to 1 already.
  const scales = given ?? angleShares(problem.angles, shared ? 2 * Math.PI : Math.PI);
  const length = transformLength(2 * beam.detectorCount);
  // The response is per sample; the ramp has the unit of one over length.
  for (let a = 0; a < scales.length; a++) scales[a] /= problem.detectorSpacing;
  const filtered = await kernels.filterRows(
    { data: asMatrix(input), length, response: filterResponse(filter, length), scales },
    partOf(options, 0, 0.3),
  );
  const data = await kernels.backprojectBeam(
    { ...beam, sinogram: filtered, kernel: 'interpolated' },
    partOf(options, 0.3, 1),
  );
  return { data, shape: [problem.rows, problem.columns] };
}

/** What the row sees at the angle at which the image is widest. */
function reachOf(problem: ParallelBeamProblem): RowReach {
  const { rows, columns, pixelSize, detectorCount, detectorSpacing, detectorOffset } = problem;
  const half = (detectorCount * detectorSpacing) / 2;
  return {
    first: detectorOffset - half,
    last: detectorOffset + half,
    spacing: detectorSpacing,
    image: (Math.hypot(rows, columns) * pixelSize) / 2,
  };
}

/** The beam with more detectors at the ends of its row. */
function extended(
  problem: ParallelBeamProblem,
  { before, after }: { before: number; after: number },
): ParallelBeamProblem {
  const { detectorCount, detectorOffset, detectorSpacing } = problem;
  return {
    ...problem,
    detectorCount: before + detectorCount + after,
    detectorOffset: detectorOffset + ((after - before) / 2) * detectorSpacing,
  };
}

/** The sinogram with every column times the share of its detector's coordinate. */
function weighColumns(
  { data, shape }: NdArray,
  share: (place: number) => number,
  { detectorCount, detectorSpacing, detectorOffset }: ParallelBeamProblem,
): NdArray {
  const shares = Float64Array.from({ length: detectorCount }, (_, k) =>
    share((k - (detectorCount - 1) / 2) * detectorSpacing + detectorOffset),
  );
  const out = copyOf(data, 'a weighted sinogram');
  for (let i = 0; i < out.length; i++) out[i] *= shares[i % detectorCount];
  return { data: out, shape };
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
