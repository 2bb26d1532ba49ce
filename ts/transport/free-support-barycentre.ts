import { type NdArray, allocate, checkPoints, checkSameDtype, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import {
  type CallOptions,
  checkInteger,
  checkPositive,
  partOf,
  throwIfAborted,
  tell,
} from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { vectorLength } from '../core/rows.js';
import type { VectorLike } from '../measure/arguments.js';
import { checkWeights } from './arguments.js';
import { exactTransport } from './exact-transport.js';
import { sinkhorn } from './sinkhorn.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link freeSupportBarycentre}. */
export interface FreeSupportBarycentreOptions extends CallOptions {
  /** Weights λ of the clouds, which sum to 1. Default: equal. */
  weights?: VectorLike;
  /** Weights of the points of each cloud. Default: equal. */
  pointWeights?: readonly VectorLike[];
  /** Points of the barycentre to start from, k × d, or their number: then rows of the clouds, drawn by `seed`. Default: as many as in the first cloud. */
  initial?: NdArrayLike | number;
  /** Blur ε > 0 of entropic plans, for clouds that are too large for exact ones. Default: exact plans. */
  epsilon?: number;
  /** Root mean square move of the points, relative to their spread, at which to stop. Default 1e-4. */
  tolerance?: number;
  /** Default 100. */
  maximumIterations?: number;
}

/** Result of {@link freeSupportBarycentre}. */
export interface FreeSupportBarycentre {
  /** k × d, each of weight 1/k. */
  points: NdArray;
  /** Σ λ_s ⟨π_s, c⟩ of the last plans. */
  objective: number;
  iterations: number;
  /** Whether the points came to rest; else the objective may still fall. */
  converged: boolean;
}

/**
 * A Wasserstein barycentre of clouds with k points of equal weight that may lie anywhere: argmin over x of
 * Σ λ_s W₂²((1/k) Σ δ(x_i), b_s), by moving every point to the λ-mean of its images under the barycentric projections of the
 * plans to all clouds. Every iteration lowers the objective, to a local minimum: the problem is not convex.
 *
 * @param clouds m_s × d each, of one dtype; any sizes.
 * @throws EMPTY_CLOUD for none, OUT_OF_MEMORY where exact plans would not fit (give `epsilon`), UNSUPPORTED for exact plans of
 *   unequal sizes on a backend without network simplex; INVALID_ARGUMENT, INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, ABORTED.
 *
 * An iteration solves one transport problem for each cloud. Source: M. Cuturi, A. Doucet, Fast computation of Wasserstein
 * barycenters, ICML 2014.
 */
export async function freeSupportBarycentre(
  clouds: readonly NdArrayLike[],
  options: FreeSupportBarycentreOptions = {},
): Promise<FreeSupportBarycentre> {
  const own = checkCall(SIGNATURES.freeSupportBarycentre, { clouds, options });
  const { d } = checkAll(own.clouds);
  const weights = checkWeights(options.weights, own.clouds.length, 'weights');
  const { epsilon } = options;
  const pointWeights = checkPointWeights(options.pointWeights, own.clouds.length);
  if (epsilon !== undefined) checkPositive(epsilon, 'epsilon');
  const tolerance = checkPositive(options.tolerance ?? 1e-4, 'tolerance');
  const budget = checkInteger(options.maximumIterations ?? 100, 'maximumIterations', 1);
  const { signal, dtype, backend } = options;
  const call = { signal, dtype, backend };
  let points = toDtype(startOf(own.clouds, d, own.options), dtype);
  const k = points.shape[0];
  for (let iteration = 1; ; iteration++) {
    throwIfAborted(signal);
    const sums = new Float64Array(k * d);
    let objective = 0;
    for (const [s, cloud] of own.clouds.entries()) {
      if (weights[s] === 0) continue;
      const run = partOf(
        { ...call, onProgress: options.onProgress },
        (iteration - 1 + s / own.clouds.length) / budget,
        (iteration - 1 + (s + 1) / own.clouds.length) / budget,
      );
      const { cost, image } = await imageOf(points, cloud, pointWeights?.[s], epsilon, run);
      objective += weights[s] * cost;
      for (let e = 0; e < sums.length; e++) sums[e] += weights[s] * image[e];
    }
    const next = allocate(dtypeOf(points), k * d, 'a barycentre');
    next.set(sums);
    const moved = relativeMove(points, next);
    if (Number.isNaN(moved)) throw notFinite(iteration);
    points = { data: next, shape: [k, d] };
    const converged = moved <= tolerance;
    if (converged || iteration === budget) {
      await tell(options.onProgress, 1);
      return { points, objective, iterations: iteration, converged };
    }
  }
}

function notFinite(iteration: number): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `The points are not finite after ${iteration} iterations: bring the clouds to a unit in which their coordinates are of ordinary size`,
    { details: { iteration } },
  );
}

function checkPointWeights(value: unknown, count: number): readonly VectorLike[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length === count) return value as VectorLike[];
  throw invalidArgument('pointWeights', `a list of ${count} lists of weights`, value);
}

/** The cost of the plan from points of equal weight to a cloud, and its barycentric projection. */
async function imageOf(
  points: NdArray,
  cloud: NdArray,
  weightsB: VectorLike | undefined,
  epsilon: number | undefined,
  run: CallOptions,
): Promise<{ cost: number; image: ArrayLike<number> }> {
  const [k, d] = points.shape;
  const target = toDtype(cloud, dtypeOf(points));
  if (epsilon !== undefined) {
    const plan = await sinkhorn(points, target, { ...run, weightsB, epsilon });
    return {
      cost: await plan.transportCost({ signal: run.signal }),
      image: (await plan.map({ signal: run.signal })).data,
    };
  }
  const { cost, plan } = await exactTransport(points, target, { ...run, weightsB });
  const image = new Float64Array(k * d);
  plan.masses.forEach((mass, e) => {
    for (let c = 0; c < d; c++)
      image[plan.rows[e] * d + c] += k * mass * target.data[plan.columns[e] * d + c];
  });
  return { cost, image };
}

function relativeMove({ data, shape: [k, d] }: NdArray, next: ArrayLike<number>): number {
  const [moves, offsets] = [new Float64Array(k * d), new Float64Array(k * d)];
  for (let c = 0; c < d; c++) {
    let mean = 0;
    for (let i = 0; i < k; i++) mean += next[i * d + c] / k;
    for (let at = c; at < k * d; at += d) {
      moves[at] = next[at] - data[at];
      offsets[at] = next[at] - mean;
    }
  }
  const moved = vectorLength(moves);
  return moved === 0 ? 0 : moved / vectorLength(offsets);
}

function checkAll(clouds: readonly NdArray[]): { d: number } {
  if (!Array.isArray(clouds)) throw invalidArgument('clouds', 'a list of clouds', clouds);
  if (clouds.length === 0)
    throw new RidgeflowError('EMPTY_CLOUD', 'Expected at least 1 cloud but received 0');
  const list = clouds as readonly NdArray[];
  const { d } = checkPoints(list[0], 'clouds[0]');
  list.forEach((cloud, s) => {
    checkPoints(cloud, `clouds[${s}]`, { dimension: d });
    checkSameDtype(list[0], 'clouds[0]', cloud, `clouds[${s}]`);
  });
  return { d };
}

function startOf(
  clouds: readonly NdArray[],
  d: number,
  { initial, seed }: CallOptions & { initial?: NdArray | number },
): NdArray {
  if (typeof initial === 'object') {
    checkPoints(initial, 'initial', { dimension: d });
    checkSameDtype(clouds[0], 'clouds[0]', initial, 'initial');
    return initial;
  }
  const k = checkInteger(initial ?? clouds[0].shape[0], 'initial', 1);
  const total = clouds.reduce((sum, { shape }) => sum + shape[0], 0);
  const rows = new RandomStream(seed, 'initial').choose(total, Math.min(k, total));
  const data = allocate(dtypeOf(clouds[0]), k * d, 'a barycentre');
  for (let i = 0; i < k; i++) {
    let row = rows[i % rows.length];
    let s = 0;
    while (row >= clouds[s].shape[0]) row -= clouds[s++].shape[0];
    data.set(clouds[s].data.subarray(row * d, (row + 1) * d), i * d);
  }
  return { data, shape: [k, d] };
}
