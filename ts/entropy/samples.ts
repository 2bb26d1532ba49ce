import { type DType, type NdArray, checkPoints, checkSameDtype, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkSquarable } from '../kernel/checks.js';
import type { Kernels, NeighbourResult } from '../kernel/contract.js';
import { placeOf } from '../kernel/whole.js';

/** A checked cloud in the element type of the computation, with the kernels to compute on. */
export interface Samples {
  kernels: Kernels;
  points: NdArray;
  /** Of the whole cloud, and the number of the first of these rows in it. */
  n: number;
  first: number;
  d: number;
  dtype: DType;
}

/**
 * With `spread` the rows may be those of one rank: n is the number of all.
 *
 * Throws EMPTY_CLOUD, INVALID_SHAPE, INVALID_DTYPE, INVALID_ARGUMENT, NON_FINITE, UNSUPPORTED, ABORTED.
 */
export async function openSamples(
  points: NdArray,
  name: string,
  minimum: number,
  options: CallOptions,
  rows?: 'spread',
): Promise<Samples> {
  const { n: own, d } = checkPoints(points, name, { minimum: 0 });
  throwIfAborted(options.signal);
  const cloud = toDtype(points, options.dtype);
  const dtype = dtypeOf(cloud);
  const kernels = await kernelsFor(options, dtype, rows);
  const { total, first } = await placeOf(kernels, own, name, minimum);
  checkSquarable(kernels, cloud, name);
  return { kernels, points: cloud, n: total, first, d, dtype };
}

/**
 * Two samples of one dtype, on the same space (`sameDimension`) or with as many points each (`paired`). Throws as
 * {@link openSamples}.
 */
export async function openPair(
  [a, aName]: [NdArray, string],
  [b, bName]: [NdArray, string],
  minimum: number,
  options: CallOptions,
  { sameDimension, paired }: { sameDimension?: boolean; paired?: boolean },
): Promise<[Samples, Samples]> {
  const first = await openSamples(a, aName, minimum, options);
  const { n } = checkPoints(b, bName, { minimum, dimension: sameDimension ? first.d : undefined });
  checkSameDtype(a, aName, b, bName);
  if (paired && n !== first.n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected as many points in ${bName} as in ${aName}, ${first.n}, but received ${n}: row i of both is one observation`,
      { details: { parameter: bName } },
    );
  }
  return [first, await openSamples(b, bName, minimum, options)];
}

/** Neighbours of the rows of a cloud among its other rows, or with `among` those of another cloud. */
export function neighboursOf(
  { kernels, points }: Pick<Samples, 'kernels' | 'points'>,
  k: number,
  options: CallOptions,
  among?: NdArray,
): Promise<NeighbourResult> {
  return kernels.nearestNeighbours(
    { queries: asMatrix(points), points: asMatrix(among ?? points), k, excludeSelf: among === undefined },
    { signal: options.signal, onProgress: options.onProgress },
  );
}
