import { allocate, type FloatData } from '../../core/array.js';
import type { Matrix, RunControl, ScoreProblem, ScoreResult } from '../contract.js';
import type { Engine } from './engine.js';
import { Pace } from '../../core/pace.js';
import { plainRow } from './plain-row.js';
import {
  FLOAT32_ROUNDING,
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

/** Weights below e^−36 of the largest are less than the rounding of a float64 sum. */
const NEGLIGIBLE = 36;
/** Logits as large as this have lost digits of float64 that show: their row is done again, plainly. */
const COARSE = 1e9;
/** Largest error of a log-weight, as a float32 product would make it, that is let pass. */
const TOLERATED_ERROR = 2e-5;

/**
 * Sums over centres for each row of a step, all relative to exp(max). Rows that products serve well take the moments
 * of the centres about the cloud's mean, in units of its scale; the others about the query itself, in plain units.
 */
interface Sums {
  readonly max: Float64Array;
  readonly mass: Float64Array;
  /** Σ weight · vector, rows × d. */
  readonly first: Float64Array;
  /** Σ weight · |vector|². */
  readonly second: Float64Array;
  /** Whether the row takes differences rather than products. */
  readonly direct: Uint8Array;
}

/** What the rows of one call have in common. */
interface Setting {
  readonly points: PreparedPoints;
  readonly queries: Matrix<Float32Array>;
  readonly centres: Matrix<Float32Array>;
  readonly logWeights: FloatData;
  readonly variance: number;
  readonly excludeSelf: boolean;
  /** Whether the moments are wanted, or the mass alone. */
  readonly moments: boolean;
  /** log w_j − |x − c_j|²/2σ² of one row and tile, and the squared distances where they were computed. */
  readonly logits: Float64Array;
  readonly squares: Float64Array;
  /** The centres that matter to the row. */
  readonly matter: Int32Array;
}

/**
 * {@link Kernels.score} by streaming log-sum-exp over tiles: one float32 product gives the distances of a tile, a
 * second one the weighted sums of its centres; what is between them and across tiles is float64. Where the rounding
 * of the products would show in the weights (a bandwidth that is narrow against the cloud, a query far outside), the
 * pairs that matter are done again from their differences, in float64.
 */
export async function score(engine: Engine, problem: ScoreProblem, run?: RunControl): Promise<ScoreResult> {
  const queries = requireFloat32(problem.queries, 'score');
  const centres = requireFloat32(problem.centres, 'score');
  const { variance, want, excludeSelf = false, into = {} } = problem;
  const [n, m, d] = [queries.rows, centres.rows, queries.columns];
  const pace = new Pace(run, n * m);
  const points = await preparePoints(centres, pace);
  const width = points.tiles[0].count;
  const setting: Setting = {
    points,
    queries,
    centres,
    logWeights: problem.logWeights ?? new Float64Array(m).fill(-Math.log(m)),
    variance,
    excludeSelf,
    moments: want.mean === true || want.divergence === true,
    logits: new Float64Array(width),
    squares: new Float64Array(width),
    matter: new Int32Array(width),
  };
  const result: ScoreResult = {};
  if (want.mean) result.mean = into.mean ?? allocate('float32', n * d, 'the posterior means');
  if (want.logDensity) result.logDensity = into.logDensity ?? allocate('float32', n, 'the log-densities');
  if (want.divergence) result.divergence = into.divergence ?? allocate('float32', n, 'the divergences');

  for (const [start, count] of blocks(n, points.rowsPerStep)) {
    const rows = prepareRows(points, queries, start, count);
    const sums = emptySums(setting, rows);
    for (const tile of points.tiles) await addTile(engine, setting, rows, tile, sums, pace);
    for (let i = 0; i < count; i++) finishRow(setting, sums, i, start + i, result);
  }
  await pace.finish();
  return result;
}

function emptySums({ points, variance }: Setting, { count, norms }: Rows): Sums {
  const error = norms.map((norm) => (FLOAT32_ROUNDING * norm * points.scale) / variance);
  return {
    max: new Float64Array(count).fill(-Infinity),
    mass: new Float64Array(count),
    first: new Float64Array(count * points.dimension),
    second: new Float64Array(count),
    direct: Uint8Array.from(error, (value) => (points.direct || !(value <= TOLERATED_ERROR) ? 1 : 0)),
  };
}

async function addTile(
  engine: Engine,
  setting: Setting,
  rows: Rows,
  tile: Tile,
  sums: Sums,
  pace: Pace,
): Promise<void> {
  const { points, moments } = setting;
  const d = points.dimension;
  const products = points.direct
    ? undefined
    : engine.product(rows.unit, tile.transposed, rows.count, d, tile.count);
  await pace.tick(0);
  const dense = moments && sums.direct.includes(0);
  const weights = new Float32Array(dense ? rows.count * tile.count : 0);
  for (let i = 0; i < rows.count; i++) {
    if (products) logitsFromProducts(setting, rows, tile, i, products);
    if (sums.direct[i]) addFromDifferences(setting, rows, tile, sums, i, products !== undefined);
    else addFromLogits(setting, tile, sums, i, weights);
    await pace.tick(tile.count);
  }
  if (!dense) return;
  const unit = points.unit.subarray(tile.start * d, (tile.start + tile.count) * d);
  const added = engine.product(weights, unit, rows.count, tile.count, d);
  for (let t = 0; t < added.length; t++) sums.first[t] += added[t];
  await pace.tick(0);
}

/** Fills the logits of row i from its products with the centres of a tile. */
function logitsFromProducts(
  { points, logWeights, variance, excludeSelf, logits }: Setting,
  { start, norms }: Rows,
  tile: Tile,
  i: number,
  products: Float32Array,
): void {
  const { squaredNorms, scale } = points;
  const norm = norms[i];
  const factor = 2 * norm * scale;
  for (let j = 0; j < tile.count; j++) {
    const square = norm * norm + squaredNorms[tile.start + j] - factor * products[i * tile.count + j];
    logits[j] = logWeights[tile.start + j] - square / (2 * variance);
  }
  const self = start + i - tile.start;
  if (excludeSelf && self >= 0 && self < tile.count) logits[self] = -Infinity;
}

/** Adds a tile to the mass and second moment of row i, and leaves the weights for the product that gives the first. */
function addFromLogits(
  { points, moments, logits }: Setting,
  { start, count }: Tile,
  sums: Sums,
  i: number,
  weights: Float32Array,
): void {
  const max = raiseMax(sums, i, points.dimension, largest(logits, count));
  if (max === -Infinity) return;
  const { squaredNorms, scale } = points;
  let mass = 0;
  let second = 0;
  for (let j = 0; j < count; j++) {
    const logit = logits[j] - max;
    if (logit < -NEGLIGIBLE) continue;
    // All sums take the same weights, rounded as the product takes them, so that their roundings cancel.
    const weight = Math.fround(Math.exp(logit));
    mass += weight;
    if (moments) {
      weights[i * count + j] = weight;
      second += weight * squaredNorms[start + j];
    }
  }
  sums.mass[i] += mass;
  sums.second[i] += second / (scale * scale);
}

/** Adds a tile to all sums of row i from differences; with `screened`, only centres whose logits say they matter. */
function addFromDifferences(
  setting: Setting,
  rows: Rows,
  { start, count }: Tile,
  sums: Sums,
  i: number,
  screened: boolean,
): void {
  const { points, queries, centres, logWeights, variance, excludeSelf, moments, logits, squares, matter } =
    setting;
  const d = points.dimension;
  const row = (rows.start + i) * d;
  let threshold = -Infinity;
  if (screened) {
    const slack = productError(points, rows.norms[i]) / variance;
    threshold = Math.max(sums.max[i], largest(logits, count) - slack) - NEGLIGIBLE - slack;
  }
  for (let j = 0; j < count; j++) {
    const self = excludeSelf && start + j === rows.start + i;
    if (self || (screened && logits[j] < threshold)) {
      logits[j] = -Infinity;
    } else {
      squares[j] = squaredDistance(queries.data, row, centres.data, (start + j) * d, d);
      logits[j] = logWeights[start + j] - squares[j] / (2 * variance);
    }
  }
  const max = raiseMax(sums, i, d, largest(logits, count));
  if (max === -Infinity) return;
  let mass = 0;
  let second = 0;
  let counted = 0;
  for (let j = 0; j < count; j++) {
    const logit = logits[j] - max;
    if (logit < -NEGLIGIBLE) continue;
    const weight = Math.exp(logit);
    mass += weight;
    second += weight * squares[j];
    matter[counted] = start + j;
    logits[counted++] = weight;
  }
  sums.mass[i] += mass;
  sums.second[i] += second;
  for (let k = 0; k < d && moments; k++) {
    const from = queries.data[row + k];
    let first = 0;
    for (let t = 0; t < counted; t++) first += logits[t] * (centres.data[matter[t] * d + k] - from);
    sums.first[i * d + k] += first;
  }
}

function largest(values: Float64Array, count: number): number {
  let max = -Infinity;
  for (let j = 0; j < count; j++) if (values[j] > max) max = values[j];
  return max;
}

/** Makes the sums of row i relative to exp(candidate) if that is more than they are relative to now; returns the maximum. */
function raiseMax({ max, mass, first, second }: Sums, i: number, d: number, candidate: number): number {
  if (candidate > max[i]) {
    const factor = Math.exp(max[i] - candidate);
    mass[i] *= factor;
    second[i] *= factor;
    for (let k = i * d; k < (i + 1) * d; k++) first[k] *= factor;
    max[i] = candidate;
  }
  return max[i];
}

/** Writes the results of query `row` from the sums of row i of its step. */
function finishRow(setting: Setting, sums: Sums, i: number, row: number, result: ScoreResult): void {
  const { points, queries, centres, logWeights, variance, excludeSelf } = setting;
  const { max, mass, first, second, direct } = sums;
  const { mean, logDensity, divergence } = result;
  const d = points.dimension;
  const normaliser = (d / 2) * Math.log(2 * Math.PI * variance);
  if (Math.abs(max[i]) > COARSE) {
    const x = queries.data.subarray(row * d, (row + 1) * d);
    const plain = plainRow(x, centres, logWeights, variance, excludeSelf ? row : -1);
    if (plain) {
      mean?.set(plain.mean, row * d);
      if (logDensity) logDensity[row] = plain.logSum - normaliser;
      if (divergence) divergence[row] = (plain.trace - d) / variance;
      return;
    }
  }
  const alone = mass[i] === 0;
  const unit = direct[i] ? 1 : points.scale;
  let offset = 0;
  for (let k = 0; k < d; k++) {
    const moment = alone ? 0 : first[i * d + k] / mass[i];
    offset += moment * moment;
    const from = direct[i] || alone ? queries.data[row * d + k] : points.origin[k];
    if (mean) mean[row * d + k] = from + unit * moment;
  }
  if (logDensity) logDensity[row] = max[i] + Math.log(mass[i]) - normaliser;
  if (divergence && !alone) {
    const spread = Math.max(0, second[i] / mass[i] - offset) * unit * unit;
    divergence[row] = (spread / variance - d) / variance;
  }
}
