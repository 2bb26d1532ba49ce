import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkPoints,
  dtypeOf,
  elementCount,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, checkPositive } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { GAUSSIAN_REACH, responseOf, transformLength } from './filter.js';

/** Projected values in memory at a time. */
const BLOCK = 1 << 20;
const LARGEST_COUNT = 2 ** 20;

/** A part of a cloud that comes in parts. */
export interface CloudPart {
  points: NdArray;
  /** One for each point, at least 0. Default: all 1. */
  weights?: readonly number[] | FloatData;
}

/** Options of {@link projectCloud}. */
export interface ProjectCloudOptions extends CallOptions {
  /** Directions u, [L, d]: see directionSet. */
  directions: NdArray;
}

/** Options of {@link projectedDensity}. */
export interface ProjectedDensityOptions extends ProjectCloudOptions {
  /** Bins along every direction: `count` of width `spacing`, the middle of the row at `offset` (default 0). */
  bins: { count: number; spacing: number; offset?: number };
  /** Standard deviation of a Gaussian kernel, at least 2 bins. Default: none, a histogram. */
  bandwidth?: number;
}

/** Densities along directions. */
export interface ProjectedDensity {
  /** [directions, bins]: a share of the whole weight per unit of length. */
  density: NdArray;
  /** Centres of the bins. */
  positions: Float64Array;
}

/**
 * The projections u·x of a cloud of points on directions: the Radon transform of its empirical measure has an atom at
 * each. One matrix product.
 *
 * @param points [n, d].
 * @returns [directions, n].
 * @throws EMPTY_CLOUD, INVALID_SHAPE (directions of another dimension), NON_FINITE, INVALID_DTYPE, ABORTED. O(L n d) time.
 */
export async function projectCloud(points: NdArray, options: ProjectCloudOptions): Promise<NdArray> {
  const { n, d } = checkPoints(points, 'points');
  checkPoints(options.directions, 'directions', { dimension: d });
  const dtype = options.dtype ?? dtypeOf(points);
  const input = toDtype(points, dtype);
  const directions = toDtype(options.directions, dtype);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, points, 'points');
  checkFinite(kernels, options.directions, 'directions');
  const data = await kernels.matmul(
    { a: asMatrix(directions), b: asMatrix(input), transposeB: true },
    options,
  );
  return { data, shape: [directions.shape[0], n] };
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
  cloud: NdArray | CloudPart | Iterable<NdArray | CloudPart> | AsyncIterable<NdArray | CloudPart>,
  options: ProjectedDensityOptions,
): Promise<ProjectedDensity> {
  const { directions: given, bandwidth } = options;
  const { n: count, d } = checkPoints(given, 'directions');
  const bins = checkBins(options.bins);
  if (bandwidth !== undefined && checkPositive(bandwidth, 'bandwidth') < 2 * bins.spacing) {
    throw invalidArgument('bandwidth', `at least 2 bins, ${2 * bins.spacing}`, bandwidth);
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
  const grid: Grid = { sums: sumsOf(count, width), width, first, spacing: bins.spacing, smooth: margin > 0 };

  let dtype = options.dtype;
  let kernels: Kernels | undefined;
  let total = 0;
  let parts = 0;
  const pace = new Pace(options, sizeOf(cloud) * count);
  for await (const item of partsOf(cloud)) {
    const { points, weights } = 'points' in item ? item : { points: item, weights: undefined };
    const name = parts++ === 0 ? 'cloud' : `part ${parts - 1} of cloud`;
    const { n } = checkPoints(points, name, { minimum: 0, dimension: d });
    dtype ??= dtypeOf(points);
    kernels ??= await kernelsFor(options, dtype);
    checkFinite(kernels, points, name);
    checkFinite(kernels, given, 'directions');
    total += checkWeights(weights, n, name);
    await addPart(grid, kernels, toDtype(points, dtype), toDtype(given, dtype), weights, pace, options);
  }
  if (!(total > 0) || kernels === undefined || dtype === undefined) {
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 point with a weight above 0 in cloud', {
      details: { parameter: 'cloud' },
    });
  }
  const data = await finish(grid, kernels, dtype, { total, margin, bandwidth, count: bins.count }, options);
  pace.finish();
  return {
    density: { data, shape: [count, bins.count] },
    positions: Float64Array.from({ length: bins.count }, (_, k) => first + (margin + k) * bins.spacing),
  };
}

/** Sums of weights at equidistant places along every direction. */
interface Grid {
  sums: Float64Array;
  width: number;
  first: number;
  spacing: number;
  /** Spread a weight by the cubic B-spline, instead of giving it to the nearest place. */
  smooth: boolean;
}

const sumsOf = (rows: number, width: number) => allocate('float64', rows * width, 'bins') as Float64Array;

async function addPart(
  grid: Grid,
  kernels: Kernels,
  points: NdArray,
  directions: NdArray,
  weights: CloudPart['weights'],
  pace: Pace,
  { signal }: CallOptions,
): Promise<void> {
  const [n, d] = points.shape;
  const [count] = directions.shape;
  const rows = Math.max(1, Math.floor(BLOCK / count));
  for (let start = 0; start < n; start += rows) {
    const size = Math.min(rows, n - start);
    const b = { data: points.data.subarray(start * d, (start + size) * d), rows: size, columns: d };
    const projected = await kernels.matmul({ a: asMatrix(directions), b, transposeB: true }, { signal });
    for (let line = 0; line < count; line++) {
      const values = projected.subarray(line * size, (line + 1) * size);
      deposit(grid, line * grid.width, values, weights, start);
      await pace.tick(size);
    }
  }
}

/** Adds the weights of projected values to the bins of one direction. */
function deposit(
  { sums, width, first, spacing, smooth }: Grid,
  base: number,
  values: FloatData,
  weights: CloudPart['weights'],
  start: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const place = (values[i] - first) / spacing;
    const weight = weights ? weights[start + i] : 1;
    if (!smooth) {
      const nearest = Math.floor(place + 0.5);
      if (nearest >= 0 && nearest < width) sums[base + nearest] += weight;
      continue;
    }
    const below = Math.floor(place);
    // The margin is wider than the spline: what lies beyond it is out of every bin's reach.
    if (below < 1 || below > width - 3) continue;
    const t = place - below;
    const rest = 1 - t;
    const share = weight / 6;
    const at = base + below;
    sums[at - 1] += share * rest * rest * rest;
    sums[at] += share * (4 + t * t * (3 * t - 6));
    sums[at + 1] += share * (4 + rest * rest * (3 * rest - 6));
    sums[at + 2] += share * t * t * t;
  }
}

async function finish(
  { sums, width, spacing }: Grid,
  kernels: Kernels,
  dtype: DType,
  { total, margin, bandwidth, count }: { total: number; margin: number; bandwidth?: number; count: number },
  { signal }: CallOptions,
): Promise<FloatData> {
  const rows = sums.length / width;
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

/** The sum of the weights of n points. */
function checkWeights(weights: CloudPart['weights'], n: number, name: string): number {
  if (weights === undefined) return n;
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
  return total;
}

type Cloud = Parameters<typeof projectedDensity>[0];

function isPart(cloud: Cloud): cloud is NdArray | CloudPart {
  return 'data' in cloud || 'points' in cloud;
}

function partsOf(cloud: Cloud): Iterable<NdArray | CloudPart> | AsyncIterable<NdArray | CloudPart> {
  if (cloud === null || typeof cloud !== 'object')
    throw invalidArgument('cloud', 'points or an iterable', cloud);
  return isPart(cloud) ? [cloud] : cloud;
}

/** The number of points where it is known, for progress. */
function sizeOf(cloud: Cloud): number {
  if (cloud === null || typeof cloud !== 'object' || !isPart(cloud)) return Infinity;
  const { shape } = 'points' in cloud ? cloud.points : cloud;
  return Array.isArray(shape) ? elementCount(shape.slice(0, 1) as number[]) : 1;
}
