import { leadingAxes } from '../../representation/moments.js';
import type { NdArray } from '../../core/array.js';
import type { CloudShape } from './cloud-shape.js';

/** Points of one layer as they are drawn: in a principal plane that is turned to look like that of the layer before. */
export interface LayerPlane {
  /** [points, 2], centred, in units of the root mean squared distance from the mean. */
  readonly positions: NdArray;
  /** Share of the variance that the plane shows. */
  readonly explained: number;
  /** Whether the rows are probabilities, drawn by their logarithms: see {@link logits}. */
  readonly logits?: boolean;
}

/** The least probability that is told from 0. */
const LEAST_PROBABILITY = 1e-12;

/**
 * Rows of probabilities as their logarithms less the mean of those: the logits that a softmax made them of, up to what it
 * does not see. In the probabilities themselves, examples of a sure network lie on the corners of a simplex, most of whose
 * corners a plane shows on top of each other. Undefined where rows are not all probabilities of at least two outcomes.
 */
export function logits({ data, shape: [n, d] }: NdArray): NdArray | undefined {
  if (d < 2) return undefined;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = i * d; k < (i + 1) * d; k++) {
      if (!(data[k] >= 0)) return undefined;
      sum += data[k];
    }
    if (!(Math.abs(sum - 1) <= 1e-3)) return undefined;
  }
  const out = data.map((value) => Math.log(Math.max(value, LEAST_PROBABILITY)));
  for (let i = 0; i < n; i++) {
    let mean = 0;
    for (let k = i * d; k < (i + 1) * d; k++) mean += out[k] / d;
    for (let k = i * d; k < (i + 1) * d; k++) out[k] -= mean;
  }
  return { data: out, shape: [n, d] };
}

/**
 * Rows of a layer in its plane of largest variance, rotated or reflected to agree best with the plane before (orthogonal
 * Procrustes, P. H. Schönemann, Psychometrika 31, 1966), so that what moves in the picture is shape and not the choice of
 * axes. A layer one value wide lies on the first axis; one whose points coincide, at the origin. O(rows · d) time.
 */
export function alignedPlane(
  shape: CloudShape | null,
  rows: readonly number[],
  before: LayerPlane | undefined,
): LayerPlane {
  const data = new Float64Array(2 * rows.length);
  const plane = { positions: { data, shape: [rows.length, 2] }, explained: 0 };
  if (!shape) return plane;
  const { moments, spectrum } = shape;
  const { cloud, mean, variance } = moments;
  const d = cloud.columns;
  const axes = leadingAxes(moments, spectrum, 2);
  const scale = 1 / Math.sqrt(variance);
  rows.forEach((row, i) => {
    for (let axis = 0; axis * d < axes.length; axis++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += (cloud.data[row * d + k] - mean[k]) * axes[axis * d + k];
      data[2 * i + axis] = scale * sum;
    }
  });
  if (before) align(data, before.positions.data);
  const [first, second = 0] = spectrum.values;
  return { ...plane, explained: Math.min(1, (first + second) / variance) };
}

/** Turns `points` in place by the rotation or reflection that brings them nearest to `target`. */
function align(points: Float64Array, target: ArrayLike<number>): void {
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    xx += points[i] * target[i];
    xy += points[i] * target[i + 1];
    yx += points[i + 1] * target[i];
    yy += points[i + 1] * target[i + 1];
  }
  const rotation = [xx + yy, xy - yx];
  const reflection = [xx - yy, xy + yx];
  const reflected = Math.hypot(...reflection) > Math.hypot(...rotation);
  const [c, s] = reflected ? reflection : rotation;
  const size = Math.hypot(c, s);
  if (!(size > 0)) return;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], reflected ? -points[i + 1] : points[i + 1]];
    points[i] = (c * x - s * y) / size;
    points[i + 1] = (s * x + c * y) / size;
  }
}
