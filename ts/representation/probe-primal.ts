import type { CallOptions } from '../core/options.js';
import { throwIfAborted, tell } from '../core/options.js';
import { isFloat32Array } from '../core/realm.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import type { Classes } from './classes.js';
import {
  type ProbeCall,
  type ProbeFold,
  type ProbeFolds,
  type ProbeProblem,
  largest,
} from './probe-folds.js';

/**
 * The regressions of a probe by the second moments of the points: those of all but a part are what is left without it.
 * O(nd² + penalties·folds·d³) time, O(nd + folds·d²) memory.
 */
export async function primalFolds(problem: ProbeProblem, call: ProbeCall): Promise<ProbeFolds> {
  const { kernels, points, parts, classes } = problem;
  const moments = await momentsOf(kernels, points, parts, classes, call);
  const all = sumOf(moments);
  return { fold: (f) => primalFold(problem, all, moments[f], parts[f], call) };
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
    await tell(onProgress, (f + 1) / parts.length);
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

/** The ridge regressions on all the points but a part of them. */
function primalFold(
  { kernels, points }: ProbeProblem,
  all: Moments,
  part: Moments,
  rows: Int32Array,
  { signal }: ProbeCall,
): ProbeFold {
  const d = all.mean.length;
  const count = all.count - part.count;
  const mean = all.mean.map((value, k) => value + (part.count / count) * (value - part.mean[k]));
  const scatter = new Float64Array(d * d);
  for (let at = 0; at < scatter.length; at++) scatter[at] = all.scatter[at] - part.scatter[at];
  addOuter(scatter, part.mean, all.mean, -part.count);
  addOuter(scatter, mean, all.mean, -count);
  let trace = 0;
  for (let k = 0; k < d; k++) trace += scatter[k * d + k];
  const counts = all.classCounts.map((value, c) => value - part.classCounts[c]);
  const sides = new Float64Array(all.classSums.length);
  for (let c = 0, at = 0; c < counts.length; c++) {
    for (let k = 0; k < d; k++, at++)
      sides[at] = all.classSums[at] - part.classSums[at] - counts[c] * mean[k];
  }
  const offsets = counts.map((value) => value / count);
  let centred: ReturnType<Kernels['centredRows']> | undefined;
  return {
    async classify(ridge) {
      if (!(trace > 0)) return undefined;
      const matrix = scatter.slice();
      for (let k = 0; k < d; k++) matrix[k * d + k] += (ridge * trace) / d;
      const weights = await kernels.solvePositiveDefinite(matrix, d, sides, { signal });
      throwIfAborted(signal);
      if (!weights) return undefined;
      centred ??= kernels.centredRows({ points, rows, centre: mean }, { signal });
      const data = await centred;
      const b = isFloat32Array(data) ? Float32Array.from(weights) : weights;
      const values = await kernels.matmul(
        {
          a: { data, rows: rows.length, columns: d },
          b: { data: b, rows: counts.length, columns: d },
          transposeB: true,
        },
        { signal },
      );
      return largest(values, rows.length, offsets);
    },
  };
}
