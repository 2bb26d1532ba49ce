import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { rowsOf } from '../checks.js';
import type { RunControl, ScoreProblem, ScoreResult } from '../contract.js';
import type { ScoreKernels } from '../contract/score.js';
import type { Addon } from '../native/addon.js';
import { withControl } from '../native/control.js';
import { score as nativeScore } from '../native/score.js';
import { selfPieces } from './pieces.js';
import { type Tile, visitAll } from './ring.js';
import type { World } from './world.js';

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
  return world.allDone(sums.results(total, run));
}

/** The sums of all queries of this rank over the tiles so far, in float64; put together by native/score/parts.hpp. */
class PartSums {
  readonly #addon: Addon;
  readonly #problem: ScoreProblem;
  /** Logarithms of the sums of weights so far. */
  readonly #logs: Float64Array;
  readonly #mean?: Float64Array;
  readonly #traces?: Float64Array;
  /** Of one tile, for the kernel to write to. */
  readonly #part: { mean?: FloatData; divergence?: FloatData; parts: Float64Array };

  constructor(addon: Addon, problem: ScoreProblem) {
    const { queries, want } = problem;
    const [n, d] = [queries.rows, queries.columns];
    const dtype = dtypeOf(queries);
    const values = (length: number, what: string) => allocate('float64', length, what) as Float64Array;
    const wantsMean = Boolean(want.mean || want.divergence);
    this.#addon = addon;
    this.#problem = problem;
    this.#logs = values(n, 'sums of weights').fill(-Infinity);
    this.#mean = wantsMean ? values(n * d, 'sums for posterior means') : undefined;
    this.#traces = want.divergence ? values(n, 'sums for divergences') : undefined;
    this.#part = {
      mean: wantsMean ? allocate(dtype, n * d, 'posterior means of a tile') : undefined,
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
      await withControl({ signal: run.signal }, (control) =>
        this.#addon.addScorePart({ ...this.#sums(first, rows), mean: into.mean, parts: found, control }),
      );
    }
  }

  #sums(first: number, rows: number) {
    const d = this.#problem.queries.columns;
    return {
      n: rows,
      d,
      logs: this.#logs.subarray(first, first + rows),
      meanSums: this.#mean?.subarray(first * d, (first + rows) * d),
      traces: this.#traces?.subarray(first, first + rows),
    };
  }

  /** What was wanted, of a cloud of so many rows. */
  async results(rows: number, { signal }: RunControl = {}): Promise<ScoreResult> {
    const { queries, want, variance, logWeights, into = {} } = this.#problem;
    const mean = want.mean ? (into.mean ?? this.#part.mean!) : undefined;
    const divergence = want.divergence ? (into.divergence ?? this.#part.divergence!) : undefined;
    const logDensity = want.logDensity
      ? (into.logDensity ?? allocate(dtypeOf(queries), queries.rows, 'log-densities'))
      : undefined;
    const result = { mean, logDensity, divergence };
    if (queries.rows === 0) return result;
    // The number of centres counts where they have no weights.
    const m = logWeights ? 1 : rows;
    await withControl({ signal }, (control) =>
      this.#addon.writeScoreSums({
        ...this.#sums(0, queries.rows),
        ...{ queries: queries.data, m, variance, ...result, control },
      }),
    );
    return result;
  }
}
