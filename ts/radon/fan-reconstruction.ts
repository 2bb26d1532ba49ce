import { type NdArray, allocate, checkArray, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, partOf } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { evenTransform } from '../core/even-transform.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { FanProblem } from '../kernel/contract.js';
import { type FanBeamImage, fanAngles, resolveFan } from './fan-beam.js';
import { type FilterName, checkFilter, filterResponse, filterWindow, transformLength } from './filter.js';
import { angleShares, checkAngleWeights } from './filtered-backprojection.js';
import { checkShapeIs } from './projector.js';
import {
  type RowReach,
  completed,
  goAround,
  isOneSided,
  missingDetectors,
  shareOfLine,
} from './redundancy.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link fanBeamFilteredBackprojection}. */
export interface FanBeamReconstructionOptions extends FanBeamImage, CallOptions {
  /** Window on the ramp. Default `ramp`, no window. */
  filter?: FilterName;
  /**
   * `full`: a full turn, in which every line is seen twice. `short`: a range of at least a half turn and the fan's own angle,
   * in which Parker's weights share out the lines that are seen twice. Default: full where the angles leave no gap of a
   * quarter turn, else short.
   */
  scan?: 'full' | 'short';
  /**
   * Angle that each projection stands for, in radians. Default: half the distance to its neighbours on either side. With
   * `scan: 'full'` they let angles leave gaps.
   */
  angleWeights?: readonly number[] | Float64Array;
}

/**
 * Reconstruction of an image from a fan beam by filtered backprojection: every projection is weighted by the cosine of
 * the ray's angle in the fan, convolved with the ramp (for equal angles with the ramp times (γ/sin γ)²), and added up along
 * the rays, over the square of the distance from the source.
 *
 * Over a full turn the row may lie off-centre so far that it sees the image to the end on one side only (half
 * acquisition, with `detector.truncated`): Wang's weights then share out the lines that are seen twice. Rays beyond a row
 * that is truncated otherwise are taken for 0, and pixels there are not reliable.
 *
 * @param sinogram [angles, detectors], finite: line integrals as `fanBeamProjector` gives them. `detector.count` is taken
 *   from it.
 * @returns The image, [rows, columns] = `options.shape`.
 * @throws As fanBeamProjector; INVALID_ARGUMENT for an unknown filter or scan, for negative weights, for angles that do not
 *   cover what the scan needs and for a short scan with a row that is off-centre and truncated; INVALID_SHAPE for a sinogram or weights that do not fit.
 *
 * O(angles · (rows · columns + detectors log detectors)) time. Source: A. C. Kak, M. Slaney, Principles of Computerized
 * Tomographic Imaging (1988), ch. 3.4; D. L. Parker, Med. Phys. 9 (1982) 254, for `short`; G. Wang, Med. Phys. 29
 * (2002) 1634, for rows off-centre.
 *
 * @example
 * const image = await fanBeamFilteredBackprojection(sinogram, { angles, sourceDistance: 500, shape: [256, 256] });
 */
export async function fanBeamFilteredBackprojection(
  sinogram: NdArrayLike,
  options: FanBeamReconstructionOptions,
): Promise<NdArray> {
  ({ sinogram } = checkCall(SIGNATURES.fanBeamFilteredBackprojection, { sinogram, options }));
  checkArray(sinogram, 'sinogram');
  const detector = { ...options.detector, count: options.detector?.count ?? sinogram.shape[1] };
  const fan = resolveFan({ ...options, detector });
  const { rows, columns, angles, detectorCount, sourceDistance, detectorSpacing } = fan;
  checkShapeIs(sinogram.shape, [angles.length, detectorCount], 'sinogram');
  const filter = checkFilter(options.filter);
  const around = goAround(angles, 2 * Math.PI);
  const scan = options.scan ?? (around ? 'full' : 'short');
  if (scan !== 'full' && scan !== 'short') throw invalidArgument('scan', "'full' or 'short'", scan);
  if (scan === 'full' && !around && !options.angleWeights) throw notAround();
  const redundancy = scan === 'full' ? fullTurnShares(fan) : parkerWeights(fan);
  const shares = options.angleWeights
    ? checkAngleWeights(options.angleWeights, angles.length)
    : scan === 'full'
      ? angleShares(angles, 2 * Math.PI)
      : openShares(angles);
  const dtype = options.dtype ?? dtypeOf(sinogram);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, sinogram, 'sinogram');

  const inFan = fanAngles(fan);
  const cosines = inFan.map(Math.cos);
  const weighted = allocate(dtype, sinogram.data.length, 'weighted projections');
  const pace = new Pace({ signal: options.signal }, angles.length);
  for (let a = 0; a < angles.length; a++) {
    for (let k = 0; k < detectorCount; k++) {
      const i = a * detectorCount + k;
      weighted[i] = sinogram.data[i] * cosines[k] * redundancy(angles[a], inFan[k]);
    }
    await pace.tick(1);
  }
  const missing = missingDetectors(reachOnRow(fan));
  const whole: FanProblem = {
    ...fan,
    detectorCount: missing.before + detectorCount + missing.after,
    firstDetector: fan.firstDetector - missing.before * detectorSpacing,
  };
  const length = transformLength(2 * whole.detectorCount);
  const completeData = completed({ data: weighted, shape: [angles.length, detectorCount] }, missing);
  const filtered = await kernels.filterRows(
    {
      data: asMatrix(completeData),
      length,
      response: fan.flat ? filterResponse(filter, length) : equiangularResponse(filter, length, whole),
      scales: shares.map((share) => share / (sourceDistance * detectorSpacing)),
    },
    partOf(options, 0, 0.3),
  );
  const data = await kernels.backprojectFan({ ...whole, filtered }, partOf(options, 0.3, 1));
  return { data, shape: [rows, columns] };
}

function notAround(): RidgeflowError {
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    'Expected angles all round for a full scan but received angles that leave a gap of a quarter turn or more: turn ' +
      "farther, take scan: 'short' (a half turn and the fan's angle), or reconstruct with cgls or sirt",
    { details: { parameter: 'angles' } },
  );
}

/** The row as seen from the source, in angles. */
function reachOf(fan: FanProblem): RowReach {
  const { rows, columns, pixelSize, sourceDistance, detectorCount, firstDetector, detectorSpacing, flat } =
    fan;
  const angleOf = (place: number) => (flat ? Math.atan(place) : place);
  return {
    first: angleOf(firstDetector - detectorSpacing / 2),
    last: angleOf(firstDetector + (detectorCount - 0.5) * detectorSpacing),
    spacing: detectorSpacing,
    image: Math.asin((Math.hypot(rows, columns) * pixelSize) / 2 / sourceDistance),
  };
}

/** The same in the row's own coordinates, tangents or angles, in which detectors are equally far apart. */
function reachOnRow(fan: FanProblem): RowReach {
  const { first, last, spacing, image } = reachOf(fan);
  return fan.flat
    ? { first: Math.tan(first), last: Math.tan(last), spacing, image: Math.tan(image) }
    : { first, last, spacing, image };
}

/** The other ray along the line of a ray at angle γ in the fan has −γ. */
function fullTurnShares(fan: FanProblem): (angle: number, inFan: number) => number {
  const share = shareOfLine(reachOf(fan));
  return (_angle, inFan) => share(inFan);
}

/** The ramp's samples times (γ/sin γ)², for detectors at equal angles, and the window. */
function equiangularResponse(
  filter: FilterName,
  length: number,
  { detectorCount, detectorSpacing }: FanProblem,
): Float64Array {
  const samples = Float64Array.from({ length: length / 2 + 1 }, (_, n) => {
    if (n === 0) return 0.25;
    // Beyond the row there is nothing to convolve, and the sine may vanish.
    if (n % 2 === 0 || n >= detectorCount) return 0;
    return -((detectorSpacing / (Math.PI * Math.sin(n * detectorSpacing))) ** 2);
  });
  return evenTransform(samples).map((value, k) => value * filterWindow(filter, k / length));
}

/**
 * Parker's weights of the ray at angle γ in the fan at β: smooth, and 1 in sum over the two rays along one line, which
 * are (β, γ) and (β + π − 2γ, −γ).
 */
function parkerWeights(fan: FanProblem): (angle: number, inFan: number) => number {
  const { angles } = fan;
  const reach = reachOf(fan);
  if (isOneSided(reach)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      'Expected detectors centred on the axis, or reaching over the image on both sides, for a short scan but received a ' +
        'row off-centre: turn all round (scan: "full"), or reconstruct with cgls or sirt',
      { details: { parameter: 'detector' } },
    );
  }
  const first = angles.reduce((least, angle) => Math.min(least, angle), Infinity);
  const range = angles.reduce((most, angle) => Math.max(most, angle - first), 0);
  const edges = fanAngles(fan).reduce((most, angle) => Math.max(most, Math.abs(angle)), 0);
  const needed = Math.min(edges, reach.image);
  const margin = (range - Math.PI) / 2;
  // A last step between angles that is missing makes no difference.
  if (!(margin >= needed - range / angles.length)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected angles over at least ${Math.PI + 2 * needed} (a half turn and the fan's angle) for a short scan but ` +
        `received ${range}: turn farther, or reconstruct with cgls or sirt`,
      { details: { parameter: 'angles', needed: Math.PI + 2 * needed, range } },
    );
  }
  return (angle, inFan) => {
    const turned = angle - first;
    const early = margin + inFan;
    const late = margin - inFan;
    if (turned < 2 * early) return Math.sin((Math.PI / 4) * (turned / early)) ** 2;
    if (turned > Math.PI + 2 * inFan && late > 0) {
      return Math.sin((Math.PI / 4) * ((range - turned) / late)) ** 2;
    }
    return 1;
  };
}

/** Half the distance between the neighbours of each angle; at the ends, to the only one. */
function openShares(angles: Float64Array): Float64Array {
  const order = Array.from(angles.keys()).sort((a, b) => angles[a] - angles[b]);
  const shares = new Float64Array(angles.length);
  for (let i = 0; i + 1 < order.length; i++) {
    const gap = angles[order[i + 1]] - angles[order[i]];
    shares[order[i]] += gap / 2;
    shares[order[i + 1]] += gap / 2;
  }
  return shares;
}
