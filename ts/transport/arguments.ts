import { type NdArray, checkArray, checkPoints, checkSameDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { Kernels } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { type VectorLike, TOLERANCE, toVector } from '../measure/arguments.js';

/** How two points are compared. */
export type PairCost = 'squaredEuclidean' | 'euclidean';

/**
 * Two clouds of one dimension and dtype, of at least `minimum` rows: 0 where they may be those of one of many ranks. Throws
 * INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, EMPTY_CLOUD.
 */
export function checkClouds(a: NdArray, b: NdArray, minimum = 1): { n: number; m: number; d: number } {
  const { n, d } = checkPoints(a, 'a', { minimum });
  const { n: m } = checkPoints(b, 'b', { minimum, dimension: d });
  checkSameDtype(a, 'a', b, 'b');
  return { n, m, d };
}

/** A matrix of costs, n × m, both at least 1. Throws INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE. */
export function checkCosts(costs: NdArray): { n: number; m: number } {
  checkArray(costs, 'costs');
  const [n, m] = costs.shape;
  if (costs.shape.length !== 2 || n < 1 || m < 1) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [n, m] with n, m ≥ 1 for costs but received [${costs.shape.join(', ')}]`,
      { details: { parameter: 'costs' } },
    );
  }
  return { n, m };
}

/** Throws INVALID_ARGUMENT unless the cost is one the library has; returns it. */
export function checkPairCost(cost: PairCost | undefined): PairCost {
  if (cost === undefined) return 'squaredEuclidean';
  if (cost !== 'squaredEuclidean' && cost !== 'euclidean')
    throw invalidArgument('cost', "'squaredEuclidean' or 'euclidean'", cost);
  return cost;
}

/**
 * The weights of a cloud, float64: 1/n each where none are given, else as given, divided by their sum. With `anyMass`
 * they may sum to anything above 0 and stay as they are. Throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE.
 */
export function checkWeights(
  value: VectorLike | undefined,
  count: number,
  name: string,
  { anyMass = false } = {},
): Float64Array {
  if (value === undefined) return new Float64Array(count).fill(1 / count);
  const { weights, sum } = nonNegative(value, count, name);
  return ofSum(weights, sum, value, name, anyMass);
}

/**
 * The same for the rows of a cloud that a backend may spread over ranks: this rank's weights, whose sum is that of all.
 * Throws EMPTY_CLOUD too, where no rank has a row.
 */
export async function checkSpreadWeights(
  kernels: Kernels,
  value: VectorLike | undefined,
  count: number,
  name: 'weightsA' | 'weightsB',
  { anyMass = false } = {},
): Promise<Float64Array> {
  const { total } = await placeOf(kernels, count, name === 'weightsA' ? 'a' : 'b');
  if (value === undefined) return new Float64Array(count).fill(1 / total);
  const { weights, sum } = nonNegative(value, count, name);
  const [whole] = await totalsOf(kernels, sum);
  return ofSum(weights, whole, value, name, anyMass);
}

/** Numbers of at least 0, one for each row, and their sum. */
function nonNegative(value: VectorLike, count: number, name: string) {
  const weights = toVector(value, name, count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (weights[i] < 0) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected numbers of at least 0 in ${name} but received ${weights[i]} at position ${i} (counted from 0)`,
        { details: { parameter: name, position: i } },
      );
    }
    sum += weights[i];
  }
  return { weights, sum };
}

/** Weights over the sum of all of them, which has to be 1 unless it may be any. */
function ofSum(
  weights: Float64Array,
  sum: number,
  value: VectorLike,
  name: string,
  anyMass: boolean,
): Float64Array {
  if (anyMass) {
    if (sum > 0) return weights;
    throw invalidArgument(name, 'at least one number above 0', value);
  }
  if (!(Math.abs(sum - 1) <= TOLERANCE)) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected ${name} to sum to 1 but they sum to ${sum}: divide them by their sum, or, where mass may be made or ` +
        'lost, use sinkhorn with marginalPenalty',
      { details: { parameter: name, sum } },
    );
  }
  for (let i = 0; i < weights.length; i++) weights[i] /= sum;
  return weights;
}
