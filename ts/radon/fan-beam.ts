import { type FloatData, type NdArray, allocate, ndarray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import type { FanProblem } from '../kernel/contract.js';
import type { LineSet } from './exact-lines.js';
import { type Detector, checkAngles } from './geometry.js';
import { checkGridShape, resolveDetector } from './hyperplanes.js';
import { type Projector, createProjector, requireProjectorMemory } from './projector.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How the detectors of a fan lie: on a line, or on a circle about the source. */
export type FanArrangement = 'flat' | 'equiangular';

/**
 * Fan beam in the plane, in the coordinates of ParallelBeam. At angle β the source lies at sourceDistance · (sin β, −cos β),
 * the central ray goes through the origin along (−sin β, cos β), and detectors are counted along (cos β, sin β): as the
 * source moves away, the projection becomes the parallel one at θ = β.
 */
export interface FanBeam {
  /** Radians, at least one, in any order. */
  angles: readonly number[] | FloatData;
  /** Distance of the source from the origin, beyond the image's corners. */
  sourceDistance: number;
  /** Distance of the detector from the origin, on the other side, at least 0. Default 0: a detector through the origin. */
  detectorDistance?: number;
  /** `flat` (default): equal distances on a line. `equiangular`: equal arcs on the circle about the source. */
  arrangement?: FanArrangement;
  /** Edge of the square pixels. Default 1. */
  pixelSize?: number;
  /** Lengths are those on the detector, or along its arc. Default spacing: one whose shadow at the origin is a pixel. */
  detector?: Detector;
}

/** A fan beam with the image it looks at. */
export interface FanBeamImage extends FanBeam {
  /** [rows, columns] of the image. */
  shape: readonly number[];
}

/**
 * The line integrals of an image along a fan beam, and their exact transpose, by Joseph's method: images [rows, columns],
 * data [angles, detectors] in value × length. There is no strip kernel: the strips between the rays of a fan are wedges,
 * whose width changes along the ray.
 *
 * @throws INVALID_ARGUMENT (a source within the image, a negative detectorDistance, an unknown arrangement, no angles),
 *   INVALID_SHAPE (a detector that does not cover the image unless `truncated`), NON_FINITE, OUT_OF_MEMORY; its calls
 *   those and INVALID_DTYPE, ABORTED.
 *
 * O(rays · max(rows, columns)) time; 16 bytes for every ray beside image and data. Source: P. M. Joseph, IEEE Trans. Med.
 * Imaging 1 (1982) 192.
 *
 * @example
 * const fan = fanBeamProjector({ angles: equalAngles(360, 2 * Math.PI), sourceDistance: 500, shape: [256, 256] });
 * const sinogram = await fan.project(image);
 */
export function fanBeamProjector(options: FanBeamImage): Projector {
  checkCall(SIGNATURES.fanBeamProjector, { options });
  return projectorOf(resolveFan(options));
}

function projectorOf(fan: FanProblem): Projector {
  const { rows, columns, pixelSize, angles, detectorCount } = fan;
  requireProjectorMemory(16 * angles.length * detectorCount, 'the rays of a fan beam');
  let rays: Float64Array | undefined;
  const problem = () => ({ rows, columns, pixelSize, lines: (rays ??= fanRays(fan)) });
  return createProjector({
    imageShape: [rows, columns],
    dataShape: [angles.length, detectorCount],
    angles,
    project: (kernels, image, run) => kernels.integrateLines({ ...problem(), image }, run),
    backproject: (kernels, integrals, run) =>
      kernels.backprojectLineIntegrals({ ...problem(), integrals }, run),
    select: (views) => projectorOf({ ...fan, angles: Float64Array.from(views, (view) => angles[view]) }),
  });
}

/** The angle of every detector to the central ray. */
export function fanAngles({ detectorCount, firstDetector, detectorSpacing, flat }: FanProblem): Float64Array {
  return Float64Array.from({ length: detectorCount }, (_, k) => {
    const place = firstDetector + k * detectorSpacing;
    return flat ? Math.atan(place) : place;
  });
}

/** θ and p of every ray { x cos θ + y sin θ = p }, angle by angle. */
function fanRays(fan: FanProblem): Float64Array {
  const inFan = fanAngles(fan);
  const rays = allocate('float64', 2 * fan.angles.length * inFan.length, 'rays') as Float64Array;
  fan.angles.forEach((angle, a) => {
    for (let k = 0; k < inFan.length; k++) {
      rays[2 * (a * inFan.length + k)] = angle - inFan[k];
      rays[2 * (a * inFan.length + k) + 1] = fan.sourceDistance * Math.sin(inFan[k]);
    }
  });
  return rays;
}

/** The rays of a fan beam, for the exact line integrals (`integrateEllipsoids`, `integrateMixture`). */
export function fanBeamLines(options: FanBeamImage): LineSet {
  checkCall(SIGNATURES.fanBeamLines, { options });
  const fan = resolveFan(options);
  const rays = fanRays(fan);
  const count = rays.length / 2;
  const [origins, directions] = [new Float64Array(2 * count), new Float64Array(2 * count)];
  for (let i = 0; i < count; i++) {
    const [cosine, sine, p] = [Math.cos(rays[2 * i]), Math.sin(rays[2 * i]), rays[2 * i + 1]];
    origins.set([p * cosine, p * sine], 2 * i);
    directions.set([-sine, cosine], 2 * i);
  }
  const rows = (data: Float64Array): NdArray => ndarray(data, [count, 2]);
  return {
    origins: rows(origins),
    directions: rows(directions),
    shape: [fan.angles.length, fan.detectorCount],
  };
}

/** The geometry with its defaults filled in. Throws as fanBeamProjector. */
export function resolveFan(options: FanBeamImage): FanProblem {
  if (options === null || typeof options !== 'object')
    throw invalidArgument('the geometry', 'an object', options);
  const [rows, columns] = checkGridShape(options.shape, 2);
  const angles = checkAngles(options.angles);
  const pixelSize = checkPositive(options.pixelSize ?? 1, 'pixelSize');
  const sourceDistance = checkPositive(options.sourceDistance, 'sourceDistance');
  const { detectorDistance = 0, arrangement = 'flat' } = options;
  if (!(detectorDistance >= 0 && Number.isFinite(detectorDistance))) {
    throw invalidArgument('detectorDistance', 'a finite number of at least 0', detectorDistance);
  }
  if (arrangement !== 'flat' && arrangement !== 'equiangular') {
    throw invalidArgument('arrangement', "'flat' or 'equiangular'", arrangement);
  }
  const radius = (Math.hypot(rows, columns) * pixelSize) / 2;
  if (!(sourceDistance > radius)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a source outside of the image, farther than ${radius} from its centre, but received sourceDistance ` +
        `${sourceDistance}`,
      { details: { parameter: 'sourceDistance', radius } },
    );
  }
  const flat = arrangement === 'flat';
  const distance = sourceDistance + detectorDistance;
  const placeOf = (tangent: number) => distance * (flat ? tangent : Math.atan(tangent));
  const magnification = distance / sourceDistance;
  // Lengths on the detector are compared with a pixel's shadow there.
  const { offset, detectorCount, detectorSpacing } = resolveDetector(options.detector, {
    pixelSize: pixelSize * magnification,
    diameter: 2 * placeOf(radius / Math.sqrt(sourceDistance ** 2 - radius ** 2)),
    widths: Array.from(
      angles,
      (angle) => 2 * widestPlace(angle, rows, columns, pixelSize, sourceDistance, placeOf),
    ),
  });
  if (!flat && (detectorCount * detectorSpacing) / 2 + Math.abs(offset) >= (distance * Math.PI) / 2) {
    throw invalidArgument('detector', 'an arc of less than a half turn about the source', {
      count: detectorCount,
      spacing: detectorSpacing,
    });
  }
  return {
    rows,
    columns,
    pixelSize,
    angles,
    sourceDistance,
    detectorCount,
    firstDetector: (offset - ((detectorCount - 1) / 2) * detectorSpacing) / distance,
    detectorSpacing: detectorSpacing / distance,
    flat,
  };
}

/** How far from the central ray a corner of the image is seen. */
function widestPlace(
  angle: number,
  rows: number,
  columns: number,
  pixelSize: number,
  sourceDistance: number,
  placeOf: (tangent: number) => number,
): number {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const places = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ].map(([right, up]) => {
    const [x, y] = [(right * columns * pixelSize) / 2, (up * rows * pixelSize) / 2];
    return Math.abs(placeOf((x * cosine + y * sine) / (sourceDistance - x * sine + y * cosine)));
  });
  return Math.max(...places);
}
