import { chebyshev, degreeFor, toMonomials } from './table.js';

/** I₀(x) e^{−x}, by its power series: x below 100. */
function scaledBesselI0(x: number): number {
  let term = Math.exp(-x);
  let sum = term;
  for (let k = 1; term > 1e-18 * sum || k < x / 2; k++) {
    term *= (x / 2 / k) ** 2;
    sum += term;
  }
  return sum;
}

/** A kernel that spreads points on a grid, and its transform. */
export interface Spreading {
  readonly taps: number;
  readonly degree: number;
  /** Tap c over a cell, Σ_p coefficients[p · taps + c] s^p, s from −1 to 1. */
  readonly coefficients: Float64Array;
  /** The kernel's Fourier transform at ω radians per element. */
  readonly transform: (frequency: number) => number;
}

/**
 * The Kaiser–Bessel window of 8 or 16 elements, I₀(β√(1 − (2x/W)²)), with β for a grid of twice the bandwidth: what of the
 * spectrum it folds back is about 1e-7 or 1e-14. Source: P. J. Beatty, D. G. Nishimura, J. M. Pauly, IEEE Trans. Med.
 * Imaging 24 (2005) 799.
 */
export function kaiserBessel(taps: 8 | 16): Spreading {
  const beta = Math.PI * Math.sqrt((taps * 0.75) ** 2 - 0.8);
  const top = scaledBesselI0(beta);
  const window = (x: number) => {
    const root = 1 - (2 * x * (2 * x)) / (taps * taps);
    if (root <= 0) return root < -1e-12 ? 0 : Math.exp(-beta) / top;
    const argument = beta * Math.sqrt(root);
    return (scaledBesselI0(argument) / top) * Math.exp(argument - beta);
  };
  const tolerance = taps === 8 ? 3e-9 : 1e-16;
  // A point at f of its cell is at distance f + taps/2 − 1 − c from the element of tap c.
  const series = Array.from({ length: taps }, (_, c) =>
    chebyshev((s) => window((s + 1) / 2 + taps / 2 - 1 - c), 15),
  );
  const degree = series.reduce((most, one) => Math.max(most, degreeFor(one, tolerance)), 1);
  const coefficients = new Float64Array((degree + 1) * taps);
  series.forEach((one, c) =>
    toMonomials(one.slice(0, degree + 1)).forEach((value, p) => (coefficients[p * taps + c] = value)),
  );
  const transform = (frequency: number) => {
    const square = beta * beta - ((taps * frequency) / 2) ** 2;
    const root = Math.sqrt(Math.abs(square));
    const ratio =
      root < 1e-6
        ? Math.exp(-beta)
        : square > 0
          ? (Math.exp(root - beta) - Math.exp(-root - beta)) / (2 * root)
          : (Math.sin(root) / root) * Math.exp(-beta);
    return (taps * ratio) / top;
  };
  return { taps, degree, coefficients, transform };
}
