import { allocate, type FloatData } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Matrix, RunControl } from '../contract.js';
import type { PairProblem, TransportKernels } from '../contract/transport.js';
import { assignment } from './assignment.js';
import type { Engine } from './engine.js';
import { slicedDistances } from './sliced.js';
import {
  FLOAT32_ROUNDING,
  blocks,
  preparePoints,
  prepareRows,
  requireFloat32,
  squaredDistance,
  type PreparedPoints,
  type Rows,
  type Tile,
} from './points.js';

/** Largest error of a logit, as a float32 product would make it, that is let pass. */
const TOLERATED_ERROR = 2e-5;

/** What the rows of one call have in common. */
interface Setting {
  readonly from: Matrix<Float32Array>;
  readonly to: Matrix<Float32Array>;
  readonly points: PreparedPoints;
  readonly problem: PairProblem;
  /** −c/ε + h_j of one row and tile. */
  readonly logits: Float64Array;
  readonly distances: Float64Array;
}

async function settingOf(problem: PairProblem, pace: Pace, primitive: string): Promise<Setting> {
  const from = requireFloat32(problem.from, primitive);
  const to = requireFloat32(problem.to, primitive);
  const points = await preparePoints(to, pace);
  const width = points.tiles[0].count;
  return {
    from,
    to,
    points,
    problem,
    logits: new Float64Array(width),
    distances: new Float64Array(width),
  };
}

/** Fills the logits of row i of a step with a tile: from products where those are exact enough, else from differences. */
function fillLogits(setting: Setting, rows: Rows, tile: Tile, i: number, products?: Float32Array): void {
  const { points, problem, logits, distances, from, to } = setting;
  const { epsilon, logWeights } = problem;
  const euclidean = problem.cost === 'euclidean';
  const d = points.dimension;
  const norm = rows.norms[i];
  const factor = 2 * norm * points.scale;
  const exact = euclidean || !((FLOAT32_ROUNDING * factor) / epsilon <= TOLERATED_ERROR);
  for (let j = 0; j < tile.count; j++) {
    const square =
      products && !exact
        ? norm * norm + points.squaredNorms[tile.start + j] - factor * products[i * tile.count + j]
        : squaredDistance(from.data, (rows.start + i) * d, to.data, (tile.start + j) * d, d);
    distances[j] = euclidean ? Math.sqrt(square) : square;
    logits[j] = logWeights[tile.start + j] - distances[j] / epsilon;
  }
}

function productsOf(engine: Engine, { points, problem }: Setting, rows: Rows, tile: Tile) {
  if (points.direct || problem.cost === 'euclidean') return undefined;
  return engine.product(rows.unit, tile.transposed, rows.count, points.dimension, tile.count);
}

/** Sums of exponentials relative to exp(maximum). */
class LogSums {
  readonly maximum: Float64Array;
  readonly sum: Float64Array;

  constructor(count: number) {
    this.maximum = new Float64Array(count).fill(-Infinity);
    this.sum = new Float64Array(count);
  }

  add(i: number, logits: Float64Array, count: number): void {
    let largest = this.maximum[i];
    for (let j = 0; j < count; j++) if (logits[j] > largest) largest = logits[j];
    if (largest === -Infinity) return;
    let sum = this.sum[i] * Math.exp(this.maximum[i] - largest);
    for (let j = 0; j < count; j++) sum += Math.exp(logits[j] - largest);
    this.maximum[i] = largest;
    this.sum[i] = sum;
  }

  softmin(i: number, epsilon: number): number {
    return this.sum[i] === 0 ? Infinity : -epsilon * (this.maximum[i] + Math.log(this.sum[i]));
  }
}

/** {@link TransportKernels} on TensorFlow.js: products of tiles in float32 by its engine, everything else in float64. */
export function transportKernels(engine: Engine): TransportKernels {
  return {
    softmin: (problem, run) => softmin(engine, problem, run),
    planRows: (problem, run) => planRows(engine, problem, run),
    planCosts: (problem, run) => planCosts(engine, problem, run),
    matrixPlanCosts,
    matrixSoftmin,
    pairCosts,
    assignment,
    slicedDistances: (problem, run) => slicedDistances(engine, problem, run),
  };
}

async function pairCosts(
  { from, to, cost }: Pick<PairProblem, 'from' | 'to' | 'cost'>,
  run?: RunControl,
): Promise<Float64Array> {
  const [x, y] = [requireFloat32(from, 'pairCosts'), requireFloat32(to, 'pairCosts')];
  const [n, m, d] = [x.rows, y.rows, x.columns];
  const pace = new Pace(run, n);
  const out = allocate('float64', n * m, 'the costs of all pairs') as Float64Array;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const square = squaredDistance(x.data, i * d, y.data, j * d, d);
      out[i * m + j] = cost === 'euclidean' ? Math.sqrt(square) : square;
    }
    await pace.tick(1);
  }
  await pace.finish();
  return out;
}

async function softmin(engine: Engine, problem: PairProblem, run?: RunControl): Promise<Float64Array> {
  const [n, m] = [problem.from.rows, problem.to.rows];
  const pace = new Pace(run, n * m);
  const setting = await settingOf(problem, pace, 'softmin');
  const { points, from, logits } = setting;
  const out = new Float64Array(n);
  for (const [start, count] of blocks(n, points.rowsPerStep)) {
    const rows = prepareRows(points, from, start, count);
    const sums = new LogSums(count);
    for (const tile of points.tiles) {
      const products = productsOf(engine, setting, rows, tile);
      for (let i = 0; i < count; i++) {
        fillLogits(setting, rows, tile, i, products);
        sums.add(i, logits, tile.count);
        await pace.tick(tile.count);
      }
    }
    for (let i = 0; i < count; i++) out[start + i] = sums.softmin(i, problem.epsilon);
  }
  await pace.finish();
  return out;
}

async function planRows(
  engine: Engine,
  problem: Parameters<TransportKernels['planRows']>[0],
  run?: RunControl,
): Promise<FloatData> {
  const m = problem.to.rows;
  const divide = problem.overDistance && problem.cost === 'euclidean';
  const out = allocate('float32', problem.from.rows * m, 'rows of a transport plan');
  await eachWeight(engine, problem, 'planRows', run, (i, j, weight, cost) => {
    out[i * m + j] = !divide ? weight : cost > 0 ? weight / cost : 0;
  });
  return out;
}

async function planCosts(
  engine: Engine,
  problem: Parameters<TransportKernels['planCosts']>[0],
  run?: RunControl,
): Promise<Float64Array> {
  const out = new Float64Array(problem.from.rows);
  await eachWeight(engine, problem, 'planCosts', run, (i, _, weight, cost) => {
    out[i] += weight * cost;
  });
  return out;
}

/** Calls body(i, j, exp(r_i + h_j − c_ij/ε), c_ij) for all pairs. */
async function eachWeight(
  engine: Engine,
  problem: Parameters<TransportKernels['planCosts']>[0],
  primitive: string,
  run: RunControl | undefined,
  body: (i: number, j: number, weight: number, cost: number) => void,
): Promise<void> {
  const { rowLogWeights } = problem;
  const [n, m] = [problem.from.rows, problem.to.rows];
  const pace = new Pace(run, n * m);
  const setting = await settingOf(problem, pace, primitive);
  const { points, from, logits, distances } = setting;
  for (const [start, count] of blocks(n, points.rowsPerStep)) {
    const rows = prepareRows(points, from, start, count);
    for (const tile of points.tiles) {
      const products = productsOf(engine, setting, rows, tile);
      for (let i = 0; i < count; i++) {
        fillLogits(setting, rows, tile, i, products);
        for (let j = 0; j < tile.count; j++) {
          const weight = Math.exp(rowLogWeights[start + i] + logits[j]);
          body(start + i, tile.start + j, weight, distances[j]);
        }
        await pace.tick(tile.count);
      }
    }
  }
  await pace.finish();
}

async function matrixPlanCosts(
  { costs, epsilon, rowLogWeights, logWeights }: Parameters<TransportKernels['matrixPlanCosts']>[0],
  run?: RunControl,
): Promise<Float64Array> {
  const { data, rows, columns } = costs;
  const pace = new Pace(run, rows);
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const cost = data[i * columns + j];
      out[i] += Math.exp(rowLogWeights[i] + logWeights[j] - cost / epsilon) * cost;
    }
    await pace.tick(1);
  }
  await pace.finish();
  return out;
}

async function matrixSoftmin(
  { costs, transposed, epsilon, logWeights }: Parameters<TransportKernels['matrixSoftmin']>[0],
  run?: RunControl,
): Promise<Float64Array> {
  const { data, rows, columns } = costs;
  const pace = new Pace(run, rows * columns);
  const count = transposed ? columns : rows;
  const maximum = new Float64Array(count).fill(-Infinity);
  const sum = new Float64Array(count);
  // Two passes, so that both orders walk through the matrix as it is stored.
  for (const pass of ['maximum', 'sum'] as const) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const [kept, summed] = transposed ? [j, i] : [i, j];
        const logit = logWeights[summed] - data[i * columns + j] / epsilon;
        if (pass === 'maximum') maximum[kept] = Math.max(maximum[kept], logit);
        else if (logit > -Infinity) sum[kept] += Math.exp(logit - maximum[kept]);
      }
      await pace.tick(columns / 2);
    }
  }
  await pace.finish();
  return maximum.map((value, i) => (sum[i] === 0 ? Infinity : -epsilon * (value + Math.log(sum[i]))));
}
