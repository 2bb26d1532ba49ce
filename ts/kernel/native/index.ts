import { allocate, dtypeOf, type FloatData } from '../../core/array.js';
import type { Kernels, NeighbourResult, RunControl, ScoreProblem, ScoreResult } from '../contract.js';
import { type Addon, loadAddon } from './addon.js';
import { withControl } from './control.js';
import { radonKernels } from './radon.js';

/** The C++ kernels. Throws BACKEND_UNAVAILABLE where the addon cannot be loaded. */
export function loadNative(): Kernels {
  const addon = loadAddon();
  return {
    name: 'native',
    dtypes: ['float32', 'float64'],
    score: (problem, run) => score(addon, problem, run),
    nearestNeighbours: (problem, run) => nearestNeighbours(addon, problem, run),
    async matmul({ a, b, transposeA = false, transposeB = false }, run) {
      const rows = transposeA ? a.columns : a.rows;
      const columns = transposeB ? b.rows : b.columns;
      const out = allocate(dtypeOf(a), rows * columns, 'a matrix product');
      await withControl(run, (control) =>
        addon.matmul({
          a: a.data,
          rowsA: a.rows,
          columnsA: a.columns,
          transposeA,
          b: b.data,
          rowsB: b.rows,
          columnsB: b.columns,
          transposeB,
          out,
          control,
        }),
      );
      return out;
    },
    async covariance(points, run) {
      const d = points.columns;
      const mean = new Float64Array(d);
      const covariance = allocate('float64', d * d, 'a covariance') as Float64Array;
      await withControl(run, (control) =>
        addon.covariance({ points: points.data, n: points.rows, d, mean, covariance, control }),
      );
      return { mean, covariance };
    },
    async symmetricEigen(matrix, d) {
      const vectors = matrix.slice();
      const values = new Float64Array(d);
      await withControl(undefined, () => addon.symmetricEigen({ matrix: vectors, d, values }));
      return { values, vectors };
    },
    ...radonKernels(addon),
    linearCombination(out, terms) {
      const coefficients = Float64Array.from(terms, (term) => term.coefficient);
      addon.linearCombination({ out, coefficients, arrays: terms.map((term) => term.array) });
    },
    squaredRowLengths(data, columns, out) {
      addon.squaredRowLengths({ data, rows: out.length, columns, out });
    },
    firstNonFinite: (data) => addon.firstNonFinite(data),
  };
}

async function score(addon: Addon, problem: ScoreProblem, run?: RunControl): Promise<ScoreResult> {
  const { queries, centres, want, into = {} } = problem;
  const { rows: n, columns: d } = queries;
  const dtype = dtypeOf(queries);
  const result: { -readonly [K in keyof ScoreResult]: FloatData } = {};
  if (want.mean) result.mean = into.mean ?? allocate(dtype, n * d, 'posterior means');
  if (want.logDensity) result.logDensity = into.logDensity ?? allocate(dtype, n, 'log-densities');
  if (want.divergence) result.divergence = into.divergence ?? allocate(dtype, n, 'divergences');
  await withControl(run, (control) =>
    addon.score({
      queries: queries.data,
      centres: centres.data,
      n,
      m: centres.rows,
      d,
      logWeights: problem.logWeights,
      variance: problem.variance,
      excludeSelf: problem.excludeSelf ?? false,
      tolerance: problem.tolerance,
      ...result,
      control,
    }),
  );
  return result;
}

async function nearestNeighbours(
  addon: Addon,
  problem: Parameters<Kernels['nearestNeighbours']>[0],
  run?: RunControl,
): Promise<NeighbourResult> {
  const { queries, points, k, excludeSelf = false } = problem;
  const distances = allocate(dtypeOf(queries), queries.rows * k, 'neighbour distances');
  const indices = new Int32Array(queries.rows * k);
  await withControl(run, (control) =>
    addon.nearestNeighbours({
      queries: queries.data,
      points: points.data,
      n: queries.rows,
      m: points.rows,
      d: queries.columns,
      k,
      excludeSelf,
      distances,
      indices,
      control,
    }),
  );
  return { distances, indices };
}
