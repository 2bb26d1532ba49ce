import type { NdArray } from '../../core/array.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { allocate, allocateIntegers, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { RandomStream } from '../../core/random.js';
import { type CallOptions, checkInteger } from '../../core/options.js';
import { kernelsFor } from '../../kernel/backend.js';
import { asMatrix } from '../../kernel/checks.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

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
  readonly #each: number;

  /** Throws INVALID_ARGUMENT, OUT_OF_MEMORY. O(8 · from) memory. */
  constructor(
    readonly from: number,
    readonly to: number,
    seed?: number,
  ) {
    checkCall(METHODS.RandomProjection.new, { from, to, seed });
    checkInteger(from, 'from', 1);
    checkInteger(to, 'to', 1, from);
    this.#each = Math.min(NONZEROS, to);
    const count = from * this.#each;
    const uniform = allocate('float64', count, 'a projection');
    new RandomStream(seed, 'directions', from).fillUniform(uniform);
    this.#places = allocateIntegers(count, 'a projection');
    for (let at = 0; at < count; at++) {
      const block = at % this.#each;
      const start = Math.floor((block * to) / this.#each);
      const size = Math.floor(((block + 1) * to) / this.#each) - start;
      const drawn = Math.floor(2 * size * uniform[at]);
      const place = start + (drawn >> 1);
      this.#places[at] = drawn & 1 ? place : ~place;
    }
  }

  /**
   * Projects rows: n × from to n × to, in their dtype.
   *
   * @throws INVALID_SHAPE, INVALID_DTYPE, UNSUPPORTED, OUT_OF_MEMORY, ABORTED. O(8 · n · from) time.
   */
  async apply(points: NdArrayLike, options: CallOptions = {}): Promise<NdArray> {
    ({ points } = checkCall(METHODS.RandomProjection.apply, { points, options }));
    const { n } = checkPoints(points, 'points', { dimension: this.from });
    const cloud = toDtype(points, options.dtype);
    const kernels = await kernelsFor(options, dtypeOf(cloud));
    const [each, columns] = [this.#each, this.to];
    const data = await kernels.signedSums(
      { points: asMatrix(cloud), places: this.#places, each, columns, scale: 1 / Math.sqrt(each) },
      options,
    );
    return { data, shape: [n, columns] };
  }
}
