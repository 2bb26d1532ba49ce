import { type DType, type NdArray, allocate, checkPoints, dtypeOf, storage, toDtype } from '../core/array.js';
import type { CallOptions } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { kernelsFor, runsOverRanks } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels, Matrix, RunControl } from '../kernel/contract.js';
import { invalidShape } from './arguments.js';
import { IsotropicPart } from './isotropic-part.js';
import type { DensityRequest, DensityValues } from './measure.js';
import { MixtureSums } from './mixture-sums.js';
import type { Part } from './part.js';

/** Values of a tile that are in flight at once. */
const TILE_VALUES = 1 << 17;

/** Checked points in the element type of the computation, and the kernels it runs on. */
async function prepare(x: NdArray, dimension: number, options: CallOptions) {
  checkPoints(x, 'x', { dimension, minimum: (await runsOverRanks(options)) ? 0 : 1 });
  const dtype = options.dtype ?? dtypeOf(x);
  const kernels = await kernelsFor(options, dtype, 'spread');
  checkFinite(kernels, x, 'x');
  return { kernels, points: toDtype(x, dtype), dtype };
}

/**
 * Log-density, score and divergence of the score of Σ_k w_k p_k at the rows of `x`: with responsibilities
 * γ_k ∝ w_k p_k(x), s = Σ γ_k s_k and Δ log p = Σ γ_k (|s_k|² + div s_k) − |s|².
 */
export async function evaluateParts(
  parts: readonly Part[],
  x: NdArray,
  dimension: number,
  want: DensityRequest,
  options: CallOptions,
): Promise<DensityValues> {
  const { kernels, points, dtype } = await prepare(x, dimension, options);
  const [n, d] = points.shape;
  const [only] = parts;
  if (parts.length === 1 && only instanceof IsotropicPart) {
    const { score, ...rest } = await only.density(kernels, asMatrix(points), want, options);
    return { ...rest, score: score && { data: score, shape: [n, d] } };
  }
  const logDensity = want.logDensity ? allocate(dtype, n, 'log-densities') : undefined;
  const { into } = want;
  const score = want.score ? storage(into?.score, dtype, n * d, 'scores') : undefined;
  const divergence = want.divergence ? storage(into?.divergence, dtype, n, 'divergences') : undefined;
  const derivatives = want.score === true || want.divergence === true;
  await forTiles(points, parts.length, options, async (tile, start, pace) => {
    const sums = new MixtureSums(tile, derivatives);
    for (const part of parts) {
      const values = await part.evaluate(kernels, tile, { derivatives }, { signal: options.signal });
      if (sums.weigh(part.logWeight, values.logDensity) && derivatives) sums.add(await values.derivatives());
      await pace.tick(tile.rows);
    }
    sums.finish();
    logDensity?.set(sums.logDensity(), start);
    score?.set(sums.score, start * d);
    divergence?.set(sums.second, start);
  });
  return { logDensity, score: score && { data: score, shape: [n, d] }, divergence };
}

/**
 * ∇² log p(x_i) · v_i = Σ γ_k (H_k v + s_k (s_k·v)) − s (s·v) for every row.
 */
export async function hessianVectorOfParts(
  parts: readonly Part[],
  x: NdArray,
  v: NdArray,
  dimension: number,
  options: CallOptions,
): Promise<NdArray> {
  const { kernels, points, dtype } = await prepare(x, dimension, options);
  const vectors = checkVectors(kernels, v, points, dtype);
  const [n, d] = points.shape;
  const out = allocate(dtype, n * d, 'Hessian–vector products');
  if (kernels.ranks.size > 1) {
    // All ranks make one call, whatever their numbers of rows.
    out.set(await parts[0].hessianVector(kernels, asMatrix(points), asMatrix(vectors), options));
    return { data: out, shape: [n, d] };
  }
  await forTiles(points, parts.length, options, async (tile, start, pace) => {
    const run = { signal: options.signal };
    const along = tileOf(vectors, start, tile.rows);
    if (parts.length === 1) {
      out.set(await parts[0].hessianVector(kernels, tile, along, run), start * d);
      return pace.tick(tile.rows);
    }
    const sums = new MixtureSums(tile, true, along);
    for (const part of parts) {
      const values = await part.evaluate(kernels, tile, { derivatives: true }, run);
      if (sums.weigh(part.logWeight, values.logDensity)) {
        sums.add(await values.derivatives(), await part.hessianVector(kernels, tile, along, run));
      }
      await pace.tick(tile.rows);
    }
    sums.finish();
    out.set(sums.product!, start * d);
  });
  return { data: out, shape: [n, d] };
}

function checkVectors(kernels: Kernels, v: NdArray, points: NdArray, dtype: DType): NdArray {
  const [n, d] = points.shape;
  checkPoints(v, 'v', { dimension: d, minimum: 0 });
  if (v.shape[0] !== n) throw invalidShape('v', `${n} vectors, one for each row of x,`, String(v.shape[0]));
  checkFinite(kernels, v, 'v');
  return toDtype(v, dtype);
}

/** Runs `work` on tiles of rows, one after the other, so that memory beside the result does not grow with n. */
async function forTiles(
  points: NdArray,
  parts: number,
  run: RunControl,
  work: (tile: Matrix, start: number, pace: Pace) => Promise<void>,
): Promise<void> {
  const [n, d] = points.shape;
  const pace = new Pace(run, n * parts);
  const height = Math.max(1, Math.floor(TILE_VALUES / d));
  for (let start = 0; start < n; start += height) {
    await work(tileOf(points, start, Math.min(height, n - start)), start, pace);
  }
  await pace.finish();
}

function tileOf({ data, shape }: NdArray, start: number, rows: number): Matrix {
  const columns = shape[1];
  return { data: data.subarray(start * columns, (start + rows) * columns), rows, columns };
}
