import type { NdArrayLike } from '../core/foreign.js';
import { meanWithError } from '../entropy/estimate.js';
import type { CallOptions } from '../core/options.js';
import type { Labels } from './classes.js';
import { fisherRatio } from './fisher-ratio.js';
import { linearProbe } from './linear-probe.js';
import { nearestNeighbourAccuracy } from './neighbour-accuracy.js';
import { silhouette } from './silhouette.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How far classes lie apart, by four measures: larger is better in all of them. */
export interface Separability {
  /** Variance between the classes over that within. */
  readonly fisherRatio: number;
  /** Mean silhouette, −1 to 1. */
  readonly silhouette: number;
  /** Its standard error, as if the points were independent. */
  readonly silhouetteError: number;
  /** Share of points whose nearest other point has their label. */
  readonly neighbourAccuracy: number;
  /** Accuracy of a linear classifier on points that it has not seen. */
  readonly probeAccuracy: number;
}

/**
 * The separability of labelled points, by {@link fisherRatio}, {@link silhouette}, {@link nearestNeighbourAccuracy} and
 * {@link linearProbe}.
 *
 * @param points n × d. @param labels one per point, of at least two classes.
 * @throws As these. O(n²d) time.
 * @example const { silhouette } = await separability(points, labels);
 */
export async function separability(
  points: NdArrayLike,
  labels: Labels,
  options: CallOptions = {},
): Promise<Separability> {
  ({ points } = checkCall(SIGNATURES.separability, { points, labels, options }));
  const call = { ...options, onProgress: undefined };
  const { mean, values } = await silhouette(points, labels, call);
  return {
    fisherRatio: (await fisherRatio(points, labels, call)).ratio,
    silhouette: mean,
    silhouetteError: meanWithError(values.length, (i) => values[i]).standardError,
    neighbourAccuracy: (await nearestNeighbourAccuracy(points, labels, call)).accuracy,
    probeAccuracy: (await linearProbe(points, labels, call)).accuracy,
  };
}
