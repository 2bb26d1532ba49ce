import { allocate, dtypeOf, type FloatData } from '../../core/array.js';
import type { RunControl, ScoreProblem, ScoreResult } from '../contract.js';
import type { ScoreKernels } from '../contract/score.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** The kernels of densities on the addon. */
export function scoreKernels(addon: Addon): ScoreKernels {
  return { score: (problem, run) => score(addon, problem, run) };
}

/**
 * {@link ScoreKernels.score}; with `parts` also what it takes to put sums over parts of a cloud together, n × 2: for each query
 * log Σ_j w_j exp(−|x − c_j|²/2σ²), with w_j = 1 each where there are no log-weights, and, where the divergence is wanted,
 * Σ_j r_j |c_j − mean|².
 */
export async function score(
  addon: Addon,
  problem: ScoreProblem,
  run?: RunControl,
  parts?: Float64Array,
): Promise<ScoreResult> {
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
      parts,
      control,
    }),
  );
  return result;
}
