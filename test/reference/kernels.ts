import type { FloatData } from '../../ts/core/array.js';
import type {
  Kernels,
  LinearTerm,
  Matrix,
  Norm,
  ScaledErrorProblem,
  ScoreProblem,
} from '../../ts/kernel/contract.js';

// Every primitive of the kernel contract from its definition: plain loops in float64 over plain arrays of rows.

/** The matrix as an array of rows. */
export function toRows({ data, rows, columns }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * columns, (i + 1) * columns)));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * b[k], 0);
}

export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] - b[k]) ** 2;
  return sum;
}

export interface ReferenceScore {
  mean: number[][];
  logDensity: number[];
  divergence: number[];
}

/** All three results of the score primitive, whatever the problem wants. */
export function referenceScore(problem: ScoreProblem): ReferenceScore {
  const { variance, logWeights, excludeSelf } = problem;
  const queries = toRows(problem.queries);
  const centres = toRows(problem.centres);
  const d = problem.centres.columns;
  const result: ReferenceScore = { mean: [], logDensity: [], divergence: [] };
  queries.forEach((x, i) => {
    const logTerms = centres.map((c, j) => {
      const logWeight = logWeights ? logWeights[j] : -Math.log(centres.length);
      return excludeSelf && i === j ? -Infinity : logWeight - squaredDistance(x, c) / (2 * variance);
    });
    const max = logTerms.reduce((a, b) => Math.max(a, b));
    if (max === -Infinity) {
      result.mean.push(x);
      result.logDensity.push(-Infinity);
      result.divergence.push(0);
      return;
    }
    const terms = logTerms.map((logTerm) => Math.exp(logTerm - max));
    const total = terms.reduce((a, b) => a + b);
    const posterior = terms.map((term) => term / total);
    const mean = x.map((_, k) => posterior.reduce((sum, r, j) => sum + r * centres[j][k], 0));
    // Σ r|c|² − |mean|² without its cancellation.
    const spread = posterior.reduce((sum, r, j) => sum + r * squaredDistance(centres[j], mean), 0);
    result.mean.push(mean);
    result.logDensity.push(max + Math.log(total) - (d / 2) * Math.log(2 * Math.PI * variance));
    result.divergence.push(-d / variance + spread / variance ** 2);
  });
  return result;
}

/** For each query the k nearest points, nearest first, ties by row number. */
export function referenceNearestNeighbours(
  problem: Parameters<Kernels['nearestNeighbours']>[0],
): { index: number; distance: number }[][] {
  const points = toRows(problem.points);
  return toRows(problem.queries).map((x, i) =>
    points
      .map((point, index) => ({ index, distance: distanceIn(problem.norm, x, point) }))
      .filter(({ index }) => !(problem.excludeSelf && index === i))
      .sort((a, b) => a.distance - b.distance || a.index - b.index)
      .slice(0, problem.k),
  );
}

/** op(a)·op(b) as rows; with `absolute`, of the magnitudes, which is what rounding errors are measured by. */
function distanceIn(norm: Norm | undefined, a: readonly number[], b: readonly number[]): number {
  return norm === 'maximum'
    ? a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k])), 0)
    : Math.sqrt(squaredDistance(a, b));
}

/** How many points are as near as the radius, or nearer, of distances rounded to the type of the radii. */
export function referenceCountWithin(problem: Parameters<Kernels['countWithin']>[0]): number[] {
  const points = toRows(problem.points);
  const round = problem.radii instanceof Float32Array ? Math.fround : (value: number) => value;
  return toRows(problem.queries).map((x, i) => {
    const within = points.filter((point, j) => {
      const distance = round(distanceIn(problem.norm, x, point));
      if (problem.excludeSelf && i === j) return false;
      return problem.strict ? distance < problem.radii[i] : distance <= problem.radii[i];
    });
    return within.length;
  });
}

export function referenceMatmul(
  problem: Parameters<Kernels['matmul']>[0],
  { absolute = false } = {},
): number[][] {
  const magnitude = (rows: number[][]) => (absolute ? rows.map((row) => row.map(Math.abs)) : rows);
  const a = magnitude(problem.transposeA ? transpose(toRows(problem.a)) : toRows(problem.a));
  const b = magnitude(problem.transposeB ? transpose(toRows(problem.b)) : toRows(problem.b));
  const bColumns = transpose(b);
  return a.map((row) => bColumns.map((column) => dot(row, column)));
}

export function transpose(rows: readonly number[][]): number[][] {
  return rows[0].map((_, k) => rows.map((row) => row[k]));
}

export function referenceCovariance(points: Matrix): { mean: number[]; covariance: number[][] } {
  const rows = toRows(points);
  // The residuals' mean takes off what the rounding of a long sum put on.
  const mean = transpose(rows).map((column) => {
    const rough = column.reduce((a, b) => a + b) / rows.length;
    return rough + column.reduce((sum, value) => sum + (value - rough), 0) / rows.length;
  });
  const centred = transpose(rows.map((row) => row.map((value, k) => value - mean[k])));
  return { mean, covariance: centred.map((a) => centred.map((b) => dot(a, b) / rows.length)) };
}

/** Eigenvalues of a symmetric matrix, ascending, by Jacobi rotations. */
export function referenceEigenvalues(matrix: readonly number[][]): number[] {
  const a = matrix.map((row) => [...row]);
  const d = a.length;
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        const angle = 0.5 * Math.atan2(2 * a[p][q], a[p][p] - a[q][q]);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (let k = 0; k < d; k++) {
          [a[k][p], a[k][q]] = [c * a[k][p] + s * a[k][q], c * a[k][q] - s * a[k][p]];
        }
        for (let k = 0; k < d; k++) {
          [a[p][k], a[q][k]] = [c * a[p][k] + s * a[q][k], c * a[q][k] - s * a[p][k]];
        }
      }
    }
  }
  return a.map((row, k) => row[k]).sort((x, y) => x - y);
}

export function referenceLinearCombination(length: number, terms: readonly LinearTerm[]): number[] {
  return Array.from({ length }, (_, i) =>
    terms.reduce((sum, { coefficient, array }) => sum + coefficient * array[i], 0),
  );
}

export function referenceFirstNonFinite(data: FloatData): number {
  return Array.from(data).findIndex((value) => !Number.isFinite(value));
}

export function referenceSquaredRowLengths(data: FloatData, columns: number): number[] {
  return Array.from({ length: data.length / columns }, (_, row) =>
    Array.from(data.subarray(row * columns, (row + 1) * columns)).reduce(
      (sum, value) => sum + value * value,
      0,
    ),
  );
}

export function referenceScaledError({ terms, a, b, columns, relative, absolute }: ScaledErrorProblem): {
  sum: number;
  largest: number;
} {
  const error = Float64Array.from(a, (_, i) =>
    terms.reduce((sum, { coefficient, array }) => sum + coefficient * array[i], 0),
  );
  const [errors, from, to] = [error, a, b].map((data) => referenceSquaredRowLengths(data, columns));
  const scaled = errors.map(
    (square, row) => square / (absolute + relative * Math.sqrt(Math.max(from[row], to[row]))) ** 2,
  );
  return { sum: scaled.reduce((sum, value) => sum + value, 0), largest: Math.max(...scaled) };
}
