import { type FloatData, dtypeOf, storage } from '../core/array.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import type { DensityRequest } from './measure.js';
import type { Part, PartValues } from './part.js';
import type { WeightedCloud } from './weighted-cloud.js';

/** Gaussians of one variance σ² in every direction around weighted centres. O(nmd) time. */
export class IsotropicPart implements Part {
  readonly logWeight: number;
  readonly #cloud: WeightedCloud;
  readonly #variance: number;

  constructor(logWeight: number, cloud: WeightedCloud, variance: number) {
    this.logWeight = logWeight;
    this.#cloud = cloud;
    this.#variance = variance;
  }

  async evaluate(
    kernels: Kernels,
    tile: Matrix,
    { derivatives: wanted }: { derivatives: boolean },
    run: RunControl,
  ): Promise<PartValues> {
    const want = { logDensity: true, mean: wanted, divergence: wanted };
    const { logDensity, mean, divergence } = await this.#values(kernels, tile, want, run);
    return {
      logDensity: logDensity!,
      derivatives: async () => ({
        score: this.#scoreOf(kernels, tile.data, mean!),
        divergence: divergence!,
      }),
    };
  }

  /** Log-density, score and divergence as wanted, straight from the kernel. */
  async density(
    kernels: Kernels,
    points: Matrix,
    { logDensity, score: wantsScore, divergence, into }: DensityRequest,
    run: RunControl,
  ): Promise<{ logDensity?: FloatData; score?: FloatData; divergence?: FloatData }> {
    const dtype = dtypeOf(points);
    const values = await this.#values(kernels, points, { logDensity, mean: wantsScore, divergence }, run, {
      mean: wantsScore ? storage(into?.score, dtype, points.data.length, 'posterior means') : undefined,
      divergence: divergence ? storage(into?.divergence, dtype, points.rows, 'divergences') : undefined,
    });
    const score = values.mean && this.#scoreOf(kernels, points.data, values.mean);
    return { logDensity: values.logDensity, score, divergence: values.divergence };
  }

  #values(
    kernels: Kernels,
    queries: Matrix,
    want: { mean?: boolean; logDensity?: boolean; divergence?: boolean },
    run: RunControl,
    into?: { mean?: FloatData; divergence?: FloatData },
  ) {
    const cloud = this.#cloud.centres(dtypeOf(queries));
    return kernels.score({ queries, ...cloud, variance: this.#variance, want, into }, run);
  }

  /** (mean − x)/σ², in place of the mean. */
  #scoreOf(kernels: Kernels, points: FloatData, mean: FloatData): FloatData {
    kernels.linearCombination(mean, [
      { coefficient: 1 / this.#variance, array: mean },
      { coefficient: -1 / this.#variance, array: points },
    ]);
    return mean;
  }

  /** −v/σ² + Cov_r(c)v/σ⁴. */
  async hessianVector(kernels: Kernels, tile: Matrix, vectors: Matrix, run: RunControl): Promise<FloatData> {
    const variance = this.#variance;
    const cloud = this.#cloud.centres(dtypeOf(tile));
    const out = await kernels.posteriorCovarianceProduct({ queries: tile, vectors, ...cloud, variance }, run);
    kernels.linearCombination(out, [
      { coefficient: -1 / variance, array: vectors.data },
      { coefficient: 1 / variance ** 2, array: out },
    ]);
    return out;
  }
}
