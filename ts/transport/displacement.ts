import { type NdArray, allocate, checkPoints, checkSameDtype, dtypeOf } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkClouds } from './arguments.js';
import type { ExactPlan } from './exact-transport.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Points with their weights, which sum to 1. */
export interface WeightedPoints {
  /** n × d. */
  points: NdArray;
  weights: Float64Array;
}

/**
 * Displacement interpolation: the measure a fraction t of the way along the Wasserstein geodesic that a plan between two
 * clouds gives, Σ π_ij δ((1 − t)x_i + t y_j). With an optimal plan for the squared Euclidean cost W₂ from a grows as t.
 *
 * @param a n × d. @param b m × d, of the same dtype. @param t From 0 to 1.
 * @param plan As `exactTransport` returns it: one point for each entry, of its mass.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD.
 *
 * O(d) time and memory for each entry. Source: R. J. McCann, Adv. Math. 128 (1997), 153–179.
 *
 * @example displacementInterpolation(a, b, 0.5, (await exactTransport(a, b)).plan)
 */
export function displacementInterpolation(
  a: NdArrayLike,
  b: NdArrayLike,
  t: number,
  plan: ExactPlan['plan'],
): WeightedPoints {
  ({ a, b } = checkCall(SIGNATURES.displacementInterpolation, { a, b, plan }));
  const { n, m, d } = checkClouds(a, b);
  checkTime(t);
  const { rows, columns, masses } = plan ?? {};
  const count = masses?.length ?? 0;
  if (count === 0 || rows?.length !== count || columns?.length !== count) {
    throw invalidArgument(
      'plan',
      'rows, columns and masses of equal length, as exactTransport returns them,',
      plan,
    );
  }
  const data = allocate(dtypeOf(a), count * d, 'interpolated points');
  for (let e = 0; e < count; e++) {
    const [i, j] = [rows[e], columns[e]];
    if (!(i >= 0 && i < n && j >= 0 && j < m)) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected rows below ${n} and columns below ${m} in the plan but entry ${e} goes from ${i} to ${j}: is it that of these clouds?`,
        { details: { parameter: 'plan', entry: e } },
      );
    }
    for (let k = 0; k < d; k++) data[e * d + k] = (1 - t) * a.data[i * d + k] + t * b.data[j * d + k];
  }
  return { points: { data, shape: [count, d] }, weights: Float64Array.from(masses) };
}

/**
 * Displacement interpolation along a map: (1 − t)x + t T(x) for every row, with T(x) as `EntropicPlan.map` or a trained map
 * gives it. A geodesic where T is optimal (the gradient of a convex function).
 *
 * @param x n × d. @param image T(x), n × d, of the same dtype. @param t From 0 to 1.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD.
 */
export function interpolateAlongMap(x: NdArrayLike, image: NdArrayLike, t: number): NdArray {
  ({ x, image } = checkCall(SIGNATURES.interpolateAlongMap, { x, image }));
  const { n, d } = checkPoints(x, 'x');
  const { n: m } = checkPoints(image, 'image', { dimension: d });
  checkSameDtype(x, 'x', image, 'image');
  if (m !== n) {
    throw new RidgeflowError('INVALID_SHAPE', `Expected ${n} rows, as in x, for image but received ${m}`, {
      details: { parameter: 'image' },
    });
  }
  checkTime(t);
  const data = allocate(dtypeOf(x), n * d, 'interpolated points');
  for (let k = 0; k < data.length; k++) data[k] = (1 - t) * x.data[k] + t * image.data[k];
  return { data, shape: [n, d] };
}

function checkTime(t: number): void {
  if (typeof t !== 'number' || !(t >= 0 && t <= 1)) throw invalidArgument('t', 'a number from 0 to 1', t);
}
