import { checkPoints, dtypeOf, toDtype } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { type Labels, classesOverRanks } from './classes.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** What {@link silhouette} finds. */
export interface Silhouette {
  /** Mean over the points, −1 to 1: 1 where classes are tight and far apart, 0 where they overlap. */
  readonly mean: number;
  /** Of each point, over ranks of this rank's; 0 for the only point of its class. */
  readonly values: Float64Array;
  /** The labels that occur, ascending, and the mean over each class. */
  readonly classes: readonly number[];
  readonly classMeans: Float64Array;
}

/**
 * Silhouette of labelled points: (b − a)/max(a, b), with a the mean Euclidean distance of a point to the others of its
 * class and b the least of its mean distances to another class (P. J. Rousseeuw, Journal of Computational and Applied
 * Mathematics 20, 1987).
 *
 * @param points n × d. @param labels one per point, of at least two classes.
 * @throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_ARGUMENT, DEGENERATE_CLOUD (one class), NON_FINITE, UNSUPPORTED, ABORTED.
 * O(n²d) time, O(nK) memory for K classes.
 */
export async function silhouette(
  points: NdArrayLike,
  labels: Labels,
  options: CallOptions = {},
): Promise<Silhouette> {
  ({ points } = checkCall(SIGNATURES.silhouette, { points, labels, options }));
  const { n } = checkPoints(points, 'points', { minimum: 0 });
  const cloud = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(cloud), 'spread');
  const { total } = await placeOf(kernels, n, 'points');
  const { labels: present, of, counts } = await classesOverRanks(kernels, labels, n);
  checkSquarable(kernels, cloud, 'points');
  const matrix = asMatrix(cloud);
  const groupCount = counts.length;
  const sums = await kernels.distanceSums(
    { queries: matrix, points: matrix, groups: of, groupCount },
    options,
  );

  const values = new Float64Array(n);
  let classMeans: Float64Array = new Float64Array(groupCount);
  for (let i = 0; i < n; i++) {
    const own = of[i];
    if (counts[own] > 1) {
      const within = sums[i * groupCount + own] / (counts[own] - 1);
      let nearest = Infinity;
      for (let c = 0; c < groupCount; c++) {
        if (c !== own) nearest = Math.min(nearest, sums[i * groupCount + c] / counts[c]);
      }
      const largest = Math.max(within, nearest);
      values[i] = largest > 0 ? (nearest - within) / largest : 0;
    }
    classMeans[own] += values[i] / counts[own];
  }
  classMeans = await kernels.sumOverRanks(classMeans);
  const [sum] = await totalsOf(
    kernels,
    values.reduce((sum, value) => sum + value, 0),
  );
  const mean = sum / total;
  return { mean, values, classes: present, classMeans };
}
