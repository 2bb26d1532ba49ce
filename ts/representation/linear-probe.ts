import { type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, partOf, throwIfAborted } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { kernelsFor } from '../kernel/backend.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { type Classes, type Labels, classesOf } from './classes.js';
import { type Accuracy, accuracyOf } from './neighbour-accuracy.js';
import { isFloat32Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

export interface LinearProbeOptions extends CallOptions {
  /** Parts that the points are dealt into by `seed`, each classified by what the others teach: 2 to n. Default 5. */
  folds?: number;
  /** The ridge penalty over the mean variance of a coordinate, above 0. Default 0.001. */
  ridge?: number;
}

/**
 * How well a linear classifier tells the classes of points it has not seen: the cross-validated accuracy of ridge
 * regression on one indicator per class, the largest wins. The linear probe of G. Alain and Y. Bengio (2016), solved
 * exactly rather than trained.
 *
 * @param points n × d. @param labels one per point.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class, or points that all coincide),
 * NON_FINITE, UNSUPPORTED, ABORTED. O(nd² + folds·d³) time, O(nd + folds·d²) memory.
 */
export async function linearProbe(
  points: NdArray,
  labels: Labels,
  options: LinearProbeOptions = {},
): Promise<Accuracy> {
  checkCall(SIGNATURES.linearProbe, { points, labels, options });
  const { n } = checkPoints(points, 'points', { minimum: 2 });
  const classes = classesOf(labels, n);
  const folds = checkInteger(options.folds ?? Math.min(5, n), 'folds', 2, n);
  const ridge = checkPositive(options.ridge ?? 1e-3, 'ridge');
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud));
  checkFinite(kernels, cloud, 'points');

  const order = new RandomStream(options.seed, 'shuffle').choose(n, n);
  const parts = Array.from({ length: folds }, (_, f) => {
    const part = new Int32Array(Math.ceil((n - f) / folds));
    for (let at = 0; at < part.length; at++) part[at] = order[f + at * folds];
    return part;
  });
  const matrix = asMatrix(cloud);
  const moments = await momentsOf(kernels, matrix, parts, classes, partOf(options, 0, 0.5));
  const all = sumOf(moments);

  const right = new Uint8Array(n);
  for (const [f, part] of parts.entries()) {
    const rule = await ruleOf(kernels, all, moments[f], ridge, options);
    const answers = await classify(kernels, rule, matrix, part, options);
    throwIfAborted(options.signal);
    for (let at = 0; at < part.length; at++) right[part[at]] = Number(answers[at] === classes.of[part[at]]);
    options.onProgress?.(0.5 + (0.5 * (f + 1)) / folds);
  }
  return accuracyOf(right, classes);
}

/** Moments of some of the points. */
interface Moments {
  count: number;
  mean: Float64Array;
  /** Sums of the outer products of the rows less their mean. */
  scatter: Float64Array;
  classSums: Float64Array;
  classCounts: Float64Array;
}

async function momentsOf(
  kernels: Kernels,
  points: Matrix,
  parts: readonly Int32Array[],
  classes: Classes,
  { signal, onProgress }: CallOptions,
): Promise<Moments[]> {
  const d = points.columns;
  const classCount = classes.counts.length;
  const groups = new Int32Array(points.rows);
  const counts = new Float64Array(parts.length * classCount);
  parts.forEach((part, f) => {
    for (const i of part) counts[(groups[i] = f * classCount + classes.of[i])]++;
  });
  const groupCount = counts.length;
  const { means: classSums } = await kernels.groupMoments({ points, groups, groupCount }, { signal });
  counts.forEach((count, c) => {
    for (let at = c * d; at < (c + 1) * d; at++) classSums[at] *= count;
  });
  const moments: Moments[] = [];
  for (const [f, part] of parts.entries()) {
    const { mean, covariance: scatter } = await kernels.covariance(points, { signal }, part);
    const count = part.length;
    for (let at = 0; at < scatter.length; at++) scatter[at] *= count;
    const [from, to] = [f * classCount, (f + 1) * classCount];
    moments.push({
      count,
      mean,
      scatter,
      classSums: classSums.subarray(from * d, to * d),
      classCounts: counts.subarray(from, to),
    });
    onProgress?.((f + 1) / parts.length);
  }
  return moments;
}

/** The moments of several parts together. */
function sumOf(parts: readonly Moments[]): Moments {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const plus = (of: (part: Moments) => Float64Array) => {
    const sum = of(parts[0]).slice();
    for (const part of parts.slice(1)) {
      const values = of(part);
      for (let at = 0; at < sum.length; at++) sum[at] += values[at];
    }
    return sum;
  };
  // About the mean of the first part, so that the mean of equal points is that point exactly.
  const [{ mean: first }] = parts;
  const shift = plus((part) => part.mean.map((value, k) => (part.count / count) * (value - first[k])));
  const mean = first.map((value, k) => value + shift[k]);
  const scatter = plus((part) => part.scatter);
  for (const part of parts) addOuter(scatter, part.mean, mean, part.count);
  const [classSums, classCounts] = [plus((part) => part.classSums), plus((part) => part.classCounts)];
  return { count, mean, scatter, classSums, classCounts };
}

/** scatter ← scatter + weight (a − b)(a − b)ᵀ. */
function addOuter(scatter: Float64Array, a: Float64Array, b: Float64Array, weight: number): void {
  const d = a.length;
  for (let k = 0; k < d; k++) {
    const factor = weight * (a[k] - b[k]);
    for (let l = 0; l < d; l++) scatter[k * d + l] += factor * (a[l] - b[l]);
  }
}

/** A linear function of x − centre for each class; the largest wins. */
interface Rule {
  centre: Float64Array;
  /** K × d. */
  weights: Float64Array;
  offsets: Float64Array;
}

/** The ridge regression on all the points but a part of them. */
async function ruleOf(
  kernels: Kernels,
  all: Moments,
  part: Moments,
  ridge: number,
  { signal }: CallOptions,
): Promise<Rule> {
  const d = all.mean.length;
  const count = all.count - part.count;
  const mean = all.mean.map((value, k) => value + (part.count / count) * (value - part.mean[k]));
  const scatter = new Float64Array(d * d);
  for (let at = 0; at < scatter.length; at++) scatter[at] = all.scatter[at] - part.scatter[at];
  addOuter(scatter, part.mean, all.mean, -part.count);
  addOuter(scatter, mean, all.mean, -count);
  let trace = 0;
  for (let k = 0; k < d; k++) trace += scatter[k * d + k];
  for (let k = 0; k < d; k++) scatter[k * d + k] += (ridge * trace) / d;
  const counts = all.classCounts.map((value, c) => value - part.classCounts[c]);
  const sides = new Float64Array(all.classSums.length);
  for (let c = 0, at = 0; c < counts.length; c++) {
    for (let k = 0; k < d; k++, at++)
      sides[at] = all.classSums[at] - part.classSums[at] - counts[c] * mean[k];
  }
  const weights = trace > 0 ? await kernels.solvePositiveDefinite(scatter, d, sides, { signal }) : undefined;
  if (!weights) {
    throw new RidgeflowError(
      'DEGENERATE_CLOUD',
      'Expected points that differ and a ridge that rounding does not swallow: raise the option ridge',
    );
  }
  return { centre: mean, weights, offsets: counts.map((value) => value / count) };
}

/** The class that the rule gives each of some points. */
async function classify(
  kernels: Kernels,
  { centre, weights, offsets }: Rule,
  points: Matrix,
  part: Int32Array,
  { signal }: CallOptions,
): Promise<Int32Array> {
  const classCount = offsets.length;
  const data = await kernels.centredRows({ points, rows: part, centre }, { signal });
  const values = await kernels.matmul(
    {
      a: { data, rows: part.length, columns: points.columns },
      b: {
        data: isFloat32Array(data) ? Float32Array.from(weights) : weights,
        rows: classCount,
        columns: points.columns,
      },
      transposeB: true,
    },
    { signal },
  );
  const answers = new Int32Array(part.length);
  for (let i = 0; i < part.length; i++) {
    let [best, most] = [0, -Infinity];
    for (let c = 0; c < classCount; c++) {
      const value = values[i * classCount + c] + offsets[c];
      if (value > most) [best, most] = [c, value];
    }
    answers[i] = best;
  }
  return answers;
}
