import type { NdArray } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import { nearestNeighbours } from '../../entropy/index.js';
import { twoNeighbourDimension } from '../../entropy/intrinsic-dimension.js';
import { entropyFromDistances } from '../../entropy/nearest-neighbour-entropy.js';
import { together } from '../../core/together.js';
import { type Labels, fisherRatio, linearProbe, silhouette } from '../../representation/index.js';
import { type AlignmentReference, alignmentWith } from '../../representation/alignment.js';
import { classesOf } from '../../representation/classes.js';
import { rankOf } from '../../representation/effective-rank.js';
import { accuracyOf, rightByClass } from '../../representation/neighbour-accuracy.js';
import { type CloudShape, orNull } from './cloud-shape.js';

/** Which neighbour's distance the entropy is estimated from. */
const NEIGHBOUR = 3;

/** Numbers of one class in one layer. */
export interface ClassMeasures {
  readonly label: number;
  readonly count: number;
  readonly neighbourAccuracy: number;
  readonly probeAccuracy: number | null;
  readonly silhouette: number;
  /** Root mean squared distance of its points from their mean. */
  readonly spread: number;
}

/** How well one layer separates the classes. */
export interface Separation {
  /** As `nearestNeighbourAccuracy`, k = 1. */
  readonly neighbourAccuracy: number;
  /** As `linearProbe`: on points that the probe has not seen. */
  readonly probeAccuracy: number | null;
  /** Its standard error, as of a share of so many points. */
  readonly probeError: number | null;
  /** As `fisherRatio`; null where every class is one point. */
  readonly fisherRatio: number | null;
  /** As `silhouette`. */
  readonly silhouette: number;
  /** Distances between class means, K × K. */
  readonly centreDistances: readonly (readonly number[])[];
  readonly classes: readonly ClassMeasures[];
}

/** What is measured of the cloud that one layer makes. Null where it has no answer: the points coincide, or are too few. */
export interface LayerMeasures {
  /** Root mean squared distance from the mean. */
  readonly spread: number | null;
  /** As `effectiveRank`. */
  readonly entropyRank: number | null;
  readonly participationRatio: number | null;
  /** As `twoNearestNeighbourDimension`, with the standard error of independent ratios. */
  readonly intrinsicDimension: number | null;
  readonly intrinsicDimensionError: number | null;
  /** As `nearestNeighbourEntropy`, over the dimension; null also for −∞. */
  readonly entropyPerDimension: number | null;
  /** Linear `centredKernelAlignment` with the last layer; null also where it is 0/0. */
  readonly alignmentWithLast: number | null;
  /** Null without labels. */
  readonly separation: Separation | null;
}

/** What the measures are taken with. */
export interface MeasureContext {
  /** Being found. */
  readonly shape: Promise<CloudShape | null>;
  /** The last layer; undefined where its rows are not the same examples, or all the same. */
  readonly last: AlignmentReference | undefined;
  readonly labels: Labels | undefined;
}

/** Measures one layer. The neighbours are searched for once. O(n²d + nd² + d³) time, O(nd + d²) memory. */
export async function measureLayer(
  points: NdArray,
  { shape, last, labels }: MeasureContext,
  call: CallOptions,
): Promise<LayerMeasures> {
  const [n, d] = points.shape;
  const k = Math.min(NEIGHBOUR, n - 1);
  const [near, extent, alignment, separation] = await together([
    nearestNeighbours(points, undefined, { ...call, k }),
    shape,
    last ? shape.then((found) => found && orNull(() => alignmentWith(found.moments, last, call))) : null,
    labels ? separationOf(points, labels, call) : null,
  ]);
  const rank = extent && rankOf(extent.spectrum);
  const { distances, indices } = near;
  const dimension = k >= 2 ? twoNeighbourDimension(distances.data, { stride: k }) : undefined;
  const known = dimension && dimension.points >= 3;
  const entropy = entropyFromDistances(distances.data, { n, d, k, stride: k });
  return {
    spread: extent && Math.sqrt(extent.moments.variance),
    entropyRank: rank && rank.entropyRank,
    participationRatio: rank && rank.participationRatio,
    intrinsicDimension: known ? finite(dimension.value) : null,
    intrinsicDimensionError: known ? finite(dimension.standardError) : null,
    entropyPerDimension: finite(entropy.value / d),
    alignmentWithLast: alignment,
    separation: separation?.({ indices, stride: k }) ?? null,
  };
}

/** Everything but the neighbours, which come when they are found. */
async function separationOf(
  points: NdArray,
  labels: Labels,
  call: CallOptions,
): Promise<(neighbours: { indices: Int32Array; stride: number }) => Separation> {
  const n = points.shape[0];
  const classes = classesOf(labels, n);
  const [{ mean, classMeans }, probe, fisher] = await together([
    silhouette(points, labels, call),
    orNull(() => linearProbe(points, labels, call)),
    fisherRatio(points, labels, call),
  ]);
  return ({ indices, stride }) => {
    const right = Uint8Array.from({ length: n }, (_, i) =>
      Number(classes.of[indices[i * stride]] === classes.of[i]),
    );
    const neighbours = accuracyOf(rightByClass(right, classes), classes);
    const count = classes.labels.length;
    const { data } = fisher.centreDistances;
    return {
      neighbourAccuracy: neighbours.accuracy,
      probeAccuracy: probe && probe.accuracy,
      probeError: probe && probe.standardError,
      fisherRatio: finite(fisher.ratio),
      silhouette: mean,
      centreDistances: classes.labels.map((_, c) => Array.from(data.subarray(c * count, (c + 1) * count))),
      classes: classes.labels.map((label, c) => ({
        label,
        count: classes.counts[c],
        neighbourAccuracy: neighbours.classAccuracies[c],
        probeAccuracy: probe && probe.classAccuracies[c],
        silhouette: classMeans[c],
        spread: fisher.spreads[c],
      })),
    };
  };
}

/** Null for NaN and infinities, which JSON cannot hold. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
