import type { Activation } from '../core/activation.js';
import { type FloatData, allocate, dtypeOf } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { asMatrix, rowsOf } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import type { Units } from './units.js';

/** Features η(a_j·x − b_j), in one element type. */
export interface Features {
  kernels: Kernels;
  activation: Activation;
  units: Units;
}

/** Features of n points and k values at each, in one element type. */
export interface RegressionProblem extends Features {
  /** n × d. */
  points: Matrix;
  /** n × k. */
  values: Matrix;
}

/** Second moments of centred features with themselves and with the values, divided by n. */
export interface NormalEquations {
  /** m × m. */
  gram: Float64Array;
  /** k × m. */
  sides: Float64Array;
  featureMeans: Float64Array;
  valueMeans: Float64Array;
}

/** Features held at once. */
export const FEATURE_TILE = 1 << 22;

export const minus = (data: FloatData) => data.map((value) => -value);

/** The features of rows [first, first + rows) of the points. */
export async function featureTile(
  { kernels, activation, units, points }: Features & { points: Matrix },
  first: number,
  rows: number,
  signal?: AbortSignal,
): Promise<Matrix> {
  const d = points.columns;
  const a = { data: points.data.subarray(first * d, (first + rows) * d), rows, columns: d };
  const data = await kernels.matmul({ a, b: asMatrix(units.a), transposeB: true }, { signal });
  const tile = { data, rows, columns: units.b.data.length };
  await kernels.activate(
    { values: tile, columnBias: minus(units.b.data), nonlinearity: activation.kernel },
    { signal },
  );
  return tile;
}

/**
 * The sums that normal equations are made of, in float64: points and values are added tile by tile, as many as there may
 * be, and not kept. O(m(m + k)) memory.
 */
export class NormalEquationSums {
  readonly #features: Features;
  readonly #gram: Float64Array;
  readonly #sides: Float64Array;
  readonly #featureSums: Float64Array;
  readonly #valueSums: Float64Array;
  #rows = 0;

  /** @param k how many values there are at each point. Throws OUT_OF_MEMORY. */
  constructor(features: Features, k: number) {
    const m = features.units.b.data.length;
    this.#features = features;
    this.#gram = allocate('float64', m * m, 'the normal equations of the output layer') as Float64Array;
    this.#sides = new Float64Array(k * m);
    this.#featureSums = new Float64Array(m);
    this.#valueSums = new Float64Array(k);
  }

  /** Rows whose features, all at once, fill a tile. */
  get tileRows(): number {
    return Math.max(64, Math.floor(FEATURE_TILE / this.#featureSums.length));
  }

  /** Adds points and the values there. O(nm(d + m + k)) time and n × m values for the while. */
  async add(points: Matrix, values: Matrix, signal?: AbortSignal): Promise<void> {
    const { kernels } = this.#features;
    const { rows } = points;
    const tile = await featureTile({ ...this.#features, points }, 0, rows, signal);
    await addTo(this.#gram, await kernels.matmul({ a: tile, b: tile, transposeA: true }, { signal }), signal);
    await addTo(
      this.#sides,
      await kernels.matmul({ a: values, b: tile, transposeA: true }, { signal }),
      signal,
    );
    const ones = { data: allocate(dtypeOf(tile), rows).fill(1), rows: 1, columns: rows };
    await addTo(this.#featureSums, await kernels.matmul({ a: ones, b: tile }, { signal }), signal);
    const k = values.columns;
    for (let i = 0; i < values.data.length; i++) this.#valueSums[i % k] += values.data[i];
    this.#rows += rows;
  }

  /** The equations of all that was added. Uses up the sums. Throws ABORTED. */
  async finish(signal?: AbortSignal): Promise<NormalEquations> {
    const [n, m, k] = [this.#rows, this.#featureSums.length, this.#valueSums.length];
    const [gram, sides] = [this.#gram, this.#sides];
    const featureMeans = this.#featureSums.map((sum) => sum / n);
    const valueMeans = this.#valueSums.map((sum) => sum / n);
    const pace = new Pace({ signal }, m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) gram[i * m + j] = gram[i * m + j] / n - featureMeans[i] * featureMeans[j];
      await pace.tick(1);
    }
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < m; j++) sides[c * m + j] = sides[c * m + j] / n - valueMeans[c] * featureMeans[j];
    }
    return { gram, sides, featureMeans, valueMeans };
  }
}

/** Between turns of the event loop, as there are many values where there are many units. */
const VALUES_A_TURN = 1 << 20;

async function addTo(sum: Float64Array, part: FloatData, signal?: AbortSignal): Promise<void> {
  const pace = new Pace({ signal }, sum.length);
  for (let first = 0; first < sum.length; first += VALUES_A_TURN) {
    const end = Math.min(sum.length, first + VALUES_A_TURN);
    for (let i = first; i < end; i++) sum[i] += part[i];
    await pace.tick(end - first);
  }
}

/** A copy of the values. Throws OUT_OF_MEMORY, ABORTED. */
export async function copyInTurns(values: Float64Array, signal?: AbortSignal): Promise<Float64Array> {
  const copy = allocate('float64', values.length, 'the equations of the output layer') as Float64Array;
  const pace = new Pace({ signal }, values.length);
  for (let first = 0; first < values.length; first += VALUES_A_TURN) {
    copy.set(values.subarray(first, first + VALUES_A_TURN), first);
    await pace.tick(VALUES_A_TURN);
  }
  return copy;
}

/** The normal equations of a problem. O(nm(d + m + k)) time, O(m(m + k)) memory and a tile. */
export async function normalEquations(
  problem: RegressionProblem,
  options: CallOptions,
): Promise<NormalEquations> {
  const { points, values } = problem;
  const sums = new NormalEquationSums(problem, values.columns);
  const pace = new Pace(options, points.rows);
  for (let first = 0; first < points.rows; first += sums.tileRows) {
    const rows = Math.min(sums.tileRows, points.rows - first);
    await sums.add(rowsOf(points, first, rows), rowsOf(values, first, rows), options.signal);
    await pace.tick(rows);
  }
  return sums.finish(options.signal);
}
