import type { NdArray } from '../../core/array.js';
import { allocate, checkPoints, dtypeOf } from '../../core/array.js';
import { RandomStream } from '../../core/random.js';
import { checkInteger } from '../../core/options.js';

/** Nonzero entries in each column of the projection. */
const NONZEROS = 8;

/**
 * A random projection from `from` to `to` ≤ `from` dimensions that keeps distances: |Pu − Pv| is |u − v| to within a factor
 * of about 1 ± √(2/to) (W. B. Johnson, J. Lindenstrauss 1984), by the sparse matrix of D. M. Kane and J. Nelson (Journal
 * of the ACM 61, 2014): in each of 8 blocks of the target every coordinate goes to one place, with a random sign. The
 * same seed and extents give the same projection.
 */
export class RandomProjection {
  readonly #places: Int32Array;
  readonly #signs: Float32Array;
  readonly #each: number;

  /** Throws INVALID_ARGUMENT. O(8 · from) memory. */
  constructor(
    readonly from: number,
    readonly to: number,
    seed?: number,
  ) {
    checkInteger(from, 'from', 1);
    checkInteger(to, 'to', 1, from);
    this.#each = Math.min(NONZEROS, to);
    const count = from * this.#each;
    const uniform = new Float64Array(count);
    new RandomStream(seed, 'directions', from).fillUniform(uniform);
    this.#places = new Int32Array(count);
    this.#signs = new Float32Array(count);
    for (let at = 0; at < count; at++) {
      const block = at % this.#each;
      const start = Math.floor((block * to) / this.#each);
      const size = Math.floor(((block + 1) * to) / this.#each) - start;
      const drawn = Math.floor(2 * size * uniform[at]);
      this.#places[at] = start + (drawn >> 1);
      this.#signs[at] = (drawn & 1 ? 1 : -1) / Math.sqrt(this.#each);
    }
  }

  /** Projects rows: n × from to n × to. Throws INVALID_SHAPE. O(8 · n · from) time. */
  apply(points: NdArray): NdArray {
    const { n } = checkPoints(points, 'points', { dimension: this.from });
    const { from, to } = this;
    const each = this.#each;
    const data = allocate(dtypeOf(points), n * to, 'a projection');
    const row = new Float64Array(to);
    for (let i = 0; i < n; i++) {
      row.fill(0);
      for (let k = 0; k < from; k++) {
        const value = points.data[i * from + k];
        if (value === 0) continue;
        for (let at = k * each; at < (k + 1) * each; at++) row[this.#places[at]] += value * this.#signs[at];
      }
      data.set(row, i * to);
    }
    return { data, shape: [n, to] };
  }
}
