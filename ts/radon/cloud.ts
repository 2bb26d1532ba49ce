import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, tell } from '../core/options.js';
import { kernelsFor, runsOverRanks } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { totalsOf } from '../kernel/whole.js';
import { type CloudParts, type ProjectedExtentsOptions, forEachPart } from './cloud-parts.js';
import { GAUSSIAN_REACH, responseOf, transformLength } from './filter.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

const LARGEST_COUNT = 2 ** 20;

/** Options of {@link projectCloud}. */
export interface ProjectCloudOptions extends ProjectedExtentsOptions {
  /**
   * Memory for the result: [L, n] of its dtype, which is overwritten. New memory takes longer to get than to fill, so that
   * a loop over parts of a cloud does well to keep one array.
   */
  into?: NdArray;
}

/** Options of {@link projectedDensity}. */
export interface ProjectedDensityOptions extends ProjectedExtentsOptions {
  /** Bins along every direction: `count` of width `spacing`, the middle of the row at `offset` (default 0). */
  bins: { count: number; spacing: number; offset?: number };
  /** Standard deviation of a Gaussian kernel, at least 2 bins. Default: none, a histogram. */
  bandwidth?: number;
}

/** Densities along directions. */
export interface ProjectedDensity {
  /** `[directions, bins]`: a share of the whole weight per unit of length. */
  density: NdArray;
  /** Centres of the bins. */
  positions: Float64Array;
}

/**
 * The projections u·x of a cloud of points on directions: the Radon transform of its empirical measure has an atom at
 * each. One matrix product.
 *
 * @param points [n, d].
 * @returns [directions, n]; `options.into` where it is given.
 * @throws EMPTY_CLOUD, INVALID_SHAPE (directions of another dimension, `into` of another shape), INVALID_ARGUMENT (`into` over the
 *   points or directions), NON_FINITE, INVALID_DTYPE, ABORTED, OUT_OF_MEMORY. O(L n d) time, O(L n) memory: projectedDensity and projectedExtents need none for projections.
 */
export async function projectCloud(points: NdArrayLike, options: ProjectCloudOptions): Promise<NdArray> {
  const own = checkCall(SIGNATURES.projectCloud, { points, options });
  ({ points } = own);
  const { into: given } = own.options;
  const { n, d } = checkPoints(points, 'points', { minimum: (await runsOverRanks(options)) ? 0 : 1 });
  checkPoints(own.options.directions, 'directions', { dimension: d });
  const dtype = options.dtype ?? dtypeOf(points);
  const input = toDtype(points, dtype);
  const directions = toDtype(own.options.directions, dtype);
  const kernels = await kernelsFor(options, dtype, 'own');
  checkFinite(kernels, points, 'points');
  checkFinite(kernels, own.options.directions, 'directions');
  const shape = [directions.shape[0], n];
  const into = given && checkInto(given, shape, dtype, [input, directions]);
  const data =
    n === 0
      ? allocate(dtype, 0, 'projections')
      : await kernels.matmul(
          { a: asMatrix(directions), b: asMatrix(input), transposeB: true, into },
          options,
        );
  return given ?? { data, shape };
}

/**
 * The densities of a weighted cloud's projections: its Radon transform, averaged over bins (a histogram), or smoothed by
 * a Gaussian kernel, which is the Radon transform of the cloud smoothed by N(0, bandwidth² I).
 *
 * @param cloud Points [n, d], or a part with weights, or any (asynchronous) iterable of either: n is not bound by memory.
 * @returns Densities that integrate to the share of the weight that lies in the bins.
 * @throws EMPTY_CLOUD (also: no weight), INVALID_SHAPE, NON_FINITE, INVALID_DTYPE, INVALID_ARGUMENT (bins, negative
 *   weights, a bandwidth below 2 bins), ABORTED.
 *
 * O(L n d) time, O(L · bins) memory beside a part of the cloud. The kernel is summed by spreading points on the bins by
 * cubic B-splines and one filter, the kernel over the spline's own blur: the error is below 10⁻⁴ of a kernel's peak at 2
 * bins, and falls with the fourth power of the bandwidth.
 *
 * @example
 * const directions = directionSet(64, 3);
 * const { density } = await projectedDensity(points, { directions, bins: { count: 200, spacing: 0.05 } });
 */
export async function projectedDensity(
  cloud: CloudParts,
  options: ProjectedDensityOptions,
): Promise<ProjectedDensity> {
  const own = checkCall(SIGNATURES.projectedDensity, { cloud, options }).options;
  const { directions: given, bandwidth } = own;
  const { n: count } = checkPoints(given, 'directions');
  const bins = checkBins(options.bins);
  if (bandwidth !== undefined && checkPositive(bandwidth, 'bandwidth') < 2 * bins.spacing) {
    throw invalidArgument('bandwidth', `a width of at least 2 bins, ${2 * bins.spacing},`, bandwidth);
  }
  // Points beyond the bins reach into them by their kernels.
  const margin = bandwidth === undefined ? 0 : Math.ceil((GAUSSIAN_REACH * bandwidth) / bins.spacing) + 3;
  const width = checkInteger(
    bins.count + 2 * margin,
    'bins and the reach of the bandwidth',
    1,
    LARGEST_COUNT,
  );
  const first = bins.offset - ((bins.count - 1) / 2 + margin) * bins.spacing;
  const sums = allocate('float64', count * width, 'bins') as Float64Array;
  const grid = { first, spacing: bins.spacing, width, smooth: margin > 0 };

  let ownWeight = 0;
  const last = await forEachPart(cloud, own, async (part, kernels, run) => {
    ownWeight += part.total;
    await kernels.binProjections({ ...part, bins: grid, sums }, run);
  });
  const [total] = last ? await totalsOf(last.shares, ownWeight) : [0];
  if (!(total > 0) || last === undefined) {
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 point with a weight above 0 in cloud', {
      details: { parameter: 'cloud' },
    });
  }
  const whole = await last.shares.sumOverRanks(sums);
  const summed = { sums: whole, rows: count, width, spacing: bins.spacing, total, margin, bandwidth };
  const data = await finish(summed, bins.count, last, options);
  await tell(options.onProgress, 1);
  return {
    density: { data, shape: [count, bins.count] },
    positions: Float64Array.from({ length: bins.count }, (_, k) => first + (margin + k) * bins.spacing),
  };
}

/**
 * The least and the greatest projection of a cloud on every direction: where the Radon transform of its empirical measure
 * begins and ends, and what bins must cover. Weights count for nothing.
 *
 * @param cloud As projectedDensity takes it.
 * @returns Both of length L, float64.
 * @throws As projectedDensity. O(L n d) time; no projection is stored.
 */
export async function projectedExtents(
  cloud: CloudParts,
  options: ProjectedExtentsOptions,
): Promise<{ least: Float64Array; greatest: Float64Array }> {
  const own = checkCall(SIGNATURES.projectedExtents, { cloud, options }).options;
  const { n: count } = checkPoints(own.directions, 'directions');
  const extents = Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 ? -Infinity : Infinity));
  const last = await forEachPart(cloud, own, ({ points, directions }, kernels, run) =>
    kernels.projectionExtents({ points, directions, extents }, run),
  );
  if (last === undefined) {
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 point in cloud', {
      details: { parameter: 'cloud' },
    });
  }
  await tell(options.onProgress, 1);
  // The least of all ranks are the largest of the negatives.
  const ends = extents.map((value, i) => (i % 2 ? value : -value));
  const whole = await last.shares.largestOverRanks(ends);
  const every = (offset: number, sign: number) =>
    Float64Array.from({ length: count }, (_, i) => sign * whole[2 * i + offset]);
  return { least: every(0, -1), greatest: every(1, 1) };
}

function checkInto(
  into: NdArray,
  shape: readonly number[],
  dtype: DType,
  inputs: readonly NdArray[],
): FloatData {
  checkArray(into, 'into');
  if (into.shape.join() !== shape.join()) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [${shape.join(', ')}] for into but received [${into.shape.join(', ')}]`,
      { details: { parameter: 'into' } },
    );
  }
  if (dtypeOf(into) !== dtype) {
    throw new RidgeflowError('INVALID_DTYPE', `Expected ${dtype} for into but received ${dtypeOf(into)}`, {
      details: { parameter: 'into' },
    });
  }
  const end = into.data.byteOffset + into.data.byteLength;
  for (const { data } of inputs) {
    const apart = data.byteOffset >= end || into.data.byteOffset >= data.byteOffset + data.byteLength;
    if (data.buffer === into.data.buffer && !apart) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        'Expected storage apart from points and directions for into but received an array that shares theirs',
        { details: { parameter: 'into' } },
      );
    }
  }
  return into.data;
}

/** Sums of weights in bins, with those of the margins on either side. */
interface Summed {
  sums: Float64Array;
  rows: number;
  width: number;
  spacing: number;
  total: number;
  margin: number;
  bandwidth?: number;
}

/** The densities: sums over the whole weight, filtered where there is a bandwidth. */
async function finish(
  { sums, rows, width, spacing, total, margin, bandwidth }: Summed,
  count: number,
  { kernels, dtype }: { kernels: Kernels; dtype: DType },
  { signal }: CallOptions,
): Promise<FloatData> {
  const scale = 1 / (total * spacing);
  const binned = allocate(dtype, sums.length, 'bins');
  for (let i = 0; i < sums.length; i++) binned[i] = sums[i] * scale;
  if (bandwidth === undefined) return binned;
  const length = transformLength(width + margin);
  const response = responseOf(length, (frequency) => {
    const half = frequency / 2;
    const blur = half === 0 ? 1 : (Math.sin(half) / half) ** 4; // what the spline did
    return Math.exp(-0.5 * ((bandwidth / spacing) * frequency) ** 2) / blur;
  });
  const data = { data: binned, rows, columns: width };
  const scales = new Float64Array(rows).fill(1);
  const smooth = await kernels.filterRows({ data, length, response, scales }, { signal });
  const density = allocate(dtype, rows * count, 'densities');
  for (let row = 0; row < rows; row++) {
    const from = row * width + margin;
    density.set(smooth.subarray(from, from + count), row * count);
  }
  return density;
}

function checkBins(bins: ProjectedDensityOptions['bins']): {
  count: number;
  spacing: number;
  offset: number;
} {
  if (bins === null || typeof bins !== 'object')
    throw invalidArgument('bins', 'an object { count, spacing }', bins);
  const { offset = 0 } = bins;
  if (!Number.isFinite(offset)) throw invalidArgument('bins.offset', 'a finite number', offset);
  return {
    count: checkInteger(bins.count, 'bins.count', 1, LARGEST_COUNT),
    spacing: checkPositive(bins.spacing, 'bins.spacing'),
    offset,
  };
}
