import type { FloatData } from '../../core/array.js';
import type { Matrix, RunControl } from './control.js';

/** One term of a linear combination: coefficient × array. */
export interface LinearTerm {
  coefficient: number;
  array: FloatData;
}

/** Linear algebra, and passes over arrays. */
export interface LinearKernels {
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
   * The solutions of A·x = side, one per row as the sides are (count × d), of a symmetric positive definite d × d matrix by
   * Cholesky's factorisation; undefined where the matrix is not positive definite. float64, O(d³/3 + count·d²).
   */
  solvePositiveDefinite(
    matrix: Float64Array,
    d: number,
    sides: Float64Array,
  ): Promise<Float64Array | undefined>;

  /** out ← Σ_k coefficient_k · array_k, synchronous, bound by memory. `out` may be one of the arrays. */
  linearCombination(out: FloatData, terms: readonly LinearTerm[]): void;

  /** out[i] ← the squared Euclidean length of row i, summed in float64; synchronous, bound by memory. */
  squaredRowLengths(data: FloatData, columns: number, out: Float64Array): void;

  /** Index of the first value that is NaN or infinite, or −1. Synchronous. */
  firstNonFinite(data: FloatData): number;
}
