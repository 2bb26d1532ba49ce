import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { type CallOptions, partOf } from '../core/options.js';
import { takeRows } from '../core/rows.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, ScoreResult } from '../kernel/contract.js';
import type { ScoreProblem } from '../kernel/contract.js';
import { shuffledRows } from './blocks.js';
import type { Samples } from './samples.js';

/** Points on which the bandwidth is chosen, at most. */
const TRIAL_POINTS = 2048;
/** Bandwidths of the coarse search, and steps of the fine one. */
const COARSE = 9;
const FINE = 6;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * A Gaussian kernel density whose covariance is that of the points: kernels of variance σ² about centres that are drawn
 * towards the mean along each axis, c = y√(1 − σ²/v). At the largest σ² it is, for equal variances v, the Gaussian itself; at
 * small σ² the usual kernel density. Source: M. West, J. R. Stat. Soc. B 55 (1993), 409–422.
 */
export class MatchedKernelDensity {
  readonly #kernels: Kernels;
  /** Of this rank's points. */
  readonly coordinates: NdArray;
  /** Points of all ranks, and the number of this rank's first. */
  readonly n: number;
  readonly #first: number;
  readonly #variances: Float64Array;

  /** `coordinates`: of points of n about their mean, uncorrelated, of these variances along the axes. */
  constructor(
    { kernels, n, first }: Pick<Samples, 'kernels' | 'n' | 'first'>,
    coordinates: NdArray,
    variances: Float64Array,
  ) {
    this.#kernels = kernels;
    this.coordinates = coordinates;
    this.n = n;
    this.#first = first;
    this.#variances = variances;
  }

  /** The largest σ² there is. */
  get largest(): number {
    return this.#variances.reduce((least, value) => Math.min(least, value), Infinity);
  }

  /** Results at every point, from the kernels of all others. `logDensity` is that of the mean of n − 1 kernels. O(n²d) time. */
  async leaveOneOut(
    variance: number,
    want: ScoreProblem['want'],
    options: Pick<CallOptions, 'signal' | 'onProgress'>,
  ): Promise<ScoreResult> {
    const { data, shape } = this.coordinates;
    const [n, d] = shape;
    const centres = allocate(dtypeOf(this.coordinates), n * d, 'centres of kernels');
    const factors = this.#variances.map((value) => Math.sqrt(Math.max(0, 1 - variance / value)));
    for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) centres[i * d + k] = factors[k] * data[i * d + k];
    const result = await this.#kernels.score(
      {
        queries: asMatrix(this.coordinates),
        centres: { data: centres, rows: n, columns: d },
        variance,
        want,
        excludeSelf: true,
      },
      options,
    );
    // The kernel gives every centre the weight 1/n.
    const correction = Math.log(this.n / (this.n - 1));
    const { logDensity } = result;
    if (logDensity) for (let i = 0; i < n; i++) logDensity[i] += correction;
    return result;
  }

  /**
   * Posterior means, n × d, and Σ_k weight_k Var(c_k) of the centres seen from every point, from those of all others. O(n²d)
   * time.
   */
  async leaveOneOutMoments(
    variance: number,
    weights: Float64Array,
    options: Pick<CallOptions, 'signal' | 'onProgress'>,
  ): Promise<{ mean: FloatData; spread: Float64Array }> {
    const { data, shape } = this.coordinates;
    const [n, d] = shape;
    const dtype = dtypeOf(this.coordinates);
    const factors = this.#variances.map((value) => Math.sqrt(Math.max(0, 1 - variance / value)));
    // The kernel averages coordinates: one more holds Σ weight_k c_k², in a unit so small that distances do not feel it.
    const squares = new Float64Array(n);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < d; k++) squares[i] += weights[k] * (factors[k] * data[i * d + k]) ** 2;
    const own = squares.reduce((most, value) => Math.max(most, value), 0);
    const [largest] = await this.#kernels.largestOverRanks([own]);
    const unit = largest > 0 ? (Math.sqrt(variance) * (dtype === 'float64' ? 1e-6 : 1e-4)) / largest : 1;
    const centres = allocate(dtype, n * (d + 1), 'centres of kernels');
    const queries = allocate(dtype, n * (d + 1), 'queries of kernels');
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < d; k++) {
        queries[i * (d + 1) + k] = data[i * d + k];
        centres[i * (d + 1) + k] = factors[k] * data[i * d + k];
      }
      centres[i * (d + 1) + d] = unit * squares[i];
    }
    const matrix = (values: FloatData) => ({ data: values, rows: n, columns: d + 1 });
    const problem = { queries: matrix(queries), centres: matrix(centres), variance, excludeSelf: true };
    const found = await this.#kernels.score({ ...problem, want: { mean: true } }, options);
    const mean = allocate(dtype, n * d, 'posterior means');
    const spread = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = found.mean!.subarray(i * (d + 1), (i + 1) * (d + 1));
      mean.set(row.subarray(0, d), i * d);
      spread[i] = row[d] / unit;
      for (let k = 0; k < d; k++) spread[i] -= weights[k] * row[k] ** 2;
      spread[i] = Math.max(0, spread[i]);
    }
    return { mean, spread };
  }

  /**
   * The σ² that a goal, to be made large, is largest at: searched on at most 2048 points by the option `seed`, then scaled
   * by (n/2048)^(−rate). The goal is asked of the density of those points.
   */
  async bestVariance(
    goal: (density: MatchedKernelDensity, variance: number, run: CallOptions) => Promise<number>,
    rate: number,
    options: CallOptions,
  ): Promise<number> {
    const d = this.coordinates.shape[1];
    const { n } = this;
    const trial = this.#some(TRIAL_POINTS, options.seed);
    const count = Math.min(n, TRIAL_POINTS);
    const value = async (log: number, step: number) => {
      const run = partOf(options, step / (COARSE + FINE), (step + 1) / (COARSE + FINE));
      const found = await goal(trial, this.largest * Math.exp(log), run);
      return Number.isNaN(found) ? -Infinity : found;
    };
    // From the Gaussian down to well below the distance to a neighbour.
    const span = 4 + (2 / d) * Math.log(count);
    const grid = Array.from({ length: COARSE }, (_, i) => (-span * i) / (COARSE - 1));
    const values: number[] = [];
    for (const log of grid) values.push(await value(log, values.length));
    const best = values.reduce((at, found, i) => (found > values[at] ? i : at), 0);
    let [low, high] = [grid[Math.min(best + 1, COARSE - 1)], grid[Math.max(best - 1, 0)]];
    let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    let [atLeft, atRight] = [await value(left, COARSE), await value(right, COARSE + 1)];
    for (let step = 2; step < FINE; step++) {
      if (atLeft > atRight) {
        [high, right, atRight] = [right, left, atLeft];
        left = high - GOLDEN * (high - low);
        atLeft = await value(left, COARSE + step);
      } else {
        [low, left, atLeft] = [left, right, atRight];
        right = low + GOLDEN * (high - low);
        atRight = await value(right, COARSE + step);
      }
    }
    const chosen = Math.max(atLeft, atRight) >= values[best] ? (atLeft > atRight ? left : right) : grid[best];
    return this.largest * Math.exp(chosen) * (n / count) ** -rate;
  }

  #some(most: number, seed: number | undefined): MatchedKernelDensity {
    const { n } = this;
    if (n <= most) return this;
    const chosen = shuffledRows(n, seed)
      .subarray(0, most)
      .map((row) => row - this.#first);
    const own = chosen.filter((row) => row >= 0 && row < this.coordinates.shape[0]);
    const points = takeRows(this.coordinates, own, 'trial points');
    // A sum over all ranks has no use for where each of these is.
    return new MatchedKernelDensity({ kernels: this.#kernels, n: most, first: 0 }, points, this.#variances);
  }
}
