import { checkPoints, dtypeOf } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions } from '../core/options.js';
import { nearestNeighbours } from '../entropy/nearest-neighbours.js';
import { kernelsFor } from '../kernel/backend.js';
import { placeOf } from '../kernel/whole.js';
import { type Classes, type Labels, classesOverRanks } from './classes.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A share of right answers. */
export interface Accuracy {
  /** 0 to 1. */
  readonly accuracy: number;
  /** √(p(1 − p)/n): of the share as an estimate for new points. */
  readonly standardError: number;
  /** The labels that occur, ascending, and the share of right answers among the points of each. */
  readonly classes: readonly number[];
  readonly classAccuracies: Float64Array;
}

/** Of right answers, 1 each, how many each class has. */
export function rightByClass(right: ArrayLike<number>, { of, counts }: Classes): Float64Array {
  const sums = new Float64Array(counts.length);
  for (let i = 0; i < of.length; i++) sums[of[i]] += right[i];
  return sums;
}

/** Numbers of right answers by class, as an {@link Accuracy}. */
export function accuracyOf(hits: Float64Array, { labels, counts }: Classes): Accuracy {
  const n = counts.reduce((total, count) => total + count, 0);
  const accuracy = hits.reduce((sum, each) => sum + each, 0) / n;
  const standardError = Math.sqrt((accuracy * (1 - accuracy)) / n);
  const classAccuracies = hits.map((each, c) => each / counts[c]);
  return { accuracy, standardError, classes: labels, classAccuracies };
}

/**
 * Leave-one-out accuracy of the k-nearest-neighbour classifier: how often most of a point's k nearest others have its
 * label; a tie goes to the label of the nearest among those tied.
 *
 * @param points n × d. @param labels one per point. @param options `k` from 1 (the default) to n − 1.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class), NON_FINITE, UNSUPPORTED, ABORTED.
 * O(n²d) time, about O(n log n) where the points fill few dimensions; O(nk + nd) memory.
 */
export async function nearestNeighbourAccuracy(
  points: NdArrayLike,
  labels: Labels,
  options: CallOptions & { k?: number } = {},
): Promise<Accuracy> {
  ({ points } = checkCall(SIGNATURES.nearestNeighbourAccuracy, { points, labels, options }));
  const { n } = checkPoints(points, 'points', { minimum: 0 });
  const kernels = await kernelsFor(options, options.dtype ?? dtypeOf(points), 'spread');
  await placeOf(kernels, n, 'points', 2);
  const classes = await classesOverRanks(kernels, labels, n);
  const { k = 1 } = options;
  const { indices } = await nearestNeighbours(points, undefined, { ...options, k });
  const said = await kernels.takeFromRanks(classes.of, indices);
  const right = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const votes = Array.from(said.subarray(i * k, (i + 1) * k));
    right[i] = Number(winner(votes) === classes.of[i]);
  }
  return accuracyOf(await kernels.sumOverRanks(rightByClass(right, classes)), classes);
}

/** The most frequent vote; of those as frequent, the one that comes first. */
function winner(votes: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1);
  let best = votes[0];
  for (const [vote, count] of counts) if (count > (counts.get(best) as number)) best = vote;
  return best;
}
