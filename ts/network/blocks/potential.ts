import type { NdArray } from '../../core/array.js';
import { type CallOptions } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { RandomStream } from '../../core/random.js';
import type { SampleEstimate } from '../../entropy/estimate.js';
import { kernelsFor } from '../../kernel/backend.js';

/** How much of a displacement field gradients can say, on points that they were not fitted to. */
export interface PotentialFit {
  /** Share of the variance of the displacement that the gradient of the best potential explains, on held-out points. */
  readonly potential: SampleEstimate;
  /** The same by a field of the same features without a potential: what could be explained at all. */
  readonly field: number;
  readonly heldOut: number;
}

/** More dimensions, or points, are not looked at. */
const DIMENSIONS = 256;
const POINTS = 1500;
/** Penalties relative to the mean variance of a coordinate, of which the best on the points for choosing is taken. */
const PENALTIES = [1e-6, 1e-4, 1e-2, 1e-1, 1, 10];

/**
 * The potential φ whose gradient is nearest to the displacements v_i at x_i, by ridge regression: quadratic,
 * φ(x) = ½ (x − x̄)ᵀS(x − x̄) + c·x with S symmetric, beside the field B(x − x̄) + c with any B. Of the points half are fitted to, a
 * fifth chooses the penalty, and the rest are what both are judged by; negative shares are of fields that are worse than their
 * mean. The field of a rotation has share 0 however well it is fitted, a symmetric map's 1. What is not linear in a
 * displacement neither of them explains.
 *
 * @param x n × d, before. @param y n × d, after, of n ≥ 20 points in up to 256 dimensions that move: else null. Throws ABORTED. O(nd² + d³) time.
 */
export async function fitPotential(
  x: NdArray,
  y: NdArray,
  options: CallOptions,
): Promise<PotentialFit | null> {
  const [n, d] = x.shape;
  if (n < 20 || d > DIMENSIONS) return null;
  const v = { data: Float64Array.from(y.data, (value, at) => value - x.data[at]), shape: x.shape };
  const pace = new Pace({ signal: options.signal }, 1);
  const kernels = await kernelsFor(options);
  const rows = Array.from(new RandomStream(options.seed, 'shuffle').choose(n, Math.min(n, POINTS)));
  const [one, two] = [Math.floor(rows.length / 2), Math.floor(0.7 * rows.length)];
  const [fitted, choosing, judged] = [rows.slice(0, one), rows.slice(one, two), rows.slice(two)];
  const [xMean, vMean] = [meanOf(x, fitted), meanOf(v, fitted)];
  const C = new Float64Array(d * d);
  const G = new Float64Array(d * d);
  for (const row of fitted) {
    for (let a = 0; a < d; a++) {
      const xa = (x.data[row * d + a] - xMean[a]) / fitted.length;
      for (let b = 0; b < d; b++) {
        C[a * d + b] += xa * (x.data[row * d + b] - xMean[b]);
        G[a * d + b] += xa * (v.data[row * d + b] - vMean[b]);
      }
    }
    await pace.tick(0);
  }
  let scale = 0;
  for (let a = 0; a < d; a++) scale += C[a * d + a] / d;
  if (!(scale > 0)) return null;
  const { values, vectors } = await kernels.symmetricEigen(C, d);
  const inAxes = product(product(vectors, G, d, false), vectors, d, true);
  const solve = (penalty: number, symmetric: boolean) => {
    const c = values.map((value) => Math.max(0, value) + penalty * scale);
    const found = new Float64Array(d * d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++)
        found[i * d + j] = symmetric
          ? (inAxes[i * d + j] + inAxes[j * d + i]) / (c[i] + c[j])
          : inAxes[i * d + j] / c[i];
    const transposed = transpose(vectors, d);
    return product(product(transposed, found, d, false), transposed, d, true);
  };
  const judge = async (matrix: Float64Array, at: readonly number[]) => {
    const [left, whole] = [new Float64Array(at.length), new Float64Array(at.length)];
    for (const [r, row] of at.entries()) {
      for (let b = 0; b < d; b++) {
        const value = v.data[row * d + b] - vMean[b];
        let rest = value;
        for (let a = 0; a < d; a++) rest -= (x.data[row * d + a] - xMean[a]) * matrix[a * d + b];
        left[r] += rest ** 2;
        whole[r] += value ** 2;
      }
      await pace.tick(0);
    }
    return explained(left, whole);
  };
  const best = async (symmetric: boolean) => {
    let matrix: Float64Array = new Float64Array(0);
    let most = -Infinity;
    for (const penalty of PENALTIES) {
      const found = solve(penalty, symmetric);
      const { value } = await judge(found, choosing);
      if (value > most) [matrix, most] = [found, value];
    }
    return most > -Infinity ? judge(matrix, judged) : undefined;
  };
  const [potential, field] = [await best(true), await best(false)];
  return potential && field ? { potential, field: field.value, heldOut: judged.length } : null;
}

/** 1 − Σ left / Σ whole, with the standard error of a ratio of means. */
function explained(left: Float64Array, whole: Float64Array): SampleEstimate {
  const n = left.length;
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const all = sum(whole);
  const share = sum(left) / all;
  const squares = left.reduce((total, value, i) => total + (value - share * whole[i]) ** 2, 0);
  return { value: 1 - share, standardError: Math.sqrt((squares * n) / (n - 1)) / all };
}

function meanOf({ data, shape: [, d] }: NdArray, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(d);
  for (const row of rows) for (let c = 0; c < d; c++) mean[c] += data[row * d + c] / rows.length;
  return mean;
}

function transpose(a: Float64Array, d: number): Float64Array {
  return a.map((_, at) => a[(at % d) * d + Math.floor(at / d)]);
}

/** A·B, or A·Bᵀ. */
function product(a: Float64Array, b: Float64Array, d: number, transposed: boolean): Float64Array {
  const right = transposed ? transpose(b, d) : b;
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const factor = a[i * d + k];
      for (let j = 0; j < d; j++) out[i * d + j] += factor * right[k * d + j];
    }
  }
  return out;
}
