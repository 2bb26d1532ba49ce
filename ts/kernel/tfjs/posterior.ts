import { plainProduct } from '../plain-product.js';
import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Matrix, RunControl } from '../contract.js';
import type { PosteriorCovarianceProblem } from '../contract/posterior.js';
import { plainCovarianceProduct } from './plain-row.js';
import { blocks, columnMeans } from './points.js';

const QUERY_TILE = 128;
const CENTRE_TILE = 1024;
/** Weights below e^−40 of the largest are less than the rounding of a float64 sum. */
const NEGLIGIBLE = 40;
/** Rounding of a logit, as products in float64 make it, beyond which a query is weighed plainly. */
const SHOWN = 1e-8;

/** {@link PosteriorKernels.posteriorCovarianceProduct}, by plain loops: the engines have no float64. */
export async function posteriorCovarianceProduct(
  { queries, vectors, centres, logWeights, variance }: PosteriorCovarianceProblem,
  run?: RunControl,
): Promise<FloatData> {
  const { rows: n, columns: d } = queries;
  const out = allocate(dtypeOf(queries), n * d, 'posterior covariances times vectors');
  const pace = new Pace(run, n * centres.rows);
  const origin = await columnMeans(centres, pace);
  for (const [start, count] of blocks(n, QUERY_TILE)) {
    const { matrix: x, squares } = centredRows(queries, start, count, origin);
    // Queries and vectors meet the centres in one product: rows [0, count) are x − o, rows [count, 2·count) are v.
    const pair = new Float64Array(2 * count * d);
    pair.set(x.data);
    pair.set(vectors.data.subarray(start * d, (start + count) * d), count * d);
    const sums = new Moments(count, d);
    let largest = 0;
    for (const [from, width] of blocks(centres.rows, CENTRE_TILE)) {
      const c = centredRows(centres, from, width, origin);
      for (const square of c.squares) largest = Math.max(largest, square);
      // log w − |x − c|²/2σ² without the |x|², which is the same for all centres of a query.
      const bias = c.squares.map((square, j) => (logWeights?.[from + j] ?? 0) - square / (2 * variance));
      const products = await plainProduct({ data: pair, rows: 2 * count, columns: d }, c.matrix, true, pace);
      for (let i = 0; i < count; i++) {
        const logits = products.subarray(i * width, (i + 1) * width);
        for (let j = 0; j < width; j++) logits[j] = bias[j] + logits[j] / variance;
        sums.weigh(i, logits, products.subarray((count + i) * width, (count + i + 1) * width));
        await pace.tick(width);
      }
      sums.add(
        await plainProduct({ data: products, rows: 2 * count, columns: width }, c.matrix, false, pace),
      );
    }
    sums.writeTo(out, start);
    const radius = Math.sqrt(largest);
    for (let i = 0; i < count; i++) {
      const error = (Number.EPSILON * (Math.sqrt(squares[i]) + radius) * radius) / variance;
      if (error < SHOWN) continue;
      const row = [(start + i) * d, (start + i + 1) * d] as const;
      const rows = [queries.data, vectors.data, out].map((data) => data.subarray(...row));
      const logs = logWeights ?? new Float64Array(centres.rows);
      plainCovarianceProduct(rows[0], rows[1], centres, logs, variance, rows[2]);
      await pace.tick(0);
    }
  }
  await pace.finish();
  return out;
}

/** Sums over centres for the rows of a tile, relative to exp(max). */
class Moments {
  readonly #count: number;
  readonly #d: number;
  readonly #max: Float64Array;
  readonly #mass: Float64Array;
  /** Σ r (c·v). */
  readonly #slope: Float64Array;
  /** Rows [0, count): Σ r c. Rows [count, 2·count): Σ r (c·v) c. */
  readonly #vectors: Float64Array;

  constructor(count: number, d: number) {
    this.#count = count;
    this.#d = d;
    this.#max = new Float64Array(count).fill(-Infinity);
    this.#mass = new Float64Array(count);
    this.#slope = new Float64Array(count);
    this.#vectors = new Float64Array(2 * count * d);
  }

  /** Turns logits into weights r, and the products c·v into r (c·v), both in place. */
  weigh(i: number, logits: Float64Array, slopes: Float64Array): void {
    let candidate = -Infinity;
    for (let j = 0; j < logits.length; j++) if (logits[j] > candidate) candidate = logits[j];
    if (candidate > this.#max[i]) this.#raise(i, candidate);
    const max = this.#max[i];
    if (max === -Infinity) {
      logits.fill(0);
      slopes.fill(0);
      return;
    }
    let mass = 0;
    let slope = 0;
    for (let j = 0; j < logits.length; j++) {
      const logit = logits[j] - max;
      const weight = logit > -NEGLIGIBLE ? Math.exp(logit) : 0;
      logits[j] = weight;
      slopes[j] *= weight;
      mass += weight;
      slope += slopes[j];
    }
    this.#mass[i] += mass;
    this.#slope[i] += slope;
  }

  #raise(i: number, max: number): void {
    const factor = Math.exp(this.#max[i] - max);
    this.#max[i] = max;
    this.#mass[i] *= factor;
    this.#slope[i] *= factor;
    const d = this.#d;
    for (const row of [i, this.#count + i]) {
      for (let k = row * d; k < (row + 1) * d; k++) this.#vectors[k] *= factor;
    }
  }

  add(vectors: Float64Array): void {
    for (let at = 0; at < vectors.length; at++) this.#vectors[at] += vectors[at];
  }

  /** E[(c·v) c] − E[c·v] E[c]. */
  writeTo(out: FloatData, start: number): void {
    const [count, d] = [this.#count, this.#d];
    for (let i = 0; i < count; i++) {
      const mass = this.#mass[i];
      if (mass === 0) continue;
      const slope = this.#slope[i] / mass;
      for (let k = 0; k < d; k++) {
        const first = this.#vectors[i * d + k];
        const second = this.#vectors[(count + i) * d + k];
        out[(start + i) * d + k] = (second - slope * first) / mass;
      }
    }
  }
}

/** Some rows about an origin, in float64, with their squared norms. */
function centredRows(
  { data, columns: d }: Matrix,
  start: number,
  count: number,
  origin: Float64Array,
): { matrix: Matrix<Float64Array>; squares: Float64Array } {
  const centred = new Float64Array(count * d);
  const squares = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < d; k++) {
      const value = data[(start + i) * d + k] - origin[k];
      centred[i * d + k] = value;
      squares[i] += value * value;
    }
  }
  return { matrix: { data: centred, rows: count, columns: d }, squares };
}
