import { throwIfAborted } from '../core/options.js';
import {
  type ProbeCall,
  type ProbeFold,
  type ProbeFolds,
  type ProbeProblem,
  largest,
} from './probe-folds.js';

/**
 * The regressions of a probe by the inner products of the points, for fewer points than coordinates: with G = XXᵀ about the
 * mean of the training points, the weights lie in their span. O(n²d + penalties·n³) time, O(n² + nd) memory.
 */
export async function dualFolds(problem: ProbeProblem, { signal }: ProbeCall): Promise<ProbeFolds> {
  const { kernels, points, parts } = problem;
  const { rows: n, columns: d } = points;
  const { means } = await kernels.groupMoments(
    { points, groups: new Int32Array(n), groupCount: 1 },
    { signal },
  );
  const centred = await kernels.centredRows({ points, centre: means }, { signal });
  // In float64 where there is: differences of inner products are what is solved for.
  const data = kernels.dtypes.includes('float64') ? Float64Array.from(centred) : centred;
  const rows = { data, rows: n, columns: d };
  const gram = await kernels.matmul({ a: rows, b: rows, transposeB: true }, { signal });
  return { fold: (f) => dualFold(problem, gram, parts[f], d, { signal }) };
}

function dualFold(
  { kernels, classes, parts }: ProbeProblem,
  gram: ArrayLike<number>,
  part: Int32Array,
  d: number,
  { signal }: ProbeCall,
): ProbeFold {
  const n = classes.of.length;
  const count = classes.counts.length;
  const taught = Int32Array.from(parts.flatMap((other) => (other === part ? [] : Array.from(other))));
  const m = taught.length;
  // Inner products about the mean of the training points.
  const meanWith = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (const j of taught) sum += gram[i * n + j];
    meanWith[i] = sum / m;
  }
  let middle = 0;
  for (const i of taught) middle += meanWith[i] / m;
  const between = (of: Int32Array) => {
    const out = new Float64Array(of.length * m);
    of.forEach((i, a) => {
      for (let b = 0; b < m; b++) {
        const j = taught[b];
        out[a * m + b] = gram[i * n + j] - meanWith[i] - meanWith[j] + middle;
      }
    });
    return out;
  };
  const inner = between(taught);
  const cross = between(part);
  let trace = 0;
  for (let b = 0; b < m; b++) trace += inner[b * m + b];
  const offsets = new Float64Array(count);
  for (const i of taught) offsets[classes.of[i]] += 1 / m;
  const sides = new Float64Array(count * m);
  for (let c = 0; c < count; c++)
    for (let b = 0; b < m; b++) sides[c * m + b] = Number(classes.of[taught[b]] === c) - offsets[c];
  return {
    async classify(ridge) {
      if (!(trace > 0)) return undefined;
      const matrix = inner.slice();
      for (let b = 0; b < m; b++) matrix[b * m + b] += (ridge * trace) / d;
      const weights = await kernels.solvePositiveDefinite(matrix, m, sides, { signal });
      throwIfAborted(signal);
      if (!weights) return undefined;
      const wide = kernels.dtypes.includes('float64');
      const [a, b] = [cross, weights].map((data) => (wide ? data : Float32Array.from(data)));
      const values = await kernels.matmul(
        {
          a: { data: a, rows: part.length, columns: m },
          b: { data: b, rows: count, columns: m },
          transposeB: true,
        },
        { signal },
      );
      return largest(values, part.length, offsets);
    },
  };
}
