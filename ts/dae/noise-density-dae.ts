import { type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { Pace, unlessAborted } from '../core/pace.js';
import { checkFinite } from '../kernel/checks.js';
import type { EmpiricalMeasure } from '../measure/empirical.js';
import { centred } from './centring.js';
import type { NoiseDensity } from './noise.js';
import { type Derivative, PosteriorSums } from './posterior-sums.js';
import { type Batch, BatchMap, type DaeMap, toBatch } from './transport-map.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/** Values of the differences that are in flight at once. */
const TILE_VALUES = 1 << 15;

/**
 * The DAE map of a cloud for noise of any density ν: g(x) = Σ r_i y_i with r_i ∝ w_i ν(x − y_i). Its Jacobian is
 * Jv = Cov_r(y, s·v) with s_i = ∇log ν(x − y_i). O(nmd) time for n queries and m points, O(md) memory.
 */
export class NoiseDensityDae extends BatchMap implements DaeMap {
  readonly #noise: NoiseDensity;
  readonly #points: NdArray;
  readonly #logWeights: Float64Array;
  readonly #origin: Float64Array;
  /** The points about the origin, so that a cloud far from 0 keeps the digits of its covariances. */
  readonly #centred: Float64Array;

  constructor(measure: EmpiricalMeasure, noise: NoiseDensity) {
    super(measure.dimension);
    this.#noise = noise;
    this.#points = measure.points;
    this.#logWeights = measure.weights.map(Math.log);
    this.#origin = measure.mean();
    this.#centred = centred(toDtype(measure.points, 'float64'), this.#origin).data as Float64Array;
  }

  protected async move(batch: Batch): Promise<FloatData> {
    const d = this.dimension;
    const out = allocate(dtypeOf(batch.x), batch.x.data.length, 'moved points');
    await this.#forRows(
      batch,
      () => undefined,
      (sums, i) =>
        out.set(
          sums.mean().map((value, k) => value + this.#origin[k]),
          i * d,
        ),
    );
    return out;
  }

  protected async push(batch: Batch, v: NdArray): Promise<FloatData> {
    const d = this.dimension;
    const out = allocate(dtypeOf(batch.x), batch.x.data.length, 'Jacobian–vector products');
    await this.#forRows(
      batch,
      (i) => ({ vector: v.data.subarray(i * d, (i + 1) * d) }),
      (sums, i) => out.set(sums.jacobianVector(), i * d),
    );
    checkFinite(batch.kernels, { data: out, shape: batch.x.shape }, this.#resultName);
    return out;
  }

  async divergence(x: NdArrayLike, options: CallOptions = {}): Promise<FloatData> {
    ({ x } = checkCall(METHODS.DaeMap.divergence, { x, options }));
    const batch = await toBatch(x, this.dimension, options);
    const data = allocate(dtypeOf(batch.x), x.shape[0], 'divergences');
    await this.#forRows(
      batch,
      () => 'trace',
      (sums, i) => (data[i] = sums.trace()),
    );
    checkFinite(batch.kernels, { data, shape: [data.length] }, this.#resultName);
    return data;
  }

  get #resultName(): string {
    return `the Jacobian from the score of ${this.#noise.name}`;
  }

  async potential(): Promise<FloatData> {
    throw new RidgeflowError(
      'UNSUPPORTED',
      `The map for ${this.#noise.name} is not the gradient of a function, so it has no potential: use Gaussian noise`,
    );
  }

  /** The sums over all points, for each row of x in turn. */
  async #forRows(
    { x, options }: Batch,
    derivativeAt: (row: number) => Derivative | undefined,
    take: (sums: PosteriorSums, row: number) => void,
  ): Promise<void> {
    const [n, d] = x.shape;
    const m = this.#logWeights.length;
    const width = Math.min(m, Math.max(1, Math.floor(TILE_VALUES / d)));
    const buffer = new Float64Array(width * d);
    const pace = new Pace(options, n * m);
    for (let i = 0; i < n; i++) {
      const query = x.data.subarray(i * d, (i + 1) * d);
      const derivative = derivativeAt(i);
      const sums = new PosteriorSums(d, derivative);
      for (let from = 0; from < m; from += width) {
        const to = Math.min(m, from + width);
        const differences = this.#differences(buffer, query, from, to);
        const logs = await this.#weigh(differences, i, from, options);
        const scores = derivative && (await this.#scores(differences, options));
        sums.add(this.#centred.subarray(from * d, to * d), logs, scores);
        await pace.tick(to - from);
      }
      if (sums.empty) throw outOfSupport(i, this.#noise);
      take(sums, i);
    }
    await pace.finish();
  }

  /** x − y_j for points [from, to), in the buffer. */
  #differences(buffer: Float64Array, query: FloatData, from: number, to: number): NdArray {
    const d = query.length;
    const points = this.#points.data;
    for (let j = 0; j < to - from; j++) {
      for (let k = 0; k < d; k++) buffer[j * d + k] = query[k] - points[(from + j) * d + k];
    }
    return { data: buffer.subarray(0, (to - from) * d), shape: [to - from, d] };
  }

  /** log w_j + log ν(x − y_j). */
  async #weigh(
    differences: NdArray,
    row: number,
    from: number,
    { signal }: CallOptions,
  ): Promise<Float64Array> {
    const count = differences.shape[0];
    // A function of the user need not look at the signal.
    const logs = await unlessAborted(signal, Promise.resolve(this.#noise.logDensity(differences)));
    this.#checkLength(logs, count, 'logDensity');
    const weighted = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      if (!(logs[j] < Infinity)) {
        throw new RidgeflowError(
          'NON_FINITE',
          `Expected a finite number or −∞ from logDensity of ${this.#noise.name} but received ${logs[j]} for row ` +
            `${row} of x and point ${from + j} (counted from 0)`,
          { details: { row, point: from + j } },
        );
      }
      weighted[j] = this.#logWeights[from + j] + logs[j];
    }
    return weighted;
  }

  async #scores(differences: NdArray, { signal }: CallOptions): Promise<ArrayLike<number>> {
    if (!this.#noise.score) {
      throw new RidgeflowError(
        'UNSUPPORTED',
        `The Jacobian needs the score of ${this.#noise.name}: give noiseFromDensity a score, ∇log of the density`,
      );
    }
    const scores = await unlessAborted(signal, Promise.resolve(this.#noise.score(differences)));
    this.#checkLength(scores, differences.data.length, 'score');
    return scores;
  }

  #checkLength(values: ArrayLike<number>, length: number, method: string): void {
    if (values?.length === length) return;
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${length} values from ${method} of ${this.#noise.name} but received ${values?.length ?? 'none'}`,
      { details: { parameter: method } },
    );
  }
}

function outOfSupport(row: number, noise: NoiseDensity): RidgeflowError {
  return new RidgeflowError(
    'DEGENERATE_CLOUD',
    `No point of the cloud can have been moved to row ${row} of x (counted from 0) by ${noise.name}: its density is 0 ` +
      'there. Use a wider noise, or leave the row out',
    { details: { row } },
  );
}
