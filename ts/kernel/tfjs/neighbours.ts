import { allocate } from '../../core/array.js';
import type { Kernels, Matrix, NeighbourResult, RunControl } from '../contract.js';
import type { Engine } from './engine.js';
import { Pace } from '../../core/pace.js';
import {
  blocks,
  preparePoints,
  prepareRows,
  productError,
  requireFloat32,
  squaredDistance,
  type PreparedPoints,
  type Rows,
  type Tile,
} from './points.js';

type NeighbourProblem = Parameters<Kernels['nearestNeighbours']>[0];

/** What the rows of one call have in common. */
interface Setting {
  readonly prepared: PreparedPoints;
  readonly queries: Matrix<Float32Array>;
  readonly points: Matrix<Float32Array>;
  readonly k: number;
  readonly excludeSelf: boolean;
}

/** The k nearest so far of each row of a step, by squared distance, nearest first. */
export interface Nearest {
  readonly squares: Float64Array;
  readonly indices: Int32Array;
}

/**
 * {@link Kernels.nearestNeighbours} by exhaustive search in tiles. A float32 product says which points may be nearer
 * than the k-th nearest so far, within a bound on its rounding; their distances are computed from differences in
 * float64. So the neighbours and their order are exact.
 */
export async function nearestNeighbours(
  engine: Engine,
  problem: NeighbourProblem,
  run?: RunControl,
): Promise<NeighbourResult> {
  const queries = requireFloat32(problem.queries, 'nearestNeighbours');
  const points = requireFloat32(problem.points, 'nearestNeighbours');
  const { k, excludeSelf = false } = problem;
  const n = queries.rows;
  const pace = new Pace(run, n * points.rows);
  const prepared = await preparePoints(points, pace);
  const setting = { prepared, queries, points, k, excludeSelf };
  const distances = allocate('float32', n * k, 'the distances to the neighbours');
  const indices = new Int32Array(n * k);

  for (const [start, count] of blocks(n, prepared.rowsPerStep)) {
    const rows = prepareRows(prepared, queries, start, count);
    const nearest = {
      squares: new Float64Array(count * k).fill(Infinity),
      indices: indices.subarray(start * k, (start + count) * k),
    };
    for (const tile of prepared.tiles) {
      const products = prepared.direct
        ? undefined
        : engine.product(rows.unit, tile.transposed, count, queries.columns, tile.count);
      for (let i = 0; i < count; i++) {
        searchTile(setting, rows, tile, i, products, nearest);
        await pace.tick(tile.count);
      }
    }
    for (let t = 0; t < count * k; t++) distances[start * k + t] = Math.sqrt(nearest.squares[t]);
  }
  await pace.finish();
  return { distances, indices };
}

/** Takes what a tile has for row i into its nearest. */
function searchTile(
  { prepared, queries, points, k, excludeSelf }: Setting,
  { start, norms }: Rows,
  tile: Tile,
  i: number,
  products: Float32Array | undefined,
  nearest: Nearest,
): void {
  const { dimension: d, squaredNorms, scale } = prepared;
  const norm = norms[i];
  const factor = 2 * norm * scale;
  const slack = 2 * productError(prepared, norm);
  const self = excludeSelf ? start + i : -1;
  const last = i * k + k - 1;
  for (let j = 0; j < tile.count; j++) {
    const index = tile.start + j;
    if (index === self) continue;
    if (products) {
      const estimate = norm * norm + squaredNorms[index] - factor * products[i * tile.count + j];
      if (estimate - slack >= nearest.squares[last]) continue;
    }
    const square = squaredDistance(queries.data, (start + i) * d, points.data, index * d, d);
    if (square < nearest.squares[last]) insert(nearest, i * k, last, square, index);
  }
}

/** Puts a point in its place between `first` and `last`, behind those as near as it, and drops the last. */
export function insert(
  { squares, indices }: Nearest,
  first: number,
  last: number,
  square: number,
  index: number,
): void {
  let t = last;
  for (; t > first && squares[t - 1] > square; t--) {
    squares[t] = squares[t - 1];
    indices[t] = indices[t - 1];
  }
  squares[t] = square;
  indices[t] = index;
}
