import { type FloatData, type NdArray, allocate, dtypeOf } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';

/**
 * Over which directions the one smoothing variance of a moving cloud contracts as the map does: those in which the points
 * near a point are spread (`spread`), or all d of them alike (`trace`).
 */
export type Contraction = 'spread' | 'trace';

/** The rule, or the default. Throws INVALID_ARGUMENT unless it is one of them. */
export function checkContraction(rule: Contraction = 'spread'): Contraction {
  if (rule !== 'spread' && rule !== 'trace')
    throw invalidArgument('contraction', '"spread" or "trace"', rule);
  return rule;
}

/** Points at which the spread is measured, where there are more. */
const SAMPLE = 250;
/** Values of a cloud up to which every point is asked in every direction: no sampling error. */
const EXACT_VALUES = 4096;
/** What rounding does to the trace of a posterior covariance, in σ². */
const TRACE_ROUNDING = { float32: 1e-5, float64: 1e-12 };

/** A cloud and what its score kernel said at its own points. */
export interface SeenCloud {
  positions: NdArray;
  /** Weights that sum to 1, all equal by default, and their logarithms. */
  weights?: Float64Array;
  logWeights?: FloatData;
  /** σ² of the kernel. */
  variance: number;
  /** Δlog(…) at the points. */
  divergence: FloatData;
}

/**
 * How fast the smoothing variance s contracts: the mean over points of a mean of the Hessian's eigenvalues, where the
 * Hessian of the log-density is (Σ/σ² − I)/σ² with the posterior covariance Σ of the points seen from x. Over all
 * directions alike that is Δlog(…)/d. Over the directions in which the points near x are spread, it is tr(HΣ)/tr Σ
 * = (tr Σ²/(σ² tr Σ) − 1)/σ². Where the cloud fills its space alike in all directions, the two are the same, as they are
 * for isolated points. Where it lies near a thin manifold of few dimensions, the first is nearly −1/σ² whatever the points
 * do, since most directions hold none of them; the second is what the map does along the manifold.
 *
 * tr Σ² = E|Σu|² by M. F. Hutchinson's estimate (Communications in Statistics 18 (1989)), from one vector u of random signs
 * for each of 250 points that a seed chooses, the same throughout a run; of small clouds exactly.
 */
export class ContractionRate {
  readonly #rule: Contraction;
  readonly #seed: number | undefined;
  #probes: { rows: Int32Array; vectors: FloatData } | undefined;

  constructor(rule: Contraction, seed: number | undefined) {
    this.#rule = rule;
    this.#seed = seed;
  }

  /**
   * d(log s)/2dt under the flow ẋ = ∇log(…), so that s contracts by (1 + τ · rate)² in a layer of noise τ. O(n d · min(n, 250))
   * time beside what is given.
   */
  async of(kernels: Kernels, seen: SeenCloud, run: RunControl = {}): Promise<number> {
    const { positions, weights, logWeights, variance, divergence } = seen;
    const [n, d] = positions.shape;
    if (this.#rule === 'trace' || d === 1) return (await meanOfAll(kernels, divergence, weights)) / d;
    const { rows, vectors } = (this.#probes ??= await this.#probesAmong(kernels, positions));
    const products = await kernels.posteriorCovarianceProduct(
      {
        queries: rows.length === n ? asMatrix(positions) : asMatrix(takeRows(positions, rows)),
        vectors: { data: vectors, rows: rows.length, columns: d },
        centres: asMatrix(positions),
        logWeights,
        variance,
      },
      { signal: run.signal },
    );
    // A trace is a small difference: below its rounding the points near x are not spread at all, and from there on little
    // by little, so that the rate is a continuous function of time.
    const rounding = variance * TRACE_ROUNDING[dtypeOf(positions)];
    let sum = 0;
    let total = 0;
    for (let at = 0; at < rows.length; at++) {
      const i = rows[at];
      const weight = weights ? weights[i] : 1;
      const trace = variance * (variance * divergence[i] + d);
      let square = 0;
      let along = 0;
      for (let k = at * d; k < (at + 1) * d; k++) {
        square += products[k] ** 2;
        along += products[k] * vectors[k];
      }
      // |Σu|² ≤ tr Σ · uᵀΣu, which holds what sums within a tolerance do to the trace.
      const eigenvalue = Math.min(square / trace, along);
      if (trace > rounding) sum += weight * eigenvalue * (1 - rounding / trace);
      total += weight;
    }
    [sum, total] = await totalsOf(kernels, sum, total);
    return (sum / total / variance - 1) / variance;
  }

  /** Those of the whole cloud that are at this rank's points, by its own row numbers. */
  async #probesAmong(kernels: Kernels, { data, shape: [own, d] }: NdArray) {
    const { first, total } = await placeOf(kernels, own, 'positions');
    const whole = this.#choose(total, d, dtypeOf({ data }));
    if (own === total) return whole;
    const here = whole.rows
      .map((_, at) => at)
      .filter((at) => {
        const row = whole.rows[at] - first;
        return row >= 0 && row < own;
      });
    const vectors = takeRows({ data: whole.vectors, shape: [whole.rows.length, d] }, here);
    return { rows: here.map((at) => whole.rows[at] - first), vectors: vectors.data };
  }

  #choose(n: number, d: number, dtype: 'float32' | 'float64') {
    if (n * d <= EXACT_VALUES) return everyDirection(n, d, dtype);
    const rows =
      n <= SAMPLE
        ? Int32Array.from({ length: n }, (_, i) => i)
        : new RandomStream(this.#seed, 'subsample', 1).choose(n, SAMPLE).sort();
    const vectors = allocate(dtype, rows.length * d, 'random vectors');
    new RandomStream(this.#seed, 'probe').fillUniform(vectors);
    for (let k = 0; k < vectors.length; k++) vectors[k] = vectors[k] < 0.5 ? -1 : 1;
    return { rows, vectors };
  }
}

/** Every point d times, with √d times each of the unit vectors: E|Σu|² over them is tr Σ² itself. */
function everyDirection(n: number, d: number, dtype: 'float32' | 'float64') {
  const rows = Int32Array.from({ length: n * d }, (_, at) => Math.floor(at / d));
  const vectors = allocate(dtype, n * d * d, 'vectors in all directions');
  for (let at = 0; at < n * d; at++) vectors[at * d + (at % d)] = Math.sqrt(d);
  return { rows, vectors };
}

/** Σ w_i a_i with weights that sum to 1, all equal by default. */
export function weightedMean(values: FloatData, weights?: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights ? weights[i] * values[i] : values[i];
  return weights ? sum : sum / values.length;
}

/** The same over the points of all ranks; their weights sum to 1 together. */
async function meanOfAll(kernels: Kernels, values: FloatData, weights?: Float64Array): Promise<number> {
  if (kernels.ranks.size === 1) return weightedMean(values, weights);
  const own = values.length === 0 ? 0 : weightedMean(values, weights);
  const [sum, count] = await totalsOf(kernels, weights ? own : own * values.length, values.length);
  return weights ? sum : sum / count;
}
