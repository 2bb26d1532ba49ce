/**
 * The lower triangular L with A = L·Lᵀ of a symmetric d × d matrix, row-major, or undefined where A is not positive
 * definite to working precision. Only the lower triangle of A is read. O(d³) time.
 */
export function choleskyFactor(matrix: Float64Array, d: number): Float64Array | undefined {
  const factor = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    if (!choleskyRow(matrix, factor, d, i)) return undefined;
  }
  return factor;
}

/** Row i of the factor, from the rows above it. Returns false where the matrix is not positive definite. O(i²) time. */
export function choleskyRow(matrix: Float64Array, factor: Float64Array, d: number, i: number): boolean {
  const row = factor.subarray(i * d, i * d + i + 1);
  for (let j = 0; j <= i; j++) {
    const other = factor.subarray(j * d, j * d + j + 1);
    let rest = matrix[i * d + j];
    for (let k = 0; k < j; k++) rest -= row[k] * other[k];
    if (j < i) row[j] = rest / other[j];
    // A pivot that is all rounding error says nothing about its sign.
    else if (rest > d * Number.EPSILON * matrix[i * d + i]) row[i] = Math.sqrt(rest);
    else return false;
  }
  return true;
}
