import { type NdArray, allocate, dtypeOf } from '../core/array.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../core/options.js';
import { vectorLength } from '../core/rows.js';
import type { VectorLike } from '../measure/arguments.js';
import { uniformDirections } from './directions.js';
import { type SlicedClouds, checkSliced } from './sliced-wasserstein.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Directions from which the climb starts: the best of those that were tried. */
const CLIMBERS = 4;
/** A climb ends where its step, an angle in radians, is below this. */
const SMALLEST_STEP = 1e-5;

/** Options of {@link maxSlicedWasserstein}. */
export interface MaxSlicedWassersteinOptions extends CallOptions {
  /** Directions to try before the climb. Default 256. */
  directions?: number;
  /** Most steps of the climb. Default 200. */
  maximumIterations?: number;
  /** The order of the distance, at least 1. Default 2. */
  p?: number;
  weightsA?: VectorLike;
  weightsB?: VectorLike;
}

/** Result of {@link maxSlicedWasserstein}. */
export interface MaxSlicedDistance {
  value: number;
  /** The direction, of length 1, that sees the clouds this far apart. */
  direction: NdArray;
}

/**
 * Max-sliced Wasserstein distance: the largest W_p of the projections of two weighted clouds over all directions. The
 * problem is not convex: the value is that of the best direction found, a lower bound. Gradient ascent on the sphere from
 * the best of `directions` random ones, with steps that double while they gain and halve where they do not.
 *
 * @throws as {@link slicedWasserstein}.
 *
 * O((L + 4I)(n + m)(d + log(n + m))) time for L directions and I steps, O(n + m) memory. Source: I. Deshpande et al.,
 * Max-sliced Wasserstein distance and its use for GANs, CVPR 2019.
 */
export async function maxSlicedWasserstein(
  a: NdArrayLike,
  b: NdArrayLike,
  options: MaxSlicedWassersteinOptions = {},
): Promise<MaxSlicedDistance> {
  ({ a, b } = checkCall(SIGNATURES.maxSlicedWasserstein, { a, b, options }));
  const asked = checkInteger(options.directions ?? 256, 'directions', 1);
  const iterations = checkInteger(options.maximumIterations ?? 200, 'maximumIterations', 0);
  const clouds = await checkSliced(a, b, options);
  const { columns: d } = clouds.a;
  const dtype = dtypeOf(clouds.a);
  const tried = d === 1 ? new Float64Array([1]) : uniformDirections(asked, d, options.seed, 'float64').data;
  const { distances } = await evaluate(clouds, tried, partOf(options, 0, 0.4), false);
  const best = Array.from(distances.keys()).sort((i, j) => distances[j] - distances[i]);
  const starts = best.slice(0, CLIMBERS);
  const found = await climb(clouds, chosenRows(tried, starts, d), d === 1 ? 0 : iterations, options);
  const data = allocate(dtype, d, 'a direction');
  data.set(found.direction);
  await tell(options.onProgress, 1);
  return { value: found.distance * clouds.unit, direction: { data, shape: [d] } };
}

const chosenRows = (data: ArrayLike<number>, rows: readonly number[], d: number) =>
  Float64Array.from({ length: rows.length * d }, (_, k) => data[rows[Math.floor(k / d)] * d + (k % d)]);

function evaluate(clouds: SlicedClouds, rows: ArrayLike<number>, run: CallOptions, wantGradients: boolean) {
  const { columns: d } = clouds.a;
  const data = allocate(dtypeOf(clouds.a), rows.length, 'directions');
  data.set(rows);
  const directions = { data, rows: rows.length / d, columns: d };
  const { signal, onProgress } = run;
  return clouds.kernels.slicedDistances({ ...clouds, directions, wantGradients }, { signal, onProgress });
}

/** Climbs from all rows at once; returns the best place that was reached. */
async function climb(
  clouds: SlicedClouds,
  rows: Float64Array,
  iterations: number,
  options: CallOptions,
): Promise<{ distance: number; direction: Float64Array }> {
  const { columns: d } = clouds.a;
  const count = rows.length / d;
  const quiet = { signal: options.signal };
  let { distances, gradients } = await evaluate(clouds, rows, quiet, true);
  const steps = new Float64Array(count).fill(0.3);
  for (let k = 0; k < iterations && steps.some((step) => step > SMALLEST_STEP); k++) {
    const moved = rows.slice();
    for (let i = 0; i < count; i++)
      step(moved.subarray(i * d, (i + 1) * d), gradients!.subarray(i * d), steps[i]);
    const next = await evaluate(clouds, moved, quiet, true);
    for (let i = 0; i < count; i++) {
      const gains = next.distances[i] > distances[i];
      steps[i] = gains ? Math.min(2 * steps[i], 0.6) : steps[i] / 2;
      if (!gains) {
        moved.set(rows.subarray(i * d, (i + 1) * d), i * d);
        next.distances[i] = distances[i];
        next.gradients!.set(gradients!.subarray(i * d, (i + 1) * d), i * d);
      }
    }
    rows = moved;
    ({ distances, gradients } = next);
    await tell(options.onProgress, 0.4 + (0.6 * (k + 1)) / iterations);
  }
  const winner = distances.reduce((best, value, i) => (value > distances[best] ? i : best), 0);
  return { distance: distances[winner], direction: rows.slice(winner * d, (winner + 1) * d) };
}

/** Turns a unit vector by an angle towards a gradient. */
function step(direction: Float64Array, gradient: Float64Array, angle: number): void {
  const d = direction.length;
  let along = 0;
  for (let k = 0; k < d; k++) along += direction[k] * gradient[k];
  let square = 0;
  for (let k = 0; k < d; k++) square += (gradient[k] - along * direction[k]) ** 2;
  if (square === 0) return;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle) / Math.sqrt(square)];
  for (let k = 0; k < d; k++)
    direction[k] = cosine * direction[k] + sine * (gradient[k] - along * direction[k]);
  const norm = vectorLength(direction);
  for (let k = 0; k < d; k++) direction[k] /= norm;
}
