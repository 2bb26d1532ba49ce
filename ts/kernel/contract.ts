import type { DType, FloatData } from '../core/array.js';

/**
 * What a running kernel can be told and can tell: the caller's abort, and the finished fraction. Kernels look at the
 * signal at least every 100 ms of their work and reject with RidgeflowError ABORTED.
 */
export interface RunControl {
  signal?: AbortSignal;
  onProgress?: (fraction: number) => void;
}

/** A cloud handed to a kernel: row-major, `rows` points in `columns` dimensions. Kernels read it, never write it. */
export interface Matrix<D extends FloatData = FloatData> {
  readonly data: D;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The Gaussian kernel density of weighted centres c_j seen from queries x_i:
 * p(x) = Σ_j w_j N(x; c_j, σ²I), with the posterior weights r_ij ∝ w_j exp(−|x_i − c_j|²/2σ²).
 */
export interface ScoreProblem {
  queries: Matrix;
  centres: Matrix;
  /** log w_j, one per centre, normalised by the caller; absent: equal weights 1/m. −∞ leaves a centre out. */
  logWeights?: FloatData;
  /** σ² > 0. */
  variance: number;
  /** Which results to compute; the cost of leaving one out is saved. */
  want: { mean?: boolean; logDensity?: boolean; divergence?: boolean };
  /** Query i skips centre i (leave-one-out). Needs as many queries as centres. */
  excludeSelf?: boolean;
  /**
   * Error that is allowed, relative to the sums of the kernel, 0 to 0.1: centres whose weight is negligible for a query may
   * be left out where that is faster. Default 0: exact to rounding. A backend may always be exact.
   */
  tolerance?: number;
  /** Storage for wanted results, which else is made anew: a flow evaluates often. */
  into?: ScoreResult;
}

/** Results of {@link Kernels.score}, in the dtype of the queries. */
export interface ScoreResult {
  /** Σ_j r_ij c_j, n × d: the posterior mean, which is the DAE map of the cloud. The score is (mean − x)/σ². */
  mean?: FloatData;
  /** log p(x_i), n values, in nats. */
  logDensity?: FloatData;
  /** Δ log p(x_i) = −d/σ² + (Σ_j r_ij|c_j|² − |mean_i|²)/σ⁴, n values: the divergence of the score. */
  divergence?: FloatData;
}

/** Results of {@link Kernels.nearestNeighbours}: for each query its k nearest points, nearest first. */
export interface NeighbourResult {
  /** Euclidean distances, n × k, ascending in a row. */
  distances: FloatData;
  /** Row numbers of the points, n × k. Ties go to the lower row number. */
  indices: Int32Array;
}

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

/** One term of a linear combination: coefficient × array. */
export interface LinearTerm {
  coefficient: number;
  array: FloatData;
}

/**
 * The primitives that are worth native speed. Each backend implements all of them; the mathematics in ts/ is written
 * once, on these. Arguments reach a kernel already checked: shapes agree, dtypes agree, values are finite, sizes are
 * positive. Nothing of size rows × rows is ever stored: memory is linear in the number of points.
 */
export interface Kernels {
  readonly name: 'native' | 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';
  /** Element types that the backend computes in. */
  readonly dtypes: readonly DType[];

  /** Posterior mean, log-density and divergence of the score of a Gaussian kernel density, in one pass. O(nmd) time. */
  score(problem: ScoreProblem, run?: RunControl): Promise<ScoreResult>;

  /** The k nearest of `points` for every query; with `excludeSelf` query i skips point i. O(nmd) time at worst, O(nk) memory. */
  nearestNeighbours(
    problem: { queries: Matrix; points: Matrix; k: number; excludeSelf?: boolean },
    run?: RunControl,
  ): Promise<NeighbourResult>;

  /** The matrix product op(a)·op(b), op the identity or the transpose. Dtype of a. */
  matmul(
    problem: { a: Matrix; b: Matrix; transposeA?: boolean; transposeB?: boolean },
    run?: RunControl,
  ): Promise<FloatData>;

  /** Mean and covariance (divided by n) of the rows, both in float64 whatever the input. O(nd²) time. */
  covariance(points: Matrix, run?: RunControl): Promise<{ mean: Float64Array; covariance: Float64Array }>;

  /** Eigenvalues ascending, and orthonormal eigenvectors as rows, of a symmetric d × d matrix. float64, O(d³). */
  symmetricEigen(matrix: Float64Array, d: number): Promise<{ values: Float64Array; vectors: Float64Array }>;

  /**
   * Line integrals of an image, angles × detectorCount, in value × length: `joseph` of its linear interpolation across
   * the ray's main direction, `strip` exactly of square pixels, averaged over the detector's width.
   * O(angles · detectors · max(rows, columns)) time.
   */
  projectBeam(
    problem: ParallelBeamProblem & { image: FloatData; kernel: 'joseph' | 'strip' },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * The transpose of projectBeam, rows × columns; with `interpolated` the sum over angles of the sinogram interpolated
   * linearly at each pixel's centre, zero beyond the detectors.
   */
  backprojectBeam(
    problem: ParallelBeamProblem & { sinogram: FloatData; kernel: 'joseph' | 'strip' | 'interpolated' },
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

  /** out ← Σ_k coefficient_k · array_k, synchronous, bound by memory. `out` may be one of the arrays. */
  linearCombination(out: FloatData, terms: readonly LinearTerm[]): void;

  /** out[i] ← the squared Euclidean length of row i, summed in float64; synchronous, bound by memory. */
  squaredRowLengths(data: FloatData, columns: number, out: Float64Array): void;

  /** Index of the first value that is NaN or infinite, or −1. Synchronous. */
  firstNonFinite(data: FloatData): number;
}
