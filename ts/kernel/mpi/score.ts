import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { isTurnDue, nextTurn } from '../../core/pace.js';
import { rowsOf } from '../checks.js';
import type { RunControl, ScoreProblem, ScoreResult } from '../contract.js';
import type { ScoreKernels } from '../contract/score.js';
import type { Addon } from '../native/addon.js';
import { score as nativeScore } from '../native/score.js';
import { selfPieces } from './pieces.js';
import { type Tile, visitAll } from './ring.js';
import type { World } from './world.js';

/** Rows that are put together between two looks at whether others wait for the event loop. */
const ROWS = 4096;

/** The density of a cloud whose rows are spread over ranks, at queries that are too: by sums over tiles that go round. */
export function scoreKernels(world: World, addon: Addon): ScoreKernels {
  return {
    score: (problem, run) => {
      const { queries, centres, logWeights, variance, want, excludeSelf = false, tolerance = 0 } = problem;
      const same = {
        columns: queries.columns,
        dtype: dtypeOf(queries),
        weighted: logWeights !== undefined,
        variance: String(variance),
        want: (['mean', 'logDensity', 'divergence'] as const).filter((name) => want[name]).join(' and '),
        excludeSelf,
        tolerance,
      };
      return world.together({ call: 'score', same, own: [centres.rows] }, (own) =>
        scoreOverRanks(
          world,
          addon,
          problem,
          own.map(([rows]) => rows),
          run,
        ),
      );
    },
  };
}

async function scoreOverRanks(
  world: World,
  addon: Addon,
  problem: ScoreProblem,
  shares: readonly number[],
  run?: RunControl,
): Promise<ScoreResult> {
  const { centres, logWeights, tolerance = 0 } = problem;
  const sums = await world.allDone((async () => new PartSums(addon, problem))());
  const large = tolerance > 0;
  const travelling = { points: centres, values: logWeights };
  await visitAll(world, travelling, shares, large, (tile, part) => sums.add(tile, part), run);
  const total = shares.reduce((a, b) => a + b, 0);
  return sums.results(total);
}

/**
 * The sums of all queries of this rank over the tiles so far. Of two parts with sums of weights S and T, means a and b and
 * traces of covariance A and B, the whole has the weight S + T, the mean pa + qb and the trace pA + qB + pq|a − b|², where
 * p = S/(S + T) and q = 1 − p; in float64.
 */
class PartSums {
  readonly #addon: Addon;
  readonly #problem: ScoreProblem;
  /** Logarithms of the sums of weights so far. */
  readonly #logs: Float64Array;
  readonly #mean: Float64Array;
  readonly #trace: Float64Array;
  /** Of one tile, for the kernel to write to. */
  readonly #part: { mean?: FloatData; divergence?: FloatData; parts: Float64Array };

  constructor(addon: Addon, problem: ScoreProblem) {
    const { queries, want } = problem;
    const [n, d] = [queries.rows, queries.columns];
    const dtype = dtypeOf(queries);
    const values = (length: number, what: string) => allocate('float64', length, what) as Float64Array;
    const wantsMean = Boolean(want.mean || want.divergence);
    const means = wantsMean ? n * d : 0;
    this.#addon = addon;
    this.#problem = problem;
    this.#logs = values(n, 'sums of weights').fill(-Infinity);
    this.#mean = values(means, 'sums for posterior means');
    this.#trace = values(want.divergence ? n : 0, 'sums for divergences');
    this.#part = {
      mean: wantsMean ? allocate(dtype, means, 'posterior means of a tile') : undefined,
      divergence: want.divergence ? allocate(dtype, n, 'divergences of a tile') : undefined,
      parts: values(2 * n, 'sums over a tile'),
    };
  }

  async add(tile: Tile, run: RunControl): Promise<void> {
    const { queries, variance, tolerance, excludeSelf = false } = this.#problem;
    const d = queries.columns;
    for (const { first, rows, self } of selfPieces(queries.rows, excludeSelf, tile)) {
      const { mean, divergence, parts } = this.#part;
      const into = {
        mean: mean?.subarray(first * d, (first + rows) * d),
        divergence: divergence?.subarray(first, first + rows),
      };
      const want = { mean: mean !== undefined, divergence: divergence !== undefined };
      const found = parts.subarray(2 * first, 2 * (first + rows));
      const { points: centres, values } = tile;
      const part = {
        queries: rowsOf(queries, first, rows),
        ...{ centres, logWeights: values as FloatData | undefined, variance, tolerance, want, into },
        excludeSelf: self,
      };
      await nativeScore(this.#addon, part, run, found);
      for (let i = first; i < first + rows; i += ROWS) {
        this.#merge(i, Math.min(first + rows, i + ROWS));
        if (isTurnDue()) await nextTurn();
      }
    }
  }

  #merge(from: number, to: number): void {
    const d = this.#problem.queries.columns;
    const { mean, parts } = this.#part;
    const [logs, sums, traces] = [this.#logs, this.#mean, this.#trace];
    for (let i = from; i < to; i++) {
      const log = parts[2 * i];
      if (log === -Infinity) continue;
      const ratio = Math.exp(-Math.abs(log - logs[i]));
      // The share of this tile in the weight so far.
      const share = log > logs[i] ? 1 / (1 + ratio) : ratio / (1 + ratio);
      logs[i] = Math.max(log, logs[i]) + Math.log1p(ratio);
      if (!mean) continue;
      let square = 0;
      for (let k = i * d; k < (i + 1) * d; k++) {
        const shift = mean[k] - sums[k];
        square += shift * shift;
        sums[k] = share === 1 ? mean[k] : sums[k] + share * shift;
      }
      if (traces.length === 0) continue;
      // Of the first tile share is 1, and what was there before counts for nothing.
      const spread = share === 1 ? 0 : share * (1 - share) * square;
      traces[i] = (1 - share) * traces[i] + share * parts[2 * i + 1] + spread;
    }
  }

  /** What was wanted, of a cloud of so many rows. */
  results(rows: number): ScoreResult {
    const { queries, want, variance, logWeights, into = {} } = this.#problem;
    const { rows: n, columns: d, data } = queries;
    const dtype = dtypeOf(queries);
    const logNormaliser = (d / 2) * Math.log(2 * Math.PI * variance) + (logWeights ? 0 : Math.log(rows));
    const mean = want.mean ? (into.mean ?? this.#part.mean!) : undefined;
    const divergence = want.divergence ? (into.divergence ?? this.#part.divergence!) : undefined;
    const logDensity = want.logDensity ? (into.logDensity ?? allocate(dtype, n, 'log-densities')) : undefined;
    mean?.set(this.#mean);
    for (let i = 0; i < n; i++) {
      const nothing = this.#logs[i] === -Infinity;
      if (nothing) mean?.set(data.subarray(i * d, (i + 1) * d), i * d);
      if (logDensity) logDensity[i] = this.#logs[i] - logNormaliser;
      if (divergence) divergence[i] = nothing ? 0 : (this.#trace[i] / variance - d) / variance;
    }
    return { mean, logDensity, divergence };
  }
}
