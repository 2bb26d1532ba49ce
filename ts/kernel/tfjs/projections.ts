import type { FloatData } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Kernels, Matrix, RunControl } from '../contract.js';
import type { Engine } from './engine.js';
import { matmul } from './linear.js';
import { blocks } from './points.js';

type BinProblem = Parameters<Kernels['binProjections']>[0];

/** Projections in memory at a time. */
const BLOCK = 1 << 18;

/** Calls `visit(direction, values, first)` for the projections of points from `first` on, block by block. */
async function forEachProjection(
  engine: Engine,
  points: Matrix,
  directions: Matrix,
  run: RunControl | undefined,
  visit: (direction: number, values: FloatData, first: number) => void,
): Promise<void> {
  const { data, rows, columns } = points;
  const pace = new Pace(run, rows * directions.rows);
  for (const [first, size] of blocks(rows, Math.max(1, Math.floor(BLOCK / directions.rows)))) {
    const part = { data: data.subarray(first * columns, (first + size) * columns), rows: size, columns };
    const projected = await matmul(
      engine,
      { a: directions, b: part, transposeB: true },
      run && { signal: run.signal },
    );
    for (let line = 0; line < directions.rows; line++) {
      visit(line, projected.subarray(line * size, (line + 1) * size), first);
      await pace.tick(size);
    }
  }
  await pace.finish();
}

/** {@link Kernels.binProjections} as loops over blocks of projections. */
export async function binProjections(
  engine: Engine,
  { points, directions, weights, bins, sums }: BinProblem,
  run?: RunControl,
): Promise<void> {
  await forEachProjection(engine, points, directions, run, (line, values, first) =>
    deposit(bins, sums, line * bins.width, values, weights, first),
  );
}

/** {@link Kernels.projectionExtents} as loops over blocks of projections. */
export async function projectionExtents(
  engine: Engine,
  { points, directions, extents }: Parameters<Kernels['projectionExtents']>[0],
  run?: RunControl,
): Promise<void> {
  await forEachProjection(engine, points, directions, run, (line, values) => {
    for (const value of values) {
      if (value < extents[2 * line]) extents[2 * line] = value;
      if (value > extents[2 * line + 1]) extents[2 * line + 1] = value;
    }
  });
}

/** Adds the weights of projected values to the bins of one direction. */
function deposit(
  { width, first, spacing, smooth }: BinProblem['bins'],
  sums: Float64Array,
  base: number,
  values: FloatData,
  weights: Float64Array | undefined,
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
