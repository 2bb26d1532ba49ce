import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { type CallOptions, checkInteger, checkPositive, partOf, throwIfAborted } from '../core/options.js';
import { solve } from '../flow/index.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { DEFAULT_TOLERANCE, checkTolerance } from '../measure/tolerance.js';
import { type Contraction, ContractionRate, checkContraction } from './contraction.js';
import type { Depth } from './depth-comparison.js';
import { type SmoothedCloud, cloudScore, daeLayer } from './smoothed-cloud.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How a cloud moved through a DAE of some depth. */
export interface CloudTransport {
  /** Where the points ended, n × d. */
  positions: NdArray;
  /** Smoothing variance of the transported measure. */
  smoothing: number;
  /** ∫₀ᵀ mean |v_t|² dt. */
  action: number;
  /** How often the score of the whole cloud was evaluated: nearly all of the time. */
  evaluations: number;
  /** The cloud along the way, times strictly increasing from 0 to T. */
  snapshots: { times: number[]; positions: NdArray[] };
}

/** Options of {@link transportCloud}. */
export interface CloudTransportOptions extends CallOptions {
  /** Number of layers, each with noise T/depth, or `continuous`. */
  depth: Depth;
  /** Total noise variance T > 0. */
  T: number;
  /** Smoothing variance s > 0 of the starting measure (1/n) Σ N(x_i, sI). */
  smoothing: number;
  /** How many snapshots to keep beside the start, at most; spread evenly over the time. Default 16, at least 1: the end. */
  snapshots?: number;
  /**
   * Error ε of sums over the cloud that is allowed, 0 to 0.1, for every point relative to its own sum: ε/σ in the score,
   * σ² the smoothing. Default in float32 what the flow's own tolerance does not see, the least of 1e-4·√d, 3e-6·d and
   * 1e-3; in float64 1e-10; 0 is exact to rounding. Spent only where that saves time, see `score`.
   */
  scoreTolerance?: number;
  /**
   * Over which directions s contracts as the map does: those in which the points near a point are spread (`spread`, the
   * default), or all d alike (`trace`). They differ for points near a manifold of fewer dimensions, where most directions
   * hold none of them and `trace` makes the kernel narrower than what is left of the data.
   */
  contraction?: Contraction;
}

/**
 * Moves a cloud through the DAE of its own smoothed measure: one layer (shallow), several (composed: each layer is the
 * DAE, at noise T/depth, of the measure that the layers before it made, re-estimated from the moved cloud), or the
 * continuous limit ẋ = ∇log μ_t(x), the flow of the backward heat equation, with μ_t re-estimated all along.
 *
 * @param points n × d, n ≥ 2.
 * @throws COLLAPSED, with `details.collapseTime`, where the continuous DAE has no solution up to T: never for T < s/2.
 *   EMPTY_CLOUD, NON_FINITE, INVALID_ARGUMENT, ABORTED.
 *
 * O(n²d) time at most for each layer or evaluation of the flow, near O(n log n) in d ≤ 3; O(nd) memory. Source: S. Sonoda, N. Murata, JMLR 20 (2019);
 * composing re-estimated maps is blurring mean shift, M. Á. Carreira-Perpiñán, ICML 2006.
 */
export async function transportCloud(
  points: NdArrayLike,
  options: CloudTransportOptions,
): Promise<CloudTransport> {
  ({ points } = checkCall(SIGNATURES.transportCloud, { points, options }));
  const { depth } = options;
  const { n } = checkPoints(points, 'points', { minimum: 0 });
  checkPositive(options.T, 'T');
  checkPositive(options.smoothing, 'smoothing');
  if (options.snapshots !== undefined) checkInteger(options.snapshots, 'snapshots', 1);
  checkDepth(depth);
  checkTolerance(options.scoreTolerance, 'scoreTolerance');
  checkContraction(options.contraction);
  const start = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(start), 'spread');
  await placeOf(kernels, n, 'points', 2);
  checkFinite(kernels, start, 'points');
  const { scoreTolerance = flowScoreTolerance(dtypeOf(start), start.shape[1]) } = options;
  const resolved = { ...options, scoreTolerance };
  return depth === 'continuous'
    ? transportContinuously(kernels, start, resolved)
    : transportThroughLayers(kernels, start, depth, resolved);
}

/** Errors that a step of the continuous run may make: in positions, of the kernel's width √(sd); and in log s. */
const POSITION_TOLERANCE = 1e-4;
const LOG_SMOOTHING_TOLERANCE = 1e-5;
/** First trial step of the continuous run, in units of s: a sixth of the least that the measure lives, s/2. */
const FIRST_STEP = 0.08;
/** Beyond this the log-density would err by more than a thousandth of a nat. */
const MOST_SCORE_TOLERANCE = 1e-3;

/**
 * The error of sums that a run does not see. An error ε/σ in the score moves a point by less than ε√s over T = 0.4 s, which
 * is within the integrator's 1e-4·√(sd) for ε = 1e-4·√d; 4ε/σ² in the divergence moves log s by 2 · 4ε · 0.4/d, which is
 * within 1e-5 for ε = 3e-6·d. Who asks for float64 asks for digits, and gets the default of the sums.
 */
export function flowScoreTolerance(dtype: DType, d: number): number {
  if (dtype === 'float64') return DEFAULT_TOLERANCE.float64;
  return Math.min(
    POSITION_TOLERANCE * Math.sqrt(d),
    (LOG_SMOOTHING_TOLERANCE / (8 * 0.4)) * d,
    MOST_SCORE_TOLERANCE,
  );
}

/** Throws INVALID_ARGUMENT unless `depth` is a whole number from 1, or 'continuous'. */
export function checkDepth(depth: Depth): void {
  if (depth !== 'continuous' && !(Number.isSafeInteger(depth) && depth >= 1))
    throw invalidArgument('depth', 'a whole number of at least 1, or "continuous",', depth);
}

async function transportThroughLayers(
  kernels: Kernels,
  start: NdArray,
  layers: number,
  options: CloudTransportOptions,
): Promise<CloudTransport> {
  const noise = options.T / layers;
  const kept = keptLayers(layers, options.snapshots ?? 16);
  const snapshots = { times: [0], positions: [start] };
  const { smoothing, scoreTolerance: tolerance } = options;
  let cloud: SmoothedCloud = { positions: start, smoothing, tolerance, contraction: contractionOf(options) };
  let action = 0;
  for (let layer = 1; layer <= layers; layer++) {
    throwIfAborted(options.signal);
    const next = await daeLayer(kernels, cloud, noise, partOf(options, (layer - 1) / layers, layer / layers));
    checkFinite(kernels, next.positions, `the cloud after layer ${layer}`);
    action += noise * (await meanSquare(kernels, next.velocity, start.shape));
    cloud = next;
    if (!kept.has(layer)) continue;
    // In this order, so that the last is T itself and none is above it.
    snapshots.times.push(options.T * (layer / layers));
    snapshots.positions.push(cloud.positions);
  }
  return { positions: cloud.positions, smoothing: cloud.smoothing, action, evaluations: layers, snapshots };
}

/** Layers whose result is kept: all if they are few, else spread evenly, always with the last. */
function keptLayers(layers: number, snapshots: number): Set<number> {
  const count = Math.min(layers, snapshots);
  return new Set(Array.from({ length: count }, (_, i) => Math.round(((i + 1) * layers) / count)));
}

function contractionOf({ contraction, seed }: CloudTransportOptions): ContractionRate {
  return new ContractionRate(checkContraction(contraction), seed);
}

/**
 * The state is the cloud, the logarithm of its smoothing variance s as a share of the starting one, and the action. Under
 * ẋ = ∇log μ_t a component's covariance changes by 2s ∇²log μ_t, so that d(log s)/dt is twice a mean of the Hessian's
 * eigenvalues, the limit of what {@link daeLayer} does.
 */
async function transportContinuously(
  kernels: Kernels,
  start: NdArray,
  options: CloudTransportOptions,
): Promise<CloudTransport> {
  const { T, smoothing, scoreTolerance: tolerance } = options;
  const [n, d] = start.shape;
  const zero = (): NdArray => ({ data: new Float64Array(1), shape: [1] });
  const count = options.snapshots ?? 16;
  const divergence = allocate(dtypeOf(start), n);
  const contraction = contractionOf(options);
  // Below this the measure counts as collapsed: its remaining life, at most s/2 and shrinking, is less than T × 1e-6.
  const collapsed = Math.log(Math.min(1, T / smoothing) * 1e-6);
  const solution = await solve(
    {
      async derivative(t, [positions, logShare], out) {
        const log = logShare.data[0];
        if (!(log > collapsed)) throw collapseError(t, T, smoothing);
        const cloud = { positions, smoothing: smoothing * Math.exp(log), tolerance, contraction };
        const into = { mean: out[0].data, divergence };
        const { score, rate } = await cloudScore(kernels, cloud, 0, { signal: options.signal }, into);
        out[1].data[0] = 2 * rate;
        out[2].data[0] = await meanSquare(kernels, score, start.shape);
      },
    },
    [start, zero(), zero()],
    {
      from: 0,
      to: T,
      // Positions to a ten-thousandth of the kernel's width, or to rounding, wherever the origin is; log s to 1e-5; the
      // action follows.
      tolerance: {
        relative: dtypeOf(start) === 'float32' ? 2 ** -23 : 2 ** -52,
        absolute: [POSITION_TOLERANCE * Math.sqrt(smoothing * d), LOG_SMOOTHING_TOLERANCE, Infinity],
      },
      // Relative to the life of the measure, not to T, which may be far beyond it.
      minimumStep: 1e-9 * Math.min(smoothing, T),
      firstStep: Math.min(T, FIRST_STEP * smoothing),
      saveAt: Array.from({ length: count }, (_, i) => T * ((i + 1) / count)),
      kernels,
      signal: options.signal,
      onProgress: options.onProgress,
    },
  );
  const [positions, logShare, action] = solution.end.y;
  return {
    positions,
    smoothing: smoothing * Math.exp(logShare.data[0]),
    action: action.data[0],
    evaluations: solution.statistics.evaluations,
    snapshots: { times: solution.times, positions: solution.states.map(([x]) => x) },
  };
}

function collapseError(time: number, T: number, smoothing: number): RidgeflowError {
  return new RidgeflowError(
    'COLLAPSED',
    `The continuous DAE collapses at time ${time.toPrecision(4)}, before T = ${T}: choose T below that ` +
      `(below ${(smoothing / 2).toPrecision(4)}, half the smoothing variance, it never collapses), or a larger smoothing`,
    { details: { collapseTime: time, T, safeTime: smoothing / 2 } },
  );
}

/** Mean over the points, of all ranks, of the squared length. */
async function meanSquare(kernels: Kernels, vectors: FloatData, [n, d]: readonly number[]): Promise<number> {
  const squares = new Float64Array(n);
  if (n > 0) kernels.squaredRowLengths(vectors, d, squares);
  const own = squares.reduce((sum, square) => sum + square, 0);
  const [sum, count] = await totalsOf(kernels, own, n);
  return sum / count;
}
