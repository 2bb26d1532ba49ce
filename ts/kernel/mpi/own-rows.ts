import { type FloatData, allocateIntegers } from '../../core/array.js';
import type { RunControl } from '../contract.js';
import type { NetworkProblem } from '../contract/training.js';
import type { Addon } from '../native/addon.js';
import { networkLoss } from '../native/training.js';

/** The rows of an order that this rank holds, by their numbers in its share, and where they stand in the order. */
export class OwnRows {
  readonly #addon: Addon;
  readonly #problem: NetworkProblem;
  readonly #rows: Int32Array;
  /** Ascending. */
  readonly #places: Int32Array;

  /** @param first the number of this rank's first row in the whole cloud. */
  constructor(addon: Addon, problem: NetworkProblem, first: number) {
    const { order, points } = problem;
    const isOwn = (row: number) => row >= first && row < first + points.rows;
    const count = order.reduce((sum, row) => sum + (isOwn(row) ? 1 : 0), 0);
    this.#addon = addon;
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
   * The sum of |y − target|² over the own rows among places [start, end) of the order, with the noise that belongs to their
   * places; into ← the gradient of that sum over end − start, by way of `gradient`, unless that is undefined. Throws as the
   * native kernel.
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
    const [first, last] = [this.#find(start), this.#find(end)];
    const count = last - first;
    if (count === 0) {
      into.fill(0);
      return 0;
    }
    const problem = { ...this.#problem, order: this.#rows.subarray(first, last), gradient };
    const places = this.#places.subarray(first, last);
    const mean = await networkLoss(this.#addon, problem, { signal: run?.signal }, places);
    const share = count / (end - start);
    if (gradient) for (let at = 0; at < into.length; at++) into[at] = gradient[at] * share;
    return mean * count;
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
