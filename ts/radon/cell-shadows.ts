import { Pace } from '../core/pace.js';
import type { CellShadows, RunControl } from '../kernel/contract.js';

/** A continuous function that is 0 below the first knot, 1 above the last, and polynomials in z ∈ [−1, 1] between. */
interface Piecewise {
  knots: number[];
  coefficients: number[][];
}

/** Gauss–Legendre with three points: exact up to degree 5, and the shadows of four axes have degree 4. */
const POINTS = [-Math.sqrt(0.6), 0, Math.sqrt(0.6)];
const WEIGHTS = [5 / 18, 8 / 18, 5 / 18];

/** Intervals shorter than this, in detectors, have no weight. */
const NEGLIGIBLE = 1e-12;

function valueAt({ knots, coefficients }: Piecewise, t: number): number {
  const last = knots.length - 1;
  if (t <= knots[0]) return 0;
  if (t >= knots[last]) return 1;
  let i = 0;
  while (i + 1 < last && t >= knots[i + 1]) i++;
  const z = (2 * t - knots[i] - knots[i + 1]) / (knots[i + 1] - knots[i]);
  return coefficients[i].reduceRight((sum, c) => sum * z + c, 0);
}

/** Mean of a function over [from, to]: an average, so that nothing cancels however short the interval is. */
function meanOver(f: Piecewise, from: number, to: number): number {
  const last = f.knots[f.knots.length - 1];
  let sum = Math.max(0, to - Math.max(from, last));
  for (let i = 0; i + 1 < f.knots.length; i++) {
    const start = Math.max(from, f.knots[i]);
    const length = Math.min(to, f.knots[i + 1]) - start;
    if (!(length > 0)) continue;
    POINTS.forEach((z, q) => (sum += WEIGHTS[q] * length * valueAt(f, start + (length * (z + 1)) / 2)));
  }
  return sum / (to - from);
}

/** Coefficients of the polynomial of this degree through its values at places in [−1, 1], by divided differences. */
function interpolate(degree: number, value: (z: number) => number): number[] {
  const nodes = Array.from({ length: degree + 1 }, (_, i) =>
    degree === 0 ? 0 : -Math.cos((Math.PI * (i + 0.5)) / (degree + 1)),
  );
  const differences = nodes.map(value);
  for (let order = 1; order <= degree; order++) {
    for (let i = degree; i >= order; i--) {
      differences[i] = (differences[i] - differences[i - 1]) / (nodes[i] - nodes[i - order]);
    }
  }
  const coefficients = new Array<number>(degree + 1).fill(0);
  for (let i = degree; i >= 0; i--) {
    for (let m = degree; m > 0; m--) coefficients[m] = coefficients[m - 1] - nodes[i] * coefficients[m];
    coefficients[0] = differences[i] - nodes[i] * coefficients[0];
  }
  return coefficients;
}

/** f averaged over windows of this width: the convolution with a uniform density. */
function smear(f: Piecewise, width: number, degree: number): Piecewise {
  const knots = f.knots.flatMap((knot) => [knot - width / 2, knot + width / 2]).sort((a, b) => a - b);
  const average = (t: number) =>
    width > NEGLIGIBLE ? meanOver(f, t - width / 2, t + width / 2) : valueAt(f, t);
  const coefficients = knots.slice(1).map((end, i) => {
    const [middle, half] = [(knots[i] + end) / 2, (end - knots[i]) / 2];
    return half > NEGLIGIBLE
      ? interpolate(degree, (z) => average(middle + half * z))
      : [average(middle), ...new Array<number>(degree).fill(0)];
  });
  return { knots, coefficients };
}

/**
 * Cumulative shadows of cells along directions: a cell's projection on u is the sum of independent uniform variables of
 * widths |steps|, whose density is the box spline of those widths. Built by averaging once for each axis, the widest
 * first, which is stable where the closed form, a sum of truncated powers over the product of the widths, cancels.
 *
 * @param steps Widths along the axes, directions × d, d ≤ 4.
 * @param spacing Of the detectors: the unit of the result.
 */
export async function cellShadows(
  steps: Float64Array,
  d: number,
  spacing: number,
  run: RunControl,
): Promise<CellShadows> {
  const directions = steps.length / d;
  const knotCount = 2 ** d;
  const knots = new Float64Array(directions * knotCount);
  const coefficients = new Float64Array(directions * (knotCount - 1) * (d + 1));
  const pace = new Pace({ signal: run.signal }, directions);
  for (let l = 0; l < directions; l++) {
    const widths = Array.from(steps.subarray(l * d, (l + 1) * d), (step) => Math.abs(step) / spacing);
    let shadow: Piecewise = { knots: [0], coefficients: [] };
    widths
      .sort((a, b) => b - a)
      .forEach((width, axis) => {
        shadow = smear(shadow, width, axis + 1);
      });
    knots.set(shadow.knots, l * knotCount);
    shadow.coefficients.forEach((row, i) => coefficients.set(row, (l * (knotCount - 1) + i) * (d + 1)));
    await pace.tick(1);
  }
  return { knots, coefficients, knotCount, degree: d };
}
