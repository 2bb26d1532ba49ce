import { type FloatData, allocate, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import {
  FEATURE_TILE,
  type NormalEquations,
  type RegressionProblem,
  copyInTurns,
  featureTile,
  minus,
} from './normal-equations.js';

/** The output layer that a regression found. */
export interface OutputLayer {
  /** m × k, in float64. */
  C: Float64Array;
  /** k values. */
  bias: Float64Array;
  /** The penalty that was used, relative to the mean variance of the features. */
  ridge: number;
}

/**
 * Solves (G + λI) c = side for λ = ridge · trace(G)/m by Cholesky's factorisation; where the sum is not positive definite
 * to working precision, with ten times the ridge, and so on. Throws NOT_CONVERGED where even 1 does not do, ABORTED.
 */
export async function solveNormalEquations(
  kernels: Kernels,
  { gram, sides, featureMeans, valueMeans }: NormalEquations,
  ridge: number,
  run?: Pick<CallOptions, 'signal'>,
): Promise<OutputLayer> {
  const m = featureMeans.length;
  const k = valueMeans.length;
  let trace = 0;
  for (let j = 0; j < m; j++) trace += Math.max(gram[j * m + j], 0);
  // Features that never change have nothing to explain.
  const unit = trace > 0 ? trace / m : 1;
  for (let tried = ridge; tried <= 10; tried = Math.max(10 * tried, 1e-14)) {
    const matrix = await copyInTurns(gram, run?.signal);
    for (let j = 0; j < m; j++) matrix[j * (m + 1)] += tried * unit;
    const solution = await kernels.solvePositiveDefinite(matrix, m, sides, { signal: run?.signal });
    if (!solution || !solution.every(Number.isFinite)) continue;
    const C = new Float64Array(m * k);
    const bias = valueMeans.slice();
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < m; j++) {
        C[j * k + c] = solution[c * m + j];
        bias[c] -= featureMeans[j] * solution[c * m + j];
      }
    }
    return { C, bias, ridge: tried };
  }
  throw new RidgeflowError('NOT_CONVERGED', 'The normal equations of the output layer cannot be solved');
}

/** How conjugate gradients went. */
export interface IterationReport {
  iterations: number;
  /** Size of the residual over that of the right-hand side, the largest over the outputs. */
  residual: number;
}

/** Points from which the variances of the features are estimated. */
const SAMPLE = 1024;

/**
 * The same equations by conjugate gradients, one system per output, all at once, preconditioned by the variances of the
 * features: every iteration evaluates a network and its transpose by the fused kernel, O(nm(d + k)) time; O((n + m)k)
 * memory.
 */
export async function solveByConjugateGradients(
  problem: RegressionProblem,
  { ridge, tolerance, maximumIterations }: { ridge: number; tolerance: number; maximumIterations: number },
  options: CallOptions,
): Promise<OutputLayer & IterationReport> {
  const { kernels, activation, units, points, values } = problem;
  const { signal } = options;
  const [n, m, k] = [points.rows, units.b.data.length, values.columns];
  const dtype = dtypeOf(points);
  const minusB = minus(units.b.data);
  const A = asMatrix(units.a);
  const nonlinearity = activation.kernel;
  const narrowed = (data: Float64Array): FloatData => (dtype === 'float64' ? data : Float32Array.from(data));
  const outputs = (c: Float64Array) =>
    kernels.ridgeSum(
      {
        queries: points,
        centres: A,
        centreBias: minusB,
        values: { data: narrowed(c), rows: m, columns: k },
        nonlinearity,
      },
      { signal },
    );
  const transpose = (r: Float64Array) =>
    kernels.ridgeSum(
      {
        queries: A,
        queryBias: minusB,
        centres: points,
        values: { data: narrowed(r), rows: n, columns: k },
        nonlinearity,
        scale: 1 / n,
      },
      { signal },
    );
  const centred = (data: FloatData): { data: Float64Array; means: Float64Array } => {
    const means = new Float64Array(k);
    for (let i = 0; i < data.length; i++) means[i % k] += data[i] / n;
    return { data: Float64Array.from(data, (value, i) => value - means[i % k]), means };
  };

  const { mean, variance } = await featureVariances(problem, Math.min(n, SAMPLE), signal);
  const lambda = ridge * (variance.reduce((a, b) => a + b, 0) / m || 1);
  const target = centred(values.data);
  const residual = Float64Array.from(await transpose(target.data));
  const C = new Float64Array(m * k);
  const scaled = (r: Float64Array) =>
    r.map((value, i) => value / (variance[Math.floor(i / k)] + lambda + Number.EPSILON * mean));
  let z = scaled(residual);
  const direction = z.slice();
  let rz = columnProducts(residual, z, k);
  const start = columnProducts(residual, residual, k);
  let iterations = 0;
  const worst = () => {
    const now = columnProducts(residual, residual, k);
    return Math.sqrt(now.reduce((most, value, c) => Math.max(most, start[c] > 0 ? value / start[c] : 0), 0));
  };
  const pace = new Pace(options, maximumIterations);
  const goesOn = () => {
    const size = worst();
    if (Number.isNaN(size)) throw notFinite(iterations);
    return size > tolerance;
  };
  while (iterations < maximumIterations && goesOn()) {
    const { data } = centred(await outputs(direction));
    const product = Float64Array.from(await transpose(data), (value, i) => value + lambda * direction[i]);
    const curvature = columnProducts(direction, product, k);
    const step = rz.map((value, c) => (curvature[c] > 0 ? value / curvature[c] : 0));
    for (let i = 0; i < C.length; i++) {
      C[i] += step[i % k] * direction[i];
      residual[i] -= step[i % k] * product[i];
    }
    z = scaled(residual);
    const next = columnProducts(residual, z, k);
    for (let i = 0; i < C.length; i++) {
      direction[i] = z[i] + (rz[i % k] > 0 ? next[i % k] / rz[i % k] : 0) * direction[i];
    }
    rz = next;
    iterations++;
    await pace.tick(1);
  }
  const fitted = centred(await outputs(C));
  return {
    C,
    bias: target.means.map((value, c) => value - fitted.means[c]),
    ridge,
    iterations,
    residual: worst(),
  };
}

function notFinite(iterations: number): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `The residual of the output layer is not a number after ${iterations} iterations: the features or the values are too large; ` +
      'divide the values, or the units, by their size, or use dtype float64',
    { details: { iterations } },
  );
}

/** Σ_i a_ic b_ic for every column c of k. */
function columnProducts(a: Float64Array, b: Float64Array, k: number): Float64Array {
  const sums = new Float64Array(k);
  for (let i = 0; i < a.length; i++) sums[i % k] += a[i] * b[i];
  return sums;
}

/** Variances of the features, and their mean square, over rows spread evenly over the points. */
async function featureVariances(
  problem: RegressionProblem,
  count: number,
  signal?: AbortSignal,
): Promise<{ variance: Float64Array; mean: number }> {
  const { points, units } = problem;
  const [m, d] = [units.b.data.length, points.columns];
  const some = allocate(dtypeOf(points), count * d);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * points.rows) / count) * d;
    some.set(points.data.subarray(from, from + d), i * d);
  }
  const sample = { ...problem, points: { data: some, rows: count, columns: d } };
  const [sums, squares] = [new Float64Array(m), new Float64Array(m)];
  const step = Math.max(1, Math.floor(FEATURE_TILE / m));
  for (let first = 0; first < count; first += step) {
    const { data } = await featureTile(sample, first, Math.min(step, count - first), signal);
    for (let i = 0; i < data.length; i++) {
      sums[i % m] += data[i];
      squares[i % m] += data[i] * data[i];
    }
  }
  const mean = squares.reduce((a, b) => a + b, 0) / (m * count);
  const variance = squares.map((value, j) => Math.max(value / count - (sums[j] / count) ** 2, 0));
  return { variance, mean };
}
