/** log|det| of a d × d matrix by Gaussian elimination with partial pivoting, −Infinity where it is singular. Uses it up. O(d³). */
export function logAbsDeterminant(matrix: Float64Array, d: number): number {
  let largest = 0;
  for (const value of matrix) largest = Math.max(largest, Math.abs(value));
  let sum = 0;
  for (let k = 0; k < d; k++) {
    let pivot = k;
    for (let i = k + 1; i < d; i++)
      if (Math.abs(matrix[i * d + k]) > Math.abs(matrix[pivot * d + k])) pivot = i;
    const value = matrix[pivot * d + k];
    // What is left of a singular matrix is rounding.
    if (!(Math.abs(value) > d * 2 ** -52 * largest)) return -Infinity;
    for (let j = k; j < d && pivot !== k; j++)
      [matrix[k * d + j], matrix[pivot * d + j]] = [matrix[pivot * d + j], matrix[k * d + j]];
    sum += Math.log(Math.abs(value));
    for (let i = k + 1; i < d; i++) {
      const factor = matrix[i * d + k] / value;
      if (factor === 0) continue;
      for (let j = k + 1; j < d; j++) matrix[i * d + j] -= factor * matrix[k * d + j];
    }
  }
  return sum;
}

/** Where the way from which log is integrated begins: e^{iφ}, so that neither real nor imaginary eigenvalues lie on its cut. */
const PHASE = 0.7;

/**
 * Re (log H)₁₁ of a small m × m matrix: ∫₀¹ (H − c)(c + t(H − c))⁻¹ dt by Gauss and Legendre's rule, with c = e^{iφ} and
 * log c = iφ. Whatever branch of the logarithm it is, the real parts of its eigenvalues are log|λ|. `nodes` 32 are right
 * to 1e-6 for eigenvalues within a factor 100 of 1. O(nodes · m³).
 */
export function firstOfLog(H: Float64Array, m: number, nodes: number): number {
  const { points, weights } = gaussLegendre(nodes);
  const [re, im] = [Math.cos(PHASE), Math.sin(PHASE)];
  let sum = 0;
  for (let q = 0; q < nodes; q++) {
    const t = points[q];
    // (1 − t) c + t H, of which a is the real part and b the imaginary.
    const a = new Float64Array(m * m);
    const b = new Float64Array(m * m);
    for (let k = 0; k < m * m; k++) a[k] = t * H[k];
    for (let k = 0; k < m; k++) {
      a[k * m + k] += (1 - t) * re;
      b[k * m + k] = (1 - t) * im;
    }
    const { x, y } = solveFirst(a, b, m);
    // The first row of H − c times x + iy.
    let real = -(re * x[0] - im * y[0]);
    for (let j = 0; j < m; j++) real += H[j] * x[j];
    sum += weights[q] * real;
  }
  return sum;
}

/** (a + ib)(x + iy) = e₁ by elimination with partial pivoting. */
function solveFirst(a: Float64Array, b: Float64Array, m: number): { x: Float64Array; y: Float64Array } {
  const [x, y] = [new Float64Array(m), new Float64Array(m)];
  x[0] = 1;
  const size = (at: number) => a[at] ** 2 + b[at] ** 2;
  const swap = (array: Float64Array, i: number, j: number) => ([array[i], array[j]] = [array[j], array[i]]);
  for (let k = 0; k < m; k++) {
    let pivot = k;
    for (let i = k + 1; i < m; i++) if (size(i * m + k) > size(pivot * m + k)) pivot = i;
    if (pivot !== k) {
      for (let j = 0; j < m; j++) {
        swap(a, k * m + j, pivot * m + j);
        swap(b, k * m + j, pivot * m + j);
      }
      swap(x, k, pivot);
      swap(y, k, pivot);
    }
    const scale = size(k * m + k);
    for (let i = 0; i < m; i++) {
      if (i === k || size(i * m + k) === 0) continue;
      const u = (a[i * m + k] * a[k * m + k] + b[i * m + k] * b[k * m + k]) / scale;
      const v = (b[i * m + k] * a[k * m + k] - a[i * m + k] * b[k * m + k]) / scale;
      for (let j = k; j < m; j++) {
        a[i * m + j] -= u * a[k * m + j] - v * b[k * m + j];
        b[i * m + j] -= u * b[k * m + j] + v * a[k * m + j];
      }
      [x[i], y[i]] = [x[i] - (u * x[k] - v * y[k]), y[i] - (u * y[k] + v * x[k])];
    }
  }
  for (let k = 0; k < m; k++) {
    const [at, scale] = [k * m + k, size(k * m + k)];
    [x[k], y[k]] = [(x[k] * a[at] + y[k] * b[at]) / scale, (y[k] * a[at] - x[k] * b[at]) / scale];
  }
  return { x, y };
}

const RULES = new Map<number, { points: Float64Array; weights: Float64Array }>();

/** Gauss and Legendre's rule on [0, 1], its nodes by Newton's method. */
function gaussLegendre(count: number): { points: Float64Array; weights: Float64Array } {
  const known = RULES.get(count);
  if (known) return known;
  const [points, weights] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    let x = Math.cos((Math.PI * (k + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      let [before, value] = [1, x];
      for (let j = 2; j <= count; j++)
        [before, value] = [value, ((2 * j - 1) * x * value - (j - 1) * before) / j];
      slope = (count * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    points[k] = (1 + x) / 2;
    weights[k] = 1 / ((1 - x * x) * slope * slope);
  }
  const rule = { points, weights };
  RULES.set(count, rule);
  return rule;
}
