import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import type { CellShadows, HyperplaneProblem, RunControl } from '../kernel/contract.js';
import { cellShadows } from './cell-shadows.js';
import { type Detector, type Hyperplanes } from './geometry.js';
import { type Projector, createProjector } from './projector.js';
import { type Directions, unitVectors } from './unit-vectors.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Highest dimension of a grid. */
const LARGEST_DIMENSION = 4;
const LARGEST_EXTENT = 2 ** 20;
const LARGEST_RATIO = 1024;

/**
 * Hyperplanes { x : u·x = p_k } through a grid of cells in ℝ^d, d from 1 to 4: lines in an image, planes in a volume. The
 * origin is the centre of the grid. Its last axis is x, the one before it y against its order (row 0 is on top), the
 * ones before them z and w. p_k = (k − (count − 1)/2)·spacing + offset.
 */
export interface HyperplaneGeometry {
  /** Unit vectors u, [L, d]: see directionSet. */
  directions: Directions;
  /** Shape of the grid: [columns], [rows, columns], [slices, rows, columns], or with one more axis in front. */
  shape: readonly number[];
  /** Edge of the cells. Default 1. */
  pixelSize?: number;
  detector?: Detector;
}

/** How cells and hyperplanes meet. */
export type GridKernel = 'joseph' | 'strip';

/** Options of {@link hyperplaneProjector}. */
export interface HyperplaneProjectorOptions extends HyperplaneGeometry {
  /**
   * `joseph` (default): the integral over the hyperplane of the grid's linear interpolation along the axis nearest to u;
   * in the plane, Joseph's method. `strip`: cells of constant value, and each detector measures the exact mean over its
   * width, by the box spline that is a cell's projection; every projection then holds the grid's mass to rounding. Ten to
   * forty times the time.
   */
  kernel?: GridKernel;
}

/**
 * The Radon transform of grids in up to four dimensions, integrals over hyperplanes, as a projector: grids of `shape`,
 * data [directions, detectors] in value × length^{d−1}.
 *
 * @throws INVALID_SHAPE (a grid of no or more than 4 dimensions, directions of another dimension, extents beyond 2²⁰, a
 *   detector that does not cover the grid unless `truncated`), INVALID_ARGUMENT (no directions, a direction that is not of
 *   length 1, sizes not above 0), NON_FINITE, OUT_OF_MEMORY; its calls those and INVALID_DTYPE, ABORTED.
 *
 * Second order in the cell size for smooth functions. O(directions · cells) time, and a padded copy of the grid beside
 * its arguments.
 *
 * @example
 * const planes = hyperplaneProjector({ directions: directionSet(1000, 3, { kind: 'fibonacci' }), shape: [64, 64, 64] });
 * const data = await planes.project(volume);
 */
export function hyperplaneProjector(options: HyperplaneProjectorOptions): Projector {
  checkCall(SIGNATURES.hyperplaneProjector, { options });
  return projectorOf(resolveHyperplanes(options), checkGridKernel(options.kernel));
}

function projectorOf(problem: HyperplaneProblem, kernel: GridKernel): Projector {
  const { extents, steps, detectorCount, detectorSpacing } = problem;
  const d = extents.length;
  let shadows: CellShadows | undefined;
  const withShadows = async (run: RunControl) => {
    if (kernel === 'strip') shadows ??= await cellShadows(steps, d, detectorSpacing, run);
    return { ...problem, shadows, kernel };
  };
  return createProjector({
    imageShape: extents,
    dataShape: [steps.length / d, detectorCount],
    project: async (kernels, values, run) =>
      kernels.projectHyperplanes({ ...(await withShadows(run)), values }, run),
    backproject: async (kernels, projections, run) =>
      kernels.backprojectHyperplanes({ ...(await withShadows(run)), projections }, run),
    select: (views) => {
      const chosen = new Float64Array(views.length * d);
      views.forEach((view, i) => chosen.set(steps.subarray(view * d, (view + 1) * d), i * d));
      return projectorOf({ ...problem, steps: chosen }, kernel);
    },
  });
}

function checkGridKernel(kernel: GridKernel = 'joseph'): GridKernel {
  if (kernel !== 'joseph' && kernel !== 'strip')
    throw invalidArgument('kernel', "'joseph' or 'strip'", kernel);
  return kernel;
}

/** The geometry with its defaults filled in. Throws as hyperplaneProjector. */
export function resolveHyperplanes(geometry: HyperplaneGeometry): HyperplaneProblem {
  if (geometry === null || typeof geometry !== 'object') {
    throw invalidArgument('the geometry', 'an object', geometry);
  }
  const extents = checkGridShape(geometry.shape);
  const d = extents.length;
  const pixelSize = checkPositive(geometry.pixelSize ?? 1, 'pixelSize');
  const directions = unitVectors(geometry.directions, d);
  const steps = new Float64Array(directions.length);
  for (let l = 0; l < directions.length; l += d) {
    // Rows run against y.
    for (let axis = 0; axis < d; axis++) {
      steps[l + d - 1 - axis] = (axis === 1 ? -1 : 1) * directions[l + axis] * pixelSize;
    }
  }
  const { offset, ...detector } = resolveDetector(geometry.detector, {
    pixelSize,
    diameter: Math.hypot(...extents) * pixelSize,
    widths: Array.from({ length: directions.length / d }, (_, l) =>
      extents.reduce((sum, extent, axis) => sum + extent * Math.abs(steps[l * d + axis]), 0),
    ),
  });
  const firstDetector = offset - ((detector.detectorCount - 1) / 2) * detector.detectorSpacing;
  return { extents, steps, ...detector, firstDetector, cellVolume: pixelSize ** d };
}

/** The hyperplanes of a geometry, for the exact projections (`projectMixture`, `projectEllipsoids`). */
export function hyperplanesOf(geometry: HyperplaneGeometry): Hyperplanes {
  checkCall(SIGNATURES.hyperplanesOf, { geometry });
  const { extents, detectorCount, detectorSpacing, firstDetector } = resolveHyperplanes(geometry);
  const d = extents.length;
  const directions = unitVectors(geometry.directions, d);
  return {
    directions: Array.from({ length: directions.length / d }, (_, l) =>
      Array.from(directions.subarray(l * d, (l + 1) * d)),
    ),
    positions: Float64Array.from({ length: detectorCount }, (_, k) => firstDetector + k * detectorSpacing),
  };
}

/** Throws INVALID_SHAPE unless a shape is that of a grid of one to four dimensions; returns it. */
export function checkGridShape(shape: readonly number[], dimension?: number): number[] {
  const right =
    Array.isArray(shape) &&
    shape.length >= 1 &&
    shape.length <= LARGEST_DIMENSION &&
    (dimension === undefined || shape.length === dimension) &&
    shape.every((extent) => Number.isInteger(extent) && extent >= 1 && extent <= LARGEST_EXTENT);
  if (right) return [...(shape as number[])];
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected ${dimension ?? 'one to four'} extents from 1 to 2²⁰ for the shape of the grid but received ${describe(shape)}`,
    { details: { parameter: 'shape' } },
  );
}

/**
 * A row of detectors with its defaults, opposite a grid whose projections have these widths; `diameter` bounds them all.
 * Throws INVALID_ARGUMENT, INVALID_SHAPE where the row does not cover them and is not `truncated`.
 */
export function resolveDetector(
  detector: Detector = {},
  { pixelSize, diameter, widths }: { pixelSize: number; diameter: number; widths: readonly number[] },
): { detectorCount: number; detectorSpacing: number; offset: number } {
  const detectorSpacing = checkPositive(detector.spacing ?? pixelSize, 'detector.spacing');
  const ratio = detectorSpacing / pixelSize;
  if (!(ratio >= 1 / LARGEST_RATIO && ratio <= LARGEST_RATIO)) {
    throw invalidArgument('detector.spacing', '1/1024 to 1024 times the pixel size', detectorSpacing);
  }
  const offset = detector.offset ?? 0;
  if (typeof offset !== 'number' || !Number.isFinite(offset)) {
    throw invalidArgument('detector.offset', 'a finite number', offset);
  }
  // The last term lets a diagonal that is a whole number of detectors but for rounding have that number.
  const covering = Math.max(1, Math.ceil((diameter + 2 * Math.abs(offset)) / detectorSpacing - 1e-9));
  const detectorCount = checkInteger(detector.count ?? covering, 'detector.count', 1);
  if (detectorCount > LARGEST_EXTENT) {
    throw new RidgeflowError('INVALID_SHAPE', `Expected 1 to 2²⁰ detectors but received ${detectorCount}`, {
      details: { parameter: 'detector' },
    });
  }
  const reach = (detectorCount * detectorSpacing) / 2 - Math.abs(offset);
  const row = widths.findIndex((width) => width / 2 > reach * (1 + 1e-9));
  if (row >= 0 && detector.truncated !== true) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected detectors that cover the grid, ±${widths[row] / 2} in view ${row}, but received ${detectorCount} with ` +
        `spacing ${detectorSpacing} and offset ${offset}, which cover ±${reach}: raise detector.count, or set detector.truncated`,
      { details: { parameter: 'detector', row, needed: widths[row] / 2, covered: reach } },
    );
  }
  return { detectorCount, detectorSpacing, offset };
}
