import { type NdArray, checkPoints } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import { placeOf } from '../kernel/whole.js';
import { type Labels, classesOverRanks } from './classes.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** What {@link fisherRatio} finds. */
export interface FisherRatio {
  /** tr S_between / tr S_within: 0 where class means coincide, also of equal points; else infinite where every
   * class is one point. */
  readonly ratio: number;
  /** Mean squared distance of a point from the mean of its class, tr S_within. */
  readonly within: number;
  /** Mean squared distance of a point's class mean from the mean of all, tr S_between. */
  readonly between: number;
  /** The labels that occur, ascending: the order of the classes below. */
  readonly classes: readonly number[];
  /** Points in each class. */
  readonly counts: Int32Array;
  /** Class means, K × d. */
  readonly centres: NdArray;
  /** Distances between class means, K × K. */
  readonly centreDistances: NdArray;
  /** Root mean squared distance of each class's points from its mean. */
  readonly spreads: Float64Array;
}

/**
 * How far apart classes lie, relative to their width: Fisher's ratio of the traces of the scatter matrices between and
 * within classes (R. A. Fisher, Annals of Eugenics 7, 1936). It does not change under rotation, shift or common scale.
 *
 * @param points n × d. @param labels one per point, of at least two classes.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class), NON_FINITE, ABORTED. O(nd + K²d) time.
 */
export async function fisherRatio(
  points: NdArrayLike,
  labels: Labels,
  options: CallOptions = {},
): Promise<FisherRatio> {
  ({ points } = checkCall(SIGNATURES.fisherRatio, { points, labels, options }));
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0 });
  throwIfAborted(options.signal);
  const kernels = await kernelsFor(options, undefined, 'spread');
  const { total: n } = await placeOf(kernels, own, 'points');
  const classes = await classesOverRanks(kernels, labels, own);
  checkSquarable(kernels, points, 'points');
  const { labels: present, of: groups, counts } = classes;
  const count = counts.length;
  const { means, squares } = await kernels.groupMoments(
    { points: asMatrix(points), groups, groupCount: count },
    options,
  );
  // About the mean of the first class, so that it is all of them where they coincide.
  const mean = means.slice(0, d);
  for (let c = 1; c < count; c++) {
    for (let k = 0; k < d; k++) mean[k] += (counts[c] / n) * (means[c * d + k] - means[k]);
  }
  let between = 0;
  for (let c = 0; c < count; c++) between += (counts[c] * squaredDistance(means, c, mean, 0, d)) / n;
  const within = squares.reduce((sum, square) => sum + square, 0) / n;
  const distances = new Float64Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const distance = Math.sqrt(squaredDistance(means, a, means, b, d));
      distances[a * count + b] = distance;
      distances[b * count + a] = distance;
    }
  }
  return {
    ratio: between === 0 ? 0 : between / within,
    within,
    between,
    classes: present,
    counts,
    centres: { data: means, shape: [count, d] },
    centreDistances: { data: distances, shape: [count, count] },
    spreads: squares.map((square, c) => Math.sqrt(square / counts[c])),
  };
}

/** |row i of a − row j of b|². */
function squaredDistance(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  d: number,
): number {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += (a[i * d + k] - b[j * d + k]) ** 2;
  return sum;
}
