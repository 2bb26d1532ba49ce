import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** One term of a linear combination: coefficient × array. */
export interface LinearTerm {
  coefficient: number;
  array: FloatData;
}

/** The error of a step of an integrator, in arrays of whole rows. */
export interface ScaledErrorProblem {
  /** The error is their sum. */
  terms: readonly LinearTerm[];
  /** A row's error may be as long as absolute + relative · the larger length of the row in a and b. */
  a: FloatData;
  b: FloatData;
  columns: number;
  relative: number;
  /** Finite. */
  absolute: number;
}

/** Linear algebra, and passes over arrays. */
export interface LinearKernels {
  /** The matrix product op(a)·op(b), op the identity or the transpose. Dtype of a. Into `into`, which else is made anew. */
  matmul(
    problem: { a: Matrix; b: Matrix; transposeA?: boolean; transposeB?: boolean; into?: FloatData },
    run?: RunControl,
  ): Promise<FloatData>;

  /**
   * The product with a sparse matrix of signs: n × columns, scale · Σ_k ±points[i][k], where every k goes to the columns
   * places[k · each], …, places[k · each + each − 1]; a negative place stands for a minus to its complement ~place. Dtype of
   * the points, summed in float64 in the order of k: the same bits on every backend. O(n·d·each) time.
   */
  signedSums(
    problem: { points: Matrix; places: Int32Array; each: number; columns: number; scale: number },
    run?: RunControl,
  ): Promise<FloatData>;

  /** Eigenvalues ascending, and orthonormal eigenvectors as rows, of a symmetric d × d matrix. float64, O(d³). */
  symmetricEigen(matrix: Float64Array, d: number): Promise<{ values: Float64Array; vectors: Float64Array }>;

  /**
   * The solutions of A·x = side, one per row as the sides are (count × d), of a symmetric positive definite d × d matrix by
   * Cholesky's factorisation; undefined where the matrix is not positive definite. float64, O(d³/3 + count·d²).
   */
  solvePositiveDefinite(
    matrix: Float64Array,
    d: number,
    sides: Float64Array,
    run?: RunControl,
  ): Promise<Float64Array | undefined>;

  /**
   * Each row z ← L z, in place, with a lower triangular d × d matrix L that is zero above its diagonal. Each sum is taken in
   * the order of the columns and each operation rounded by itself: the same bits on every backend. float64, O(nd²) time.
   */
  lowerTriangularProduct(rows: Matrix<Float64Array>, factor: Float64Array, run?: RunControl): Promise<void>;

  /** out ← Σ_k coefficient_k · array_k, synchronous, bound by memory. `out` may be one of the arrays. */
  linearCombination(out: FloatData, terms: readonly LinearTerm[]): void;

  /** out[i] ← the squared Euclidean length of row i, summed in float64; synchronous, bound by memory. */
  squaredRowLengths(data: FloatData, columns: number, out: Float64Array): void;

  /**
   * For each row the squared length of the error Σ coefficient · array over the square of what is allowed: the sum over the
   * rows and the largest, and how many rows there are, of the whole cloud. NaN where a row of the error, of a or of b is not
   * finite. One pass, bound by memory. There may be no row.
   */
  scaledError(problem: ScaledErrorProblem): Promise<{ sum: number; largest: number; rows: number }>;

  /** Index of the first value that is NaN or infinite, or −1. Synchronous. */
  firstNonFinite(data: FloatData): number;
}
