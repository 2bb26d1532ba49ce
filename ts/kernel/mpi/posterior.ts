import { allocate, dtypeOf } from '../../core/array.js';
import type { Matrix, RunControl } from '../contract.js';
import type { PosteriorCovarianceProblem, PosteriorKernels } from '../contract/posterior.js';
import type { Addon } from '../native/addon.js';
import { withControl } from '../native/control.js';
import { score as nativeScore } from '../native/score.js';
import { type Tile, visitAll } from './ring.js';
import type { World } from './world.js';

/**
 * Posterior covariances of a cloud whose rows are spread over ranks, put together by native/posterior/parts.hpp; in float64,
 * whatever the dtype.
 */
export function posteriorKernels(world: World, addon: Addon, native: PosteriorKernels): PosteriorKernels {
  return {
    posteriorCovarianceProduct(problem, run) {
      const { queries, centres, logWeights, variance } = problem;
      const same = {
        columns: queries.columns,
        dtype: dtypeOf(queries),
        weighted: logWeights !== undefined,
        variance: String(variance),
      };
      return world.together(
        { call: 'posteriorCovarianceProduct', same, own: [centres.rows] },
        async (own) => {
          const sums = await world.allDone((async () => new CovarianceSums(addon, native, problem))());
          const shares = own.map(([rows]) => rows);
          const travelling = { points: centres, values: logWeights };
          await visitAll(world, travelling, shares, false, (tile, part) => sums.add(tile, part), run);
          return sums.products();
        },
      );
    },
  };
}

class CovarianceSums {
  readonly #addon: Addon;
  readonly #native: PosteriorKernels;
  readonly #problem: PosteriorCovarianceProblem;
  readonly #queries: Matrix;
  readonly #vectors: Matrix;
  readonly #logs: Float64Array;
  readonly #mean: Float64Array;
  readonly #products: Float64Array;

  constructor(addon: Addon, native: PosteriorKernels, problem: PosteriorCovarianceProblem) {
    const { rows: n, columns: d } = problem.queries;
    this.#addon = addon;
    this.#native = native;
    this.#problem = problem;
    this.#queries = inFloat64(problem.queries);
    this.#vectors = inFloat64(problem.vectors);
    this.#logs = new Float64Array(n).fill(-Infinity);
    this.#mean = allocate('float64', n * d, 'sums for posterior means') as Float64Array;
    this.#products = allocate('float64', n * d, 'posterior covariances times vectors') as Float64Array;
  }

  async add({ points, values }: Tile, run: RunControl): Promise<void> {
    const n = this.#queries.rows;
    if (n === 0) return;
    const part = {
      queries: this.#queries,
      centres: inFloat64(points),
      logWeights: values && Float64Array.from(values),
      variance: this.#problem.variance,
    };
    const parts = new Float64Array(2 * n);
    const { signal } = run;
    const { mean } = await nativeScore(this.#addon, { ...part, want: { mean: true } }, { signal }, parts);
    const vectors = this.#vectors;
    const partProducts = await this.#native.posteriorCovarianceProduct({ ...part, vectors }, run);
    await withControl({ signal }, (control) =>
      this.#addon.addCovariancePart({
        n,
        d: this.#queries.columns,
        vectors: vectors.data,
        logs: this.#logs,
        meanSums: this.#mean,
        products: this.#products,
        ...{ mean, parts, partProducts, control },
      }),
    );
  }

  products(): PosteriorCovarianceProblem['queries']['data'] {
    const out = allocate(dtypeOf(this.#problem.queries), this.#products.length, 'products');
    out.set(this.#products);
    return out;
  }
}

function inFloat64({ data, rows, columns }: Matrix): Matrix {
  return { data: Float64Array.from(data), rows, columns };
}
