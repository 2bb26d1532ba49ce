import { type DType, type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import { scaledClouds } from './scale.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { placeOf } from '../kernel/whole.js';
import type { VectorLike } from '../measure/arguments.js';
import { checkClouds, checkWeights } from './arguments.js';
import { uniformDirections } from './directions.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

const DIRECTIONS = 256;

/** Distance with the standard error that the choice of directions leaves in it. */
export interface SlicedDistance {
  value: number;
  standardError: number;
}

/** Options of {@link slicedWasserstein}. */
export interface SlicedWassersteinOptions extends CallOptions {
  /**
   * How many directions, uniform on the sphere by `seed`, or the directions themselves, [count, d], of length 1. Default
   * 256.
   */
  directions?: number | NdArrayLike;
  /** The order of the distance, at least 1. Default 2. */
  p?: number;
  /** Weights of the points of a, which sum to 1. Default: equal. */
  weightsA?: VectorLike;
  /** Weights of the points of b, likewise. */
  weightsB?: VectorLike;
}

/** Two checked clouds, as the kernel takes them. */
export interface SlicedClouds {
  kernels: Kernels;
  a: Matrix;
  b: Matrix;
  weightsA?: Float64Array;
  weightsB?: Float64Array;
  p: number;
  /** The length of the unit that a and b are in. */
  unit: number;
}

/**
 * Sliced Wasserstein distance between two weighted clouds: SW_p^p is the mean over directions u of the W_p^p of the
 * projections, each of which follows from sorting. √d · SW₂ ≤ W₂.
 *
 * @param a [n, d].
 * @param b [m, d].
 * @param options see {@link SlicedWassersteinOptions}. In d = 1 the one direction there is, and the distance is W_p
 *   exactly.
 * @returns SW_p, and its standard error over independent directions, by the delta method.
 * @throws INVALID_SHAPE for clouds of different dimension, EMPTY_CLOUD, NON_FINITE, INVALID_DTYPE, INVALID_ARGUMENT,
 *   UNSUPPORTED, OUT_OF_MEMORY, ABORTED.
 *
 * O(L (n + m)(d + log(n + m))) time for L directions, O(n + m) memory. Source: N. Bonneel, J. Rabin, G. Peyré, H. Pfister,
 * J. Math. Imaging Vis. 51 (2015).
 */
export async function slicedWasserstein(
  a: NdArrayLike,
  b: NdArrayLike,
  options: SlicedWassersteinOptions = {},
): Promise<SlicedDistance> {
  const own = checkCall(SIGNATURES.slicedWasserstein, { a, b, options });
  ({ a, b } = own);
  const given = own.options.directions ?? DIRECTIONS;
  const asked = typeof given === 'object' && given !== null ? given : checkInteger(given, 'directions', 1);
  const clouds = await checkSliced(a, b, options, 'spread');
  const { a: matrix, kernels, unit } = clouds;
  const directions = directionsOf(asked, matrix, kernels, options);
  const { distances } = await kernels.slicedDistances(
    { ...clouds, directions: asMatrix(directions) },
    options,
  );
  const { value, standardError } = rootOfMean(distances, clouds.p);
  return { value: unit * value, standardError: unit * standardError };
}

/** Checks clouds, weights and order, and loads the backend. */
export async function checkSliced(
  a: NdArray,
  b: NdArray,
  options: Omit<SlicedWassersteinOptions, 'directions'>,
  rows?: 'spread',
): Promise<SlicedClouds> {
  const { n, m } = checkClouds(a, b, 0);
  const { p = 2, weightsA, weightsB } = options;
  if (typeof p !== 'number' || !(p >= 1 && p < Infinity))
    throw invalidArgument('p', 'a finite number of at least 1', p);
  const weights = {
    weightsA: weightsA === undefined ? undefined : checkWeights(weightsA, n, 'weightsA'),
    weightsB: weightsB === undefined ? undefined : checkWeights(weightsB, m, 'weightsB'),
  };
  const { kernels, from, to, unit } = await scaledClouds(a, b, options, undefined, rows);
  await placeOf(kernels, n, 'a');
  await placeOf(kernels, m, 'b');
  return { kernels, a: from, b: to, ...weights, p, unit };
}

/** The directions that {@link slicedWasserstein} takes where none are given, for calls that share them. */
export function defaultDirections(d: number, seed: number | undefined, dtype: DType): NdArray {
  return drawnDirections(DIRECTIONS, d, seed, dtype);
}

/** In one dimension there is but one. */
function drawnDirections(count: number, d: number, seed: number | undefined, dtype: DType): NdArray {
  return d === 1
    ? { data: allocate(dtype, 1, 'a direction').fill(1), shape: [1, 1] }
    : uniformDirections(count, d, seed, dtype);
}

function directionsOf(
  asked: number | NdArray,
  cloud: Matrix,
  kernels: Kernels,
  { seed }: CallOptions,
): NdArray {
  const { columns: d } = cloud;
  const dtype = dtypeOf(cloud);
  if (typeof asked === 'number') return drawnDirections(asked, d, seed, dtype);
  const { n } = checkPoints(asked, 'directions', { dimension: d });
  checkFinite(kernels, asked, 'directions');
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let k = 0; k < d; k++) square += asked.data[i * d + k] ** 2;
    if (Math.abs(square - 1) > 1e-5) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected directions of length 1 but the one in row ${i} (counted from 0) has length ${Math.sqrt(square)}`,
        { details: { parameter: 'directions', row: i } },
      );
    }
  }
  return toDtype(asked, dtype);
}

/** (mean of d^p)^(1/p) of distances d, and its standard error by the delta method. */
function rootOfMean(distances: Float64Array, p: number): SlicedDistance {
  const largest = distances.reduce((most, value) => Math.max(most, value), 0);
  if (largest === 0) return { value: 0, standardError: 0 };
  const powers = distances.map((value) => (value / largest) ** p);
  const mean = powers.reduce((sum, value) => sum + value, 0) / powers.length;
  const value = largest * mean ** (1 / p);
  if (powers.length < 2) return { value, standardError: 0 };
  const variance = powers.reduce((sum, power) => sum + (power - mean) ** 2, 0) / (powers.length - 1);
  return { value, standardError: (Math.sqrt(variance / powers.length) * value) / (p * mean) };
}
