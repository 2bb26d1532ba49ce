import { checkPoints } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import type { CallOptions } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Points whose distances are looked at: their median is steady to about a percent. */
const SAMPLE = 256;

/**
 * The median of the squared distances between the points of a cloud, for more than 256 points between 256 of them chosen
 * by `seed`. As the variance of a kernel it is the "median heuristic".
 *
 * @param points n × d, n ≥ 2.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, DEGENERATE_CLOUD where at least half of the distances are 0.
 *
 * O(min(n, 256)² d) time. Source: D. Garreau, W. Jitkrittum, M. Kanagawa, Large sample analysis of the median heuristic,
 * arXiv:1707.07269.
 */
export function medianSquaredDistance(points: NdArrayLike, options: Pick<CallOptions, 'seed'> = {}): number {
  ({ points } = checkCall(SIGNATURES.medianSquaredDistance, { points, options }));
  const { seed } = options;
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const rows = new RandomStream(seed, 'subsample').choose(n, Math.min(n, SAMPLE));
  const squares = new Float64Array((rows.length * (rows.length - 1)) / 2);
  let at = 0;
  for (let i = 1; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < d; k++)
        square += (points.data[rows[i] * d + k] - points.data[rows[j] * d + k]) ** 2;
      squares[at++] = square;
    }
  }
  const median = squares.sort()[squares.length >> 1];
  if (median > 0) return median;
  throw new RidgeflowError(
    'DEGENERATE_CLOUD',
    'Expected points that differ, but at least half of the distances between them are 0: give a variance',
  );
}
