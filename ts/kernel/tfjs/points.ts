import { RidgeflowError } from '../../core/errors.js';
import { allocate } from '../../core/array.js';
import type { Matrix } from '../contract.js';
import type { Pace } from '../../core/pace.js';
import { inThisRealm, isFloat32Array } from '../../core/realm.js';

/** Half the distance from 1 to the next float32: the relative error of one rounding. */
export const FLOAT32_ROUNDING = 2 ** -24;

/** Up to this dimension the differences of two points cost no more than their share of a matrix product. */
const DIRECT_DIMENSIONS = 4;
/** Most multiplications in one step, so that it takes a few milliseconds, or some 30 on the slowest engine. */
const STEP = 1 << 23;
const MAX_TILE_ROWS = 256;
const MAX_TILE_COLUMNS = 1024;
/** Rows that the preparation of a cloud looks at between two ticks. */
const BLOCK = 256;

type Float32Matrix = Matrix<Float32Array>;

/** The matrix itself. Throws UNSUPPORTED unless it holds float32 values. */
export function requireFloat32(matrix: Matrix, primitive: string): Float32Matrix {
  const { data, rows, columns } = matrix;
  if (isFloat32Array(data)) return { data: inThisRealm(data), rows, columns };
  throw new RidgeflowError(
    'UNSUPPORTED',
    `Expected float32 arrays for ${primitive} on the TensorFlow.js backend, which has no float64, but received ` +
      "float64. Ask for dtype 'float32', or use the native backend",
    { details: { dtype: 'float64', primitive } },
  );
}

/** |a − b|² of two rows that start at the given offsets, in float64. */
export function squaredDistance(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  d: number,
): number {
  // Two sums, because a single one would wait for its own last addition.
  let even = 0;
  let odd = 0;
  let k = 0;
  for (const last = d - 1; k < last; k += 2) {
    const first = a[aStart + k] - b[bStart + k];
    const second = a[aStart + k + 1] - b[bStart + k + 1];
    even += first * first;
    odd += second * second;
  }
  if (k < d) {
    const difference = a[aStart + k] - b[bStart + k];
    even += difference * difference;
  }
  return even + odd;
}

/** Points start … start + count − 1 of a cloud, transposed (d × count), as a matrix product wants them. */
export interface Tile {
  readonly start: number;
  readonly count: number;
  readonly transposed: Float32Array;
}

/** Rows start … start + count − 1 of the queries: unit vectors seen from the cloud's mean, and their lengths. */
export interface Rows {
  readonly start: number;
  readonly count: number;
  readonly unit: Float32Array;
  readonly norms: Float64Array;
}

/**
 * A cloud made ready for float32 products with queries. |x − c|² = |x|² − 2x·c + |c|² loses digits with the distance
 * from the origin, so the mean is the origin here; and vectors are scaled to at most unit length, so that no product
 * overflows, whatever the unit of the data.
 */
export interface PreparedPoints {
  readonly dimension: number;
  /** Mean of the points. */
  readonly origin: Float64Array;
  /** Squared distances of the points from the origin. */
  readonly squaredNorms: Float64Array;
  /** Largest distance from the origin, or 1 where all points coincide. */
  readonly scale: number;
  /** Whether pairs are done from differences, without matrix products. `unit` and the tiles are then empty. */
  readonly direct: boolean;
  /** The points about the origin divided by the scale, m × d. */
  readonly unit: Float32Array;
  readonly tiles: readonly Tile[];
  /** Number of queries to take at a time. */
  readonly rowsPerStep: number;
}

/** Prepares a cloud. O(md) time and memory. Throws ABORTED. */
export async function preparePoints(points: Float32Matrix, pace: Pace): Promise<PreparedPoints> {
  const { rows: m, columns: d } = points;
  const direct = d <= DIRECT_DIMENSIONS;
  const origin = await columnMeans(points, pace);
  const squaredNorms = new Float64Array(m);
  let largest = 0;
  for (const [start, count] of blocks(m, BLOCK)) {
    for (let j = start; j < start + count; j++) {
      squaredNorms[j] = squaredNormAbout(origin, points.data, j);
      largest = Math.max(largest, squaredNorms[j]);
    }
    await pace.tick(0);
  }
  const scale = Math.sqrt(largest) || 1;

  const width = Math.min(MAX_TILE_COLUMNS, Math.max(16, Math.floor(STEP / (MAX_TILE_ROWS * d))));
  const rowsPerStep = Math.min(MAX_TILE_ROWS, Math.max(1, Math.floor(STEP / (width * d))));
  const unit = allocate('float32', direct ? 0 : m * d, 'a scaled copy of the cloud') as Float32Array;
  const tiles: Tile[] = [];
  for (const [start, count] of blocks(m, width)) {
    const transposed = new Float32Array(direct ? 0 : count * d);
    for (let j = 0; j < count && !direct; j++) {
      centre(points.data, start + j, origin, scale, unit, start + j);
      for (let k = 0; k < d; k++) transposed[k * count + j] = unit[(start + j) * d + k];
    }
    tiles.push({ start, count, transposed });
    await pace.tick(0);
  }
  return { dimension: d, origin, squaredNorms, scale, direct, unit, tiles, rowsPerStep };
}

/** Makes rows of the queries ready for a product with the tiles of a cloud. */
export function prepareRows(
  points: PreparedPoints,
  queries: Float32Matrix,
  start: number,
  count: number,
): Rows {
  const { origin, direct, dimension: d } = points;
  const unit = new Float32Array(direct ? 0 : count * d);
  const norms = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    norms[i] = Math.sqrt(squaredNormAbout(origin, queries.data, start + i));
    if (!direct) centre(queries.data, start + i, origin, norms[i] || 1, unit, i);
  }
  return { start, count, unit, norms };
}

/**
 * Bound on the error of x·c as a float32 product gives it, for a query at the given distance from the origin: d
 * products and sums, and the rounding of both vectors.
 */
export function productError({ dimension, scale }: PreparedPoints, norm: number): number {
  return (dimension + 4) * FLOAT32_ROUNDING * norm * scale;
}

/** Mean of the rows, summed in float64. */
export async function columnMeans({ data, rows, columns }: Matrix, pace: Pace): Promise<Float64Array> {
  const mean = new Float64Array(columns);
  for (const [start, count] of blocks(rows, BLOCK)) {
    for (let i = start; i < start + count; i++) {
      for (let k = 0; k < columns; k++) mean[k] += data[i * columns + k];
    }
    await pace.tick(0);
  }
  return mean.map((sum) => sum / rows);
}

/** The parts [start, count] of 0 … length − 1, of at most `size`. */
export function* blocks(length: number, size: number): Generator<[start: number, count: number]> {
  for (let start = 0; start < length; start += size) yield [start, Math.min(size, length - start)];
}

function squaredNormAbout(origin: Float64Array, data: Float32Array, row: number): number {
  const d = origin.length;
  let sum = 0;
  for (let k = 0; k < d; k++) {
    const difference = data[row * d + k] - origin[k];
    sum += difference * difference;
  }
  return sum;
}

/** Row `outRow` of `out` ← (row of data − origin) / divisor. */
function centre(
  data: Float32Array,
  row: number,
  origin: Float64Array,
  divisor: number,
  out: Float32Array,
  outRow: number,
): void {
  const d = origin.length;
  for (let k = 0; k < d; k++) out[outRow * d + k] = (data[row * d + k] - origin[k]) / divisor;
}
