/**
 * The smallest eigenvalue of a symmetric d × d matrix, row-major, to about d·ε of the largest in magnitude, without the
 * eigenvectors: Householder's reduction to tridiagonal form, then bisection on Sturm's count. NaN where an entry is not finite.
 * O(d³) time, synchronous.
 */
export function smallestEigenvalue(matrix: Float64Array, d: number): number {
  const { diagonal, offDiagonal } = tridiagonalise(matrix.slice(), d);
  let low = Infinity;
  let high = Infinity;
  for (let i = 0; i < d; i++) {
    const radius = Math.abs(offDiagonal[i - 1] ?? 0) + Math.abs(offDiagonal[i] ?? 0);
    low = Math.min(low, diagonal[i] - radius);
    high = Math.min(high, diagonal[i]);
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    // NaN, too, ends it.
    if (!(middle > low && middle < high)) return high;
    if (hasEigenvalueBelow(middle, diagonal, offDiagonal)) high = middle;
    else low = middle;
  }
}

/** Q·A·Qᵀ of tridiagonal form, by reflections that clear one column each. Overwrites `a`. */
function tridiagonalise(a: Float64Array, d: number): { diagonal: Float64Array; offDiagonal: Float64Array } {
  const diagonal = new Float64Array(d);
  const offDiagonal = new Float64Array(Math.max(0, d - 1));
  const reflector = new Float64Array(d);
  const update = new Float64Array(d);
  for (let k = 0; k < d; k++) {
    diagonal[k] = a[k * d + k];
    if (k === d - 1) break;
    let norm = 0;
    for (let i = k + 1; i < d; i++) {
      reflector[i] = a[i * d + k];
      norm = Math.hypot(norm, reflector[i]);
    }
    const image = reflector[k + 1] > 0 ? -norm : norm;
    offDiagonal[k] = image;
    reflector[k + 1] -= image;
    let square = 0;
    for (let i = k + 1; i < d; i++) square += reflector[i] ** 2;
    if (square === 0) continue;
    // A ← A − v·wᵀ − w·vᵀ with w = p − (β/2)(v·p)v, p = β·A·v, β = 2/|v|².
    const beta = 2 / square;
    let overlap = 0;
    for (let i = k + 1; i < d; i++) {
      let sum = 0;
      for (let j = k + 1; j < d; j++) sum += a[i * d + j] * reflector[j];
      update[i] = beta * sum;
      overlap += update[i] * reflector[i];
    }
    for (let i = k + 1; i < d; i++) update[i] -= (beta / 2) * overlap * reflector[i];
    for (let i = k + 1; i < d; i++) {
      for (let j = k + 1; j < d; j++) {
        a[i * d + j] -= reflector[i] * update[j] + update[i] * reflector[j];
      }
    }
  }
  return { diagonal, offDiagonal };
}

/** Whether T − shift·I has a negative pivot, which it has just where T has an eigenvalue below the shift. */
function hasEigenvalueBelow(shift: number, diagonal: Float64Array, offDiagonal: Float64Array): boolean {
  let pivot = diagonal[0] - shift;
  for (let i = 1; i < diagonal.length && pivot > 0; i++) {
    pivot = diagonal[i] - shift - offDiagonal[i - 1] ** 2 / pivot;
  }
  return pivot <= 0;
}
