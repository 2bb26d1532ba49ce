import { type FloatData, type NdArray, allocate, ndarray, zeros } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import type { XrayProblem } from '../kernel/contract.js';
import type { LineSet } from './exact-lines.js';
import { checkAngles } from './geometry.js';
import { checkGridShape, resolveDetector } from './hyperplanes.js';
import { type Projector, createProjector, requireProjectorMemory } from './projector.js';
import { type Directions, unitVectors } from './unit-vectors.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A flat detector of rows and columns at equal distances. */
export interface FlatDetector {
  /** [rows, columns]. Default: as many as cover the volume in every view. */
  shape?: readonly [number, number];
  /** Distance between the centres of neighbours, the same both ways. Default: the pixel size. */
  spacing?: number;
  /** Coordinates [along the rows' order, along the columns' order] of the detector's centre. Default [0, 0]. */
  offset?: readonly [number, number];
  /** Allow a detector that does not cover the volume. Default false: an error. */
  truncated?: boolean;
}

/**
 * Parallel beams through a volume. The origin is the centre of the volume; columns run along x, rows against y, slices
 * along z. The view of direction D is taken on the plane across D: rows of the detector follow V, the part of z across D
 * (of y where D is z), columns follow U = D × V.
 */
export interface XrayBeam {
  /** Unit vectors along the rays, [L, 3]: see directionSet and axialDirections. */
  directions: Directions;
  /** [slices, rows, columns] of the volume. */
  shape: readonly number[];
  /** Edge of the cubic cells. Default 1. */
  pixelSize?: number;
  detector?: FlatDetector;
}

/**
 * The X-ray transform of volumes, integrals along lines, and its exact transpose: volumes [slices, rows, columns], data
 * [directions, detector rows, detector columns] in value × length. Joseph's method in space: the bilinear interpolation in
 * the planes of cells that a ray crosses most steeply; second order in the cell size for smooth volumes.
 *
 * @throws INVALID_SHAPE (not a volume, directions not of ℝ³, a detector that does not cover the volume unless
 *   `truncated`), INVALID_ARGUMENT, NON_FINITE, OUT_OF_MEMORY; its calls those and INVALID_DTYPE, ABORTED.
 *
 * O(rays · largest extent) time; a copy of the volume beside its arguments. Source: P. M. Joseph, IEEE Trans. Med. Imaging
 * 1 (1982) 192.
 *
 * @example
 * const beam = xrayProjector({ directions: axialDirections(equalAngles(180)), shape: [64, 128, 128] });
 * const { image } = await sirt(await beam.project(volume), { projector: beam });
 */
export function xrayProjector(options: XrayBeam): Projector {
  checkCall(SIGNATURES.xrayProjector, { options });
  return projectorOf(resolveXray(options));
}

function projectorOf(problem: XrayProblem): Projector {
  const { extents, views, detectorRows, detectorColumns } = problem;
  return createProjector({
    imageShape: extents,
    dataShape: [views.length / 12, detectorRows, detectorColumns],
    project: (kernels, volume, run) => kernels.projectXray({ ...problem, volume }, run),
    backproject: (kernels, projections, run) => kernels.backprojectXray({ ...problem, projections }, run),
    select: (chosen) => {
      const some = new Float64Array(12 * chosen.length);
      chosen.forEach((view, i) => some.set(views.subarray(12 * view, 12 * (view + 1)), 12 * i));
      return projectorOf({ ...problem, views: some });
    },
  });
}

/**
 * The rays' directions (−sin θ, cos θ, 0) of a beam that turns about z, [angles, 3]: slice by slice the parallel beam of
 * radonTransform, with detector columns along (cos θ, sin θ) and detector rows in the order of the slices.
 */
export function axialDirections(angles: readonly number[] | FloatData): NdArray {
  checkCall(SIGNATURES.axialDirections, { angles });
  const values = checkAngles(angles);
  const out = zeros([values.length, 3], 'float64');
  values.forEach((angle, a) => out.data.set([-Math.sin(angle), Math.cos(angle), 0], 3 * a));
  return out;
}

/** The rays of a beam, for the exact line integrals (`integrateEllipsoids`, `integrateMixture`). */
export function xrayLines(options: XrayBeam): LineSet {
  checkCall(SIGNATURES.xrayLines, { options });
  const { extents, cellSize, views, detectorRows, detectorColumns } = resolveXray(options);
  const rays = detectorRows * detectorColumns;
  const count = (views.length / 12) * rays;
  requireProjectorMemory(48 * count, 'the lines of an X-ray beam');
  const origins = allocate('float64', 3 * count, 'lines') as Float64Array;
  const directions = allocate('float64', 3 * count, 'lines') as Float64Array;
  for (let i = 0; i < count; i++) {
    const view = views.subarray(12 * Math.floor(i / rays), 12 * Math.floor(i / rays) + 12);
    const [l, k] = [Math.floor((i % rays) / detectorColumns), i % detectorColumns];
    for (let axis = 0; axis < 3; axis++) {
      const cells = view[axis] + k * view[6 + axis] + l * view[9 + axis] - (extents[axis] - 1) / 2;
      const sign = axis === 1 ? -1 : 1;
      origins[3 * i + 2 - axis] = sign * cells * cellSize;
      directions[3 * i + 2 - axis] = sign * view[3 + axis];
    }
  }
  const rows = (data: Float64Array) => ndarray(data, [count, 3]);
  return {
    origins: rows(origins),
    directions: rows(directions),
    shape: [views.length / 12, detectorRows, detectorColumns],
  };
}

type Vector = readonly [number, number, number];

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** The directions in which columns and rows of a view's detector are counted. */
function frameOf(direction: Vector): { columns: Vector; rows: Vector } {
  // Along z every vector across is as good: y, by rule.
  const up: Vector = Math.hypot(direction[0], direction[1]) > 1e-9 ? [0, 0, 1] : [0, 1, 0];
  const part = direction[0] * up[0] + direction[1] * up[1] + direction[2] * up[2];
  const across = up.map((component, axis) => component - part * direction[axis]);
  const length = Math.hypot(...across);
  const rows = across.map((component) => component / length) as unknown as Vector;
  return { columns: cross(direction, rows), rows };
}

/** The geometry with its defaults filled in. Throws as xrayProjector. */
function resolveXray(options: XrayBeam): XrayProblem {
  if (options === null || typeof options !== 'object')
    throw invalidArgument('the geometry', 'an object', options);
  const extents = checkGridShape(options.shape, 3);
  const pixelSize = checkPositive(options.pixelSize ?? 1, 'pixelSize');
  const values = unitVectors(options.directions, 3);
  const directions = Array.from({ length: values.length / 3 }, (_, l): Vector => [
    values[3 * l],
    values[3 * l + 1],
    values[3 * l + 2],
  ]);
  const frames = directions.map(frameOf);
  const { shape, spacing, offset = [0, 0], truncated } = options.detector ?? {};
  if (shape !== undefined && !(Array.isArray(shape) && shape.length === 2)) {
    throw invalidArgument('detector.shape', 'two numbers, rows and columns', shape);
  }
  if (!Array.isArray(offset) || offset.length !== 2) {
    throw invalidArgument('detector.offset', 'two numbers, along rows and columns', offset);
  }
  const side = (part: 'rows' | 'columns', index: 0 | 1) => {
    const widths = frames.map(
      (frame) =>
        pixelSize * extents.reduce((sum, extent, axis) => sum + extent * Math.abs(frame[part][2 - axis]), 0),
    );
    const diameter = widths.reduce((a, b) => Math.max(a, b), 0);
    const detector = { count: shape?.[index], spacing, offset: offset[index], truncated };
    const row = resolveDetector(detector, { pixelSize, diameter, widths });
    return { ...row, first: row.offset - ((row.detectorCount - 1) / 2) * row.detectorSpacing };
  };
  const rows = side('rows', 0);
  const columns = side('columns', 1);
  const views = new Float64Array(12 * directions.length);
  directions.forEach((direction, view) => {
    const frame = frames[view];
    for (let axis = 0; axis < 3; axis++) {
      // Array axes are z, y, x, and rows run against y.
      const coordinate = 2 - axis;
      const sign = axis === 1 ? -1 : 1;
      const place =
        (columns.first * frame.columns[coordinate] + rows.first * frame.rows[coordinate]) / pixelSize;
      const at = 12 * view + axis;
      views[at] = sign * place + (extents[axis] - 1) / 2;
      views[at + 3] = sign * direction[coordinate];
      views[at + 6] = (sign * frame.columns[coordinate] * columns.detectorSpacing) / pixelSize;
      views[at + 9] = (sign * frame.rows[coordinate] * rows.detectorSpacing) / pixelSize;
    }
  });
  return {
    extents,
    cellSize: pixelSize,
    views,
    detectorRows: rows.detectorCount,
    detectorColumns: columns.detectorCount,
  };
}
