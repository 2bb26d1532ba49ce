import type { FloatData } from '../../core/array.js';
import type { RunControl } from './control.js';

/**
 * Hyperplanes { x : u·x = p } through a grid of one to four dimensions. Cell (i_a) lies at
 * u·x = Σ_a steps[direction][a] · (i_a − (extents[a] − 1)/2), detector k at p = firstDetector + k · detectorSpacing. The
 * longest step of a direction is 1/4096 to 4096 detectors; extents and detectors up to 2²⁰.
 */
export interface HyperplaneProblem {
  /** Row-major: the last is contiguous. */
  extents: readonly number[];
  /** Change of u·x for each step along an axis, directions × extents.length. */
  steps: Float64Array;
  detectorCount: number;
  detectorSpacing: number;
  firstDetector: number;
  cellVolume: number;
  /** Of the cells, for kernel `strip`. */
  shadows?: CellShadows;
}

/**
 * For each direction, the share C(t) of a cell's projection that lies below t, in detectors from the cell's centre: 0
 * below the first knot, 1 above the last, and between two knots Σ_m coefficients[m] zᵐ, z going from −1 to 1.
 */
export interface CellShadows {
  /** directions × knotCount, ascending. */
  knots: Float64Array;
  /** directions × (knotCount − 1) × (degree + 1). */
  coefficients: Float64Array;
  knotCount: number;
  degree: number;
}

/**
 * Any lines { x cos θ + y sin θ = p } through an image whose pixel (i, j) lies at x = (j − (columns − 1)/2)·pixelSize,
 * y = ((rows − 1)/2 − i)·pixelSize. Extents up to 2²⁰.
 */
export interface LineProblem {
  rows: number;
  columns: number;
  pixelSize: number;
  /** count × 2: θ and p. */
  lines: Float64Array;
}

/**
 * Parallel rays through a volume onto a flat detector, one set for each view. All vectors are in cells along the
 * volume's axes; the ray of detector (l, k) is { origin + k·column + l·row + t·direction }.
 */
export interface XrayProblem {
  /** Three, row-major. */
  extents: readonly number[];
  cellSize: number;
  /** count × 12: origin, direction, column, row. */
  views: Float64Array;
  detectorRows: number;
  detectorColumns: number;
}

/**
 * A fan of rays: the source of angle β lies at sourceDistance · (sin β, −cos β); detector k is the tangent of the angle
 * to the central ray (`flat`), or that angle itself, firstDetector + k · detectorSpacing.
 */
export interface FanProblem {
  rows: number;
  columns: number;
  pixelSize: number;
  angles: Float64Array;
  sourceDistance: number;
  detectorCount: number;
  firstDetector: number;
  detectorSpacing: number;
  flat: boolean;
}

/** Radon and X-ray transforms of the geometries beyond parallel beams in the plane. */
export interface RadonGeometryKernels {
  /**
   * Integrals over hyperplanes, directions × detectors: `joseph` of the grid's linear interpolation along the axis nearest
   * to u, `strip` exactly of cells of constant value, averaged over the detector's width. O(directions · cells) time.
   */
  projectHyperplanes(
    problem: HyperplaneProblem & { values: FloatData; kernel: 'joseph' | 'strip' },
    run?: RunControl,
  ): Promise<FloatData>;

  /** The transpose; with `interpolated` the sum of the projections interpolated linearly at the cells' centres. */
  backprojectHyperplanes(
    problem: HyperplaneProblem & { projections: FloatData; kernel: 'joseph' | 'strip' | 'interpolated' },
    run?: RunControl,
  ): Promise<FloatData>;

  /** Line integrals of an image by Joseph's method, one for each line. O(count · max(rows, columns)) time. */
  integrateLines(problem: LineProblem & { image: FloatData }, run?: RunControl): Promise<FloatData>;

  /** The transpose of integrateLines, rows × columns. */
  backprojectLineIntegrals(
    problem: LineProblem & { integrals: FloatData },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * Line integrals of a volume, views × rows × columns: bilinear in the planes of cells that a ray crosses most steeply.
   * O(rays · largest extent) time.
   */
  projectXray(problem: XrayProblem & { volume: FloatData }, run?: RunControl): Promise<FloatData>;

  /** The transpose of projectXray. */
  backprojectXray(problem: XrayProblem & { projections: FloatData }, run?: RunControl): Promise<FloatData>;

  /**
   * Sum over angles of the rows of `filtered` interpolated linearly at the ray through each pixel, over the square of
   * the pixel's distance from the source in units of sourceDistance, taken along the central ray where `flat`.
   */
  backprojectFan(problem: FanProblem & { filtered: FloatData }, run?: RunControl): Promise<FloatData>;
}
