import { type DType, type FloatData, type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type NdArrayLike, isForeign, isOwn, toOwn } from '../core/foreign.js';
import { type CallOptions, partOf, throwIfAborted } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix } from '../kernel/contract.js';
import { totalsOf } from '../kernel/whole.js';
import { isFloat64Array } from '../core/realm.js';

/** A part of a cloud that comes in parts. */
export interface CloudPart {
  points: NdArrayLike;
  /** One for each point, at least 0. Default: all 1. */
  weights?: readonly number[] | FloatData;
}

/** A cloud, whole or in parts: n is not bound by memory. */
export type CloudParts =
  NdArrayLike | CloudPart | Iterable<NdArrayLike | CloudPart> | AsyncIterable<NdArrayLike | CloudPart>;

/** Options of {@link projectedExtents}. */
export interface ProjectedExtentsOptions extends CallOptions {
  /** Directions u, [L, d]: see directionSet. */
  directions: NdArrayLike;
}

/** A part of a cloud as kernels take it, with the sum of its weights. */
export interface CheckedPart {
  points: Matrix;
  directions: Matrix;
  weights?: Float64Array;
  total: number;
}

/** What the parts of a cloud ran on. */
export interface VisitedCloud {
  kernels: Kernels;
  /** Those that sum over ranks, where the cloud is spread over some. */
  shares: Kernels;
  dtype: DType;
}

/**
 * Checks the parts of a cloud, over ranks of this rank's rows, and hands them on, one after the other. Returns what they ran
 * on, unless no rank had a point.
 */
export async function forEachPart(
  cloud: CloudParts,
  options: CallOptions & { directions: NdArray },
  visit: (part: CheckedPart, kernels: Kernels, run: CallOptions) => Promise<void>,
): Promise<VisitedCloud | undefined> {
  const shares = await kernelsFor(options, undefined, 'spread');
  const given = options.directions;
  const { d } = checkPoints(given, 'directions');
  let dtype = options.dtype;
  let kernels: Kernels | undefined;
  let directions: Matrix | undefined;
  let parts = 0;
  let size = 0;
  // How many parts there will be, and so the progress, is known for one alone.
  const run = isPart(cloud) ? partOf(options, 0, 0.95) : { signal: options.signal };
  for await (const item of partsOf(cloud)) {
    throwIfAborted(options.signal);
    const { points: taken, weights } = 'points' in item ? item : { points: item, weights: undefined };
    const name = parts++ === 0 ? 'cloud' : `part ${parts - 1} of cloud`;
    const points = toOwn(taken, name, dtype);
    const { n } = checkPoints(points, name, { minimum: 0, dimension: d });
    dtype ??= dtypeOf(points);
    kernels ??= await kernelsFor(options, dtype, 'own');
    if (!directions) checkFinite(kernels, given, 'directions');
    directions ??= asMatrix(toDtype(given, dtype));
    checkFinite(kernels, points, name);
    const checked = checkWeights(weights, n, name);
    size += n;
    if (n > 0)
      await visit({ points: asMatrix(toDtype(points, dtype)), directions, ...checked }, kernels, run);
  }
  const [total] = await totalsOf(shares, size);
  if (total === 0) return undefined;
  // A rank may have no part at all.
  dtype ??= dtypeOf(given);
  return { kernels: kernels ?? (await kernelsFor(options, dtype, 'own')), shares, dtype };
}

/** The weights of n points, and their sum. */
function checkWeights(
  weights: CloudPart['weights'],
  n: number,
  name: string,
): { weights?: Float64Array; total: number } {
  if (weights === undefined) return { total: n };
  if (weights.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${n} weights, one per point of ${name}, but received ${weights.length}`,
      { details: { parameter: 'weights' } },
    );
  }
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] >= 0 && Number.isFinite(weights[i]))) {
      throw invalidArgument(`weight ${i} of ${name}`, 'a finite number of at least 0', weights[i]);
    }
    total += weights[i];
  }
  return { weights: isFloat64Array(weights) ? weights : Float64Array.from(weights), total };
}

/** Whether it is one part: a list of arrays is many, a list of numbers or of rows of them is one. */
function isPart(cloud: CloudParts): cloud is NdArrayLike | CloudPart {
  if (cloud === null || typeof cloud !== 'object') return false;
  if (Array.isArray(cloud)) {
    const [first] = cloud as readonly unknown[];
    return typeof first === 'number' || (Array.isArray(first) && typeof first[0] === 'number');
  }
  return isOwn(cloud) || isForeign(cloud) || 'points' in cloud;
}

function partsOf(
  cloud: CloudParts,
): Iterable<NdArrayLike | CloudPart> | AsyncIterable<NdArrayLike | CloudPart> {
  if (cloud === null || typeof cloud !== 'object')
    throw invalidArgument('cloud', 'points or an iterable', cloud);
  return isPart(cloud) ? [cloud] : cloud;
}
