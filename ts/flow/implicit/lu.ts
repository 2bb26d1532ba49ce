/**
 * Factors m × m matrices, one after another in `matrices`, in place: L (with ones on its diagonal) and U by Gaussian
 * elimination with row pivoting. `pivots` holds, for each matrix, the row that each step swapped with its own.
 *
 * @returns False where a matrix is singular or not finite.
 */
export function factorise(matrices: Float64Array, pivots: Int32Array, m: number, matrix: number): boolean {
  const start = matrix * m * m;
  for (let k = 0; k < m; k++) {
    let pivot = k;
    for (let i = k + 1; i < m; i++) {
      if (Math.abs(matrices[start + i * m + k]) > Math.abs(matrices[start + pivot * m + k])) pivot = i;
    }
    pivots[matrix * m + k] = pivot;
    if (pivot !== k) swapRows(matrices, start + k * m, start + pivot * m, m);
    const diagonal = matrices[start + k * m + k];
    if (!(Math.abs(diagonal) > 0 && Math.abs(diagonal) < Infinity)) return false;
    for (let i = k + 1; i < m; i++) {
      const row = start + i * m;
      const factor = matrices[row + k] / diagonal;
      matrices[row + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < m; j++) matrices[row + j] -= factor * matrices[start + k * m + j];
    }
  }
  return true;
}

/** x ← A⁻¹ x with one of the matrices that {@link factorise} factored. */
export function substitute(
  matrices: Float64Array,
  pivots: Int32Array,
  m: number,
  matrix: number,
  x: Float64Array,
): void {
  const start = matrix * m * m;
  for (let k = 0; k < m; k++) {
    const pivot = pivots[matrix * m + k];
    if (pivot !== k) [x[k], x[pivot]] = [x[pivot], x[k]];
  }
  for (let i = 1; i < m; i++) {
    let sum = x[i];
    for (let j = 0, at = start + i * m; j < i; j++, at++) sum -= matrices[at] * x[j];
    x[i] = sum;
  }
  for (let i = m - 1; i >= 0; i--) {
    let sum = x[i];
    for (let j = i + 1; j < m; j++) sum -= matrices[start + i * m + j] * x[j];
    x[i] = sum / matrices[start + i * m + i];
  }
}

function swapRows(matrices: Float64Array, first: number, second: number, m: number): void {
  for (let j = 0; j < m; j++) {
    const value = matrices[first + j];
    matrices[first + j] = matrices[second + j];
    matrices[second + j] = value;
  }
}
