import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/**
 * Parallel beam in the plane. Pixel (i, j), row i from the top, lies at x = (j − (columns − 1)/2)·pixelSize,
 * y = ((rows − 1)/2 − i)·pixelSize; ray (a, k) is { x cos θ_a + y sin θ_a = p_k } with
 * p_k = (k − (detectorCount − 1)/2)·detectorSpacing + detectorOffset. Images are rows × columns, sinograms
 * angles × detectorCount; extents up to 2²⁰, detectorSpacing within a factor 1024 of pixelSize.
 */
export interface ParallelBeamProblem {
  rows: number;
  columns: number;
  pixelSize: number;
  /** Radians. */
  angles: Float64Array;
  detectorCount: number;
  detectorSpacing: number;
  detectorOffset: number;
}

/** Bins along every direction: bin k is centred at first + k·spacing. */
export interface ProjectionBins {
  first: number;
  spacing: number;
  /** Number of bins, up to 2²⁰. */
  width: number;
  /**
   * Spread a weight over four bins by the cubic B-spline, instead of giving it to the nearest: points within a bin of
   * the first or the last two are left out.
   */
  smooth: boolean;
}

/** Radon transforms on grids and of clouds. */
export interface RadonKernels {
  /**
   * Line integrals of an image, angles × detectorCount, in value × length: `joseph` of its linear interpolation across
   * the ray's main direction, `strip` exactly of square pixels, averaged over the detector's width, `fourier` the
   * strip's of the image's frequencies up to half a cycle per pixel. With N = max(rows, columns),
   * O(angles · detectors · N) time, and O(N² log N + angles · (N + detectors) log N) for `fourier`, which the
   * TensorFlow.js backends do not have: UNSUPPORTED.
   */
  projectBeam(
    problem: ParallelBeamProblem & { image: FloatData; kernel: 'joseph' | 'strip' | 'fourier' },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * The transpose of projectBeam, rows × columns; with `interpolated` the sum over angles of the sinogram interpolated
   * linearly at each pixel's centre, zero beyond the detectors.
   */
  backprojectBeam(
    problem: ParallelBeamProblem & {
      sinogram: FloatData;
      kernel: 'joseph' | 'strip' | 'fourier' | 'interpolated';
    },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * Each row, extended by zeros to `length` samples, convolved with the real even filter of this frequency response
   * (length/2 + 1 values, at k/length cycles per sample) and multiplied by its scale. `length`: a power of two ≥ columns.
   */
  filterRows(
    problem: { data: Matrix; length: number; response: Float64Array; scales: Float64Array },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * sums (directions × width) += the weights, by default 1, of the points whose projections u·x lie in each bin; points
   * beyond the bins count for nothing. Sums in float64; no projection is stored beyond a tile. O(directions · n · d) time.
   */
  binProjections(
    problem: {
      points: Matrix;
      directions: Matrix;
      weights?: Float64Array;
      bins: ProjectionBins;
      sums: Float64Array;
    },
    run?: RunControl,
  ): Promise<void>;

  /**
   * extents (directions × 2): lowers the first to the least projection on each direction where that is below it, raises
   * the second to the greatest. O(directions · n · d) time; no projection is stored beyond a tile.
   */
  projectionExtents(
    problem: { points: Matrix; directions: Matrix; extents: Float64Array },
    run?: RunControl,
  ): Promise<void>;
}
