import { type FloatData, allocate } from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import type { ParallelBeamProblem } from '../kernel/contract.js';
import { isFloatData } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Largest extent of an image or a detector. */
const LARGEST_EXTENT = 2 ** 20;
/** Largest quotient of detector spacing and pixel size, or its inverse. */
const LARGEST_RATIO = 1024;

/** A row of detectors at equal distances. */
export interface Detector {
  /** Number of detectors. Default: as many as cover the image at every angle. */
  count?: number;
  /** Distance between the centres of neighbours, 1/1024 to 1024 pixels. Default: the pixel size. */
  spacing?: number;
  /** Coordinate p of the centre of the row. Default 0: opposite the centre of the image. */
  offset?: number;
  /** Allow a row that does not cover the image: what lies beyond it is not measured. Default false: an error. */
  truncated?: boolean;
}

/**
 * Parallel beam in the plane. The origin is the centre of the image, x points right along its rows and y up, against
 * the order of its rows. Angle θ measures along u = (cos θ, sin θ): the ray of detector k is { x : u·x = p_k },
 * p_k = (k − (count − 1)/2)·spacing + offset. Lengths are in one unit of the caller's choice.
 */
export interface ParallelBeam {
  /** Radians, at least one, in any order. */
  angles: readonly number[] | FloatData;
  /** Edge of the square pixels. Default 1. */
  pixelSize?: number;
  detector?: Detector;
}

/** Rays or hyperplanes { x : u·x = p }: every direction u with every position p. */
export interface Hyperplanes {
  /** Unit vectors u, one a row: L × d. */
  directions: readonly (readonly number[])[];
  /** Positions p along each u. */
  positions: readonly number[] | FloatData;
}

function checkExtent(value: number, name: string): number {
  if (value >= 1 && value <= LARGEST_EXTENT && Number.isInteger(value)) return value;
  throw new RidgeflowError('INVALID_SHAPE', `Expected 1 to 2²⁰ ${name} but received ${describe(value)}`, {
    details: { parameter: name },
  });
}

/** Throws INVALID_ARGUMENT without angles, NON_FINITE; returns a copy in float64. */
export function checkAngles(angles: ParallelBeam['angles']): Float64Array {
  if (!Array.isArray(angles) && !isFloatData(angles)) {
    throw invalidArgument('angles', 'an array of numbers', angles);
  }
  if (angles.length === 0) throw invalidArgument('angles', 'at least one angle', angles);
  const values = Float64Array.from(angles as ArrayLike<number>);
  const bad = values.findIndex((angle) => !Number.isFinite(angle));
  if (bad >= 0) {
    throw new RidgeflowError(
      'NON_FINITE',
      `Expected finite numbers in angles but received ${values[bad]} at position ${bad} (counted from 0)`,
      { details: { parameter: 'angles', row: bad } },
    );
  }
  return values;
}

/**
 * The geometry of a beam with its defaults filled in, for an image of this size. Throws INVALID_ARGUMENT, NON_FINITE
 * for angles, INVALID_SHAPE for extents beyond 2²⁰ and for a detector that does not cover the image unless `truncated`.
 */
export function resolveBeam(beam: ParallelBeam, shape: readonly number[]): ParallelBeamProblem {
  if (beam === null || typeof beam !== 'object') throw invalidArgument('the geometry', 'an object', beam);
  if (!Array.isArray(shape) || shape.length !== 2) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected [rows, columns] for the shape of the image but received ${describe(shape)}`,
      { details: { parameter: 'shape' } },
    );
  }
  const rows = checkExtent(shape[0] as number, 'rows of an image');
  const columns = checkExtent(shape[1] as number, 'columns of an image');
  const angles = checkAngles(beam.angles);
  const pixelSize = checkPositive(beam.pixelSize ?? 1, 'pixelSize');
  const detector = beam.detector ?? {};
  const detectorSpacing = checkPositive(detector.spacing ?? pixelSize, 'detector.spacing');
  const ratio = detectorSpacing / pixelSize;
  if (!(ratio >= 1 / LARGEST_RATIO && ratio <= LARGEST_RATIO)) {
    throw invalidArgument('detector.spacing', '1/1024 to 1024 times the pixel size', detectorSpacing);
  }
  const detectorOffset = detector.offset ?? 0;
  if (typeof detectorOffset !== 'number' || !Number.isFinite(detectorOffset)) {
    throw invalidArgument('detector.offset', 'a finite number', detectorOffset);
  }
  const diagonal = Math.hypot(rows, columns) * pixelSize;
  // The last term lets a diagonal that is a whole number of detectors but for rounding have that number.
  const covering = Math.ceil((diagonal + 2 * Math.abs(detectorOffset)) / detectorSpacing - 1e-9);
  const detectorCount = checkExtent(
    detector.count === undefined ? covering : checkInteger(detector.count, 'detector.count', 1),
    'detectors',
  );
  const problem = { rows, columns, pixelSize, angles, detectorCount, detectorSpacing, detectorOffset };
  if (detector.truncated !== true) checkCoverage(problem);
  return problem;
}

function checkCoverage(problem: ParallelBeamProblem): void {
  const { rows, columns, pixelSize, angles, detectorCount, detectorSpacing, detectorOffset } = problem;
  const reach = (detectorCount * detectorSpacing) / 2 - Math.abs(detectorOffset);
  angles.forEach((angle, row) => {
    const half = ((columns * Math.abs(Math.cos(angle)) + rows * Math.abs(Math.sin(angle))) * pixelSize) / 2;
    if (half <= reach + 1e-9 * half) return;
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected detectors that cover the image, ±${half} at angle ${angle}, but received ${detectorCount} with spacing ` +
        `${detectorSpacing} and offset ${detectorOffset}, which cover ±${reach}: raise detector.count, or set ` +
        'detector.truncated',
      { details: { parameter: 'detector', row, needed: half, covered: reach } },
    );
  });
}

/**
 * The rays of a beam over an image of this shape, for the exact projections (`projectMixture`, `projectEllipsoids`):
 * `positions` are the detectors' coordinates.
 */
export function raysOf(beam: ParallelBeam & { shape: readonly number[] }): Hyperplanes {
  checkCall(SIGNATURES.raysOf, { beam });
  const { angles, detectorCount, detectorSpacing, detectorOffset } = resolveBeam(beam, beam.shape);
  return {
    directions: Array.from(angles, (angle) => [Math.cos(angle), Math.sin(angle)]),
    positions: Float64Array.from(
      { length: detectorCount },
      (_, k) => (k - (detectorCount - 1) / 2) * detectorSpacing + detectorOffset,
    ),
  };
}

/** `count` angles at equal distances from 0 to below `end`, by default π: a half turn, which every line meets once. */
export function equalAngles(count: number, end = Math.PI): Float64Array {
  checkInteger(count, 'count', 1);
  if (typeof end !== 'number' || !Number.isFinite(end)) throw invalidArgument('end', 'a finite angle', end);
  const angles = allocate('float64', count, 'angles') as Float64Array;
  for (let a = 0; a < count; a++) angles[a] = (a * end) / count;
  return angles;
}
