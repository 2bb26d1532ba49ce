import { type FloatData, allocate, allocateIntegers, dtypeOf } from '../../core/array.js';
import type { Kernels, Matrix, RunControl } from '../contract.js';
import type { NetworkProblem } from '../contract/training.js';

/** Rows that are corrupted and taken through the network at once: it bounds memory, whatever the batch. */
const ROWS = 4096;

/** The rows of an order that this rank holds, by their numbers in its share, and where they stand in the order. */
export class OwnRows {
  readonly #native: Pick<Kernels, 'networkLoss' | 'normals' | 'matmul'>;
  readonly #problem: NetworkProblem;
  readonly #rows: Int32Array;
  readonly #places: Int32Array;

  /** @param first the number of this rank's first row in the whole cloud. */
  constructor(
    native: Pick<Kernels, 'networkLoss' | 'normals' | 'matmul'>,
    problem: NetworkProblem,
    first: number,
  ) {
    const { order, points } = problem;
    const isOwn = (row: number) => row >= first && row < first + points.rows;
    const count = order.reduce((sum, row) => sum + (isOwn(row) ? 1 : 0), 0);
    this.#native = native;
    this.#problem = problem;
    this.#rows = allocateIntegers(count, 'rows of an epoch');
    this.#places = allocateIntegers(count, 'rows of an epoch');
    let at = 0;
    order.forEach((row, place) => {
      if (!isOwn(row)) return;
      this.#rows[at] = row - first;
      this.#places[at++] = place;
    });
  }

  /**
   * The sum of |y − target|² over the own rows among places [start, end) of the order; into ← the gradient of that sum over
   * end − start, by way of `gradient`, unless that is undefined. Throws as the native kernel.
   */
  async loss(
    {
      start,
      end,
      gradient,
      into,
    }: { start: number; end: number; gradient: FloatData | undefined; into: Float64Array },
    run?: RunControl,
  ): Promise<number> {
    const last = this.#find(end);
    let sum = 0;
    into.fill(0);
    for (let first = this.#find(start); first < last; first += ROWS) {
      const count = Math.min(ROWS, last - first);
      const pairs = await this.#pairs(first, count, run);
      const order = Int32Array.from({ length: count }, (_, i) => i);
      const { layers, parameters } = this.#problem;
      const mean = await this.#native.networkLoss(
        { layers, parameters, ...pairs, order, gradient },
        { signal: run?.signal },
      );
      sum += mean * count;
      const share = count / (end - start);
      if (gradient) for (let at = 0; at < into.length; at++) into[at] += gradient[at] * share;
    }
    return sum;
  }

  /** Some of the rows, as their noise corrupts them, and what they are to become. */
  async #pairs(
    first: number,
    count: number,
    { signal }: RunControl = {},
  ): Promise<{ points: Matrix; targets: Matrix }> {
    const { points, targets = points, noise } = this.#problem;
    const inputs = this.#taken(points, first, count);
    const wanted = this.#taken(targets, first, count);
    if (!noise) return { points: inputs, targets: wanted };
    const { model, stream } = noise;
    const d = points.columns;
    const z = allocate(dtypeOf(points), count * d, 'noise');
    // Of rows that follow each other here the noise lies anywhere in the stream.
    for (let i = 0; i < count; i++) {
      const out = z.subarray(i * d, (i + 1) * d);
      await this.#native.normals({ stream, out, first: this.#places[first + i] * d }, { signal });
    }
    const { data } = inputs;
    if (model.kind === 'masking') {
      for (let at = 0; at < data.length; at++) if (z[at] < model.threshold) data[at] = 0;
      return { points: inputs, targets: wanted };
    }
    let change: FloatData = z;
    if (model.kind === 'factor') {
      const [a, b] = [
        { data: z, rows: count, columns: d },
        { data: model.factor, rows: d, columns: d },
      ];
      change = await this.#native.matmul({ a, b, transposeB: true }, { signal });
    }
    const scale = model.kind === 'gaussian' ? model.scale : 1;
    for (let at = 0; at < data.length; at++) data[at] += scale * change[at];
    return { points: inputs, targets: wanted };
  }

  /** Rows of a matrix, in the order and in new storage. */
  #taken({ data, columns }: Matrix, first: number, count: number): Matrix {
    const out = allocate(dtypeOf({ data }), count * columns, 'rows of a minibatch');
    for (let i = 0; i < count; i++) {
      const row = this.#rows[first + i] * columns;
      out.set(data.subarray(row, row + columns), i * columns);
    }
    return { data: out, rows: count, columns };
  }

  /** How many of the own rows stand before this place. */
  #find(place: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle] < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
