import type { PiecewisePolynomials } from '../core/piecewise.js';

const LARGEST_DEGREE = 15;
const MOST_CELLS = 1 << 16;

/** What {@link tabulate} takes. */
interface TableOptions {
  from: number;
  to: number;
  parity: PiecewisePolynomials['parity'];
  /** Largest error. */
  tolerance: number;
  /** Cells to begin with. */
  cells: number;
}

/**
 * Piecewise polynomials of a smooth function with an error of about `tolerance`: Chebyshev series on each of `cells`
 * cells, cut at the lowest degree that serves; twice the cells, up to 65 536, where none does.
 */
export function tabulate(f: (z: number) => number, options: TableOptions): PiecewisePolynomials {
  const { from, to, parity, tolerance } = options;
  for (let cells = options.cells; ; cells *= 2) {
    const half = (to - from) / cells / 2;
    const last = cells * 2 > MOST_CELLS;
    const interpolants: number[][] = [];
    let degree = 3;
    for (let cell = 0; cell < cells; cell++) {
      const series = chebyshev((t) => f(from + half * (2 * cell + 1 + t)), LARGEST_DEGREE);
      if (!last && Math.abs(series[LARGEST_DEGREE]) + Math.abs(series[LARGEST_DEGREE - 1]) > tolerance) break;
      interpolants.push(series);
      degree = Math.max(degree, degreeFor(series, tolerance));
    }
    if (interpolants.length < cells) continue;
    const coefficients = new Float64Array((degree + 1) * cells);
    interpolants.forEach((series, cell) => {
      toMonomials(series.slice(0, degree + 1)).forEach(
        (value, k) => (coefficients[k * cells + cell] = value),
      );
    });
    return { from, to, parity, cells, degree, coefficients };
  }
}

/** The lowest degree at which what is left out of a Chebyshev series is within the tolerance. */
export function degreeFor(series: readonly number[], tolerance: number): number {
  let rest = 0;
  let degree = series.length - 1;
  while (degree > 1 && rest + Math.abs(series[degree]) <= tolerance) rest += Math.abs(series[degree--]);
  return degree;
}

/** Coefficients of T_0 … T_degree of the interpolant at Chebyshev's nodes. */
export function chebyshev(f: (t: number) => number, degree: number): number[] {
  const count = degree + 1;
  const angles = Array.from({ length: count }, (_, i) => (Math.PI * (i + 0.5)) / count);
  const values = angles.map((angle) => f(Math.cos(angle)));
  return Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i] * Math.cos(k * angles[i]);
    return (sum * (k === 0 ? 1 : 2)) / count;
  });
}

/** Coefficients of 1, t, t², … of Σ c_k T_k, from the highest down by T_k = 2t T_{k−1} − T_{k−2} (Clenshaw). */
export function toMonomials(coefficients: readonly number[]): number[] {
  let next: number[] = [];
  let after: number[] = [];
  for (let k = coefficients.length - 1; k >= 1; k--) {
    const current = shifted(next, 2);
    subtract(current, after);
    current[0] = (current[0] ?? 0) + coefficients[k];
    [next, after] = [current, next];
  }
  const result = shifted(next, 1);
  subtract(result, after);
  result[0] = (result[0] ?? 0) + coefficients[0];
  return Array.from({ length: coefficients.length }, (_, k) => result[k] ?? 0);
}

/** factor · t · polynomial. */
const shifted = (polynomial: readonly number[], factor: number) => [
  0,
  ...polynomial.map((value) => factor * value),
];

function subtract(from: number[], what: readonly number[]): void {
  what.forEach((value, k) => (from[k] = (from[k] ?? 0) - value));
}
