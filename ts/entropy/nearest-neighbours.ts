import { type NdArray, checkPoints, checkSameDtype, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import { placeOf } from '../kernel/whole.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** The k nearest points of each query, nearest first. */
export interface Neighbours {
  /** Euclidean distances, n × k. */
  distances: NdArray;
  /** Row numbers of the points, n × k, row-major; ties go to the lower number. */
  indices: Int32Array;
}

/**
 * Exact nearest neighbours by Euclidean distance.
 *
 * @param queries n × d. @param points m × d, of the same dtype; absent: the queries themselves, each skipping itself.
 * @param options `k` from 1 to the number of points there are to choose from.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, INVALID_ARGUMENT, UNSUPPORTED, ABORTED.
 *
 * A tree of boxes where the points fill few dimensions (about O(n log m) time), all pairs through a filter of lower bounds
 * elsewhere (O(nmd)); O(nk + md) memory.
 */
export async function nearestNeighbours(
  queries: NdArrayLike,
  points: NdArrayLike | undefined,
  options: CallOptions & { k: number },
): Promise<Neighbours> {
  ({ queries, points } = checkCall(SIGNATURES.nearestNeighbours, { queries, points, options }));
  const { n, d } = checkPoints(queries, 'queries', { minimum: 0 });
  const among = points ?? queries;
  const { n: m } = checkPoints(among, 'points', { minimum: 0, dimension: d });
  checkSameDtype(queries, 'queries', among, 'points');
  const from = toDtype(queries, options.dtype);
  const to = among === queries ? from : toDtype(among, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(from), 'spread');
  await placeOf(kernels, n, 'queries');
  const { total } = await placeOf(kernels, m, 'points');
  const available = points ? total : total - 1;
  if (available < 1)
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      'Expected at least 2 points but received 1: it has no neighbours',
    );
  const k = checkInteger(options?.k, 'k', 1, available);
  checkSquarable(kernels, from, 'queries');
  if (points) checkSquarable(kernels, to, 'points');
  const { distances, indices } = await kernels.nearestNeighbours(
    { queries: asMatrix(from), points: asMatrix(to), k, excludeSelf: points === undefined },
    options,
  );
  return { distances: { data: distances, shape: [n, k] }, indices };
}
