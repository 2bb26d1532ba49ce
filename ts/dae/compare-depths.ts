import { type NdArray, checkPoints, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import {
  type CallOptions,
  checkInteger,
  checkPositive,
  checkSeed,
  partOf,
  throwIfAborted,
  callOptions,
  tell,
} from '../core/options.js';
import { entropyOverRanks } from '../entropy/index.js';
import { kernelsFor } from '../kernel/backend.js';
import { asMatrix, checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { placeOf, totalsOf } from '../kernel/whole.js';
import { checkTolerance } from '../measure/tolerance.js';
import { slicedWasserstein } from '../transport/index.js';
import { type Contraction, checkContraction } from './contraction.js';
import { defaultNoise, defaultSmoothing } from './defaults.js';
import type { Depth, DepthComparison, DepthRun } from './depth-comparison.js';
import { type ExpectedTime, evaluationsOf, expectedTime } from './expected-time.js';
import { type CloudTransport, checkDepth, transportCloud } from './transport-cloud.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** The depths that are compared where none are given. */
export const DEFAULT_DEPTHS: readonly Depth[] = [1, 2, 4, 8, 16, 32, 'continuous'];

/** Options of {@link compareDepths}. */
export interface DepthComparisonOptions extends CallOptions {
  /** Class of each point, for the nearest-neighbour accuracy. */
  labels?: Int32Array;
  /** Default 1, 2, 4, 8, 16, 32 and continuous. */
  depths?: readonly Depth[];
  /** Total noise variance T; default 0.4 times the smoothing variance. */
  T?: number;
  /** Smoothing variance s; default by {@link defaultSmoothing}. */
  smoothing?: number;
  /** Snapshots kept of each run beside the start; default 16. */
  snapshots?: number;
  /** Neighbour whose distance the entropy estimate uses, at most n − 1; default 3. */
  neighbours?: number;
  /** Error of sums over the cloud that is allowed, as for {@link transportCloud}. */
  scoreTolerance?: number;
  /** Over which directions the smoothing contracts, as for {@link transportCloud}. */
  contraction?: Contraction;
  /**
   * Runs of an earlier call for the same points and options, as it gave them to `onRun`, or as `keep` left them: they are not
   * computed again.
   */
  known?: readonly DepthRun[];
  /** Called before anything moves, where the runs will take long, with how long: after a measured sample. */
  onExpectedTime?: (expected: ExpectedTime) => void;
  /** Called, and awaited, as each depth is done. */
  onRun?: (run: DepthRun) => unknown;
  /**
   * What is left of a run in the result, after `onRun`: for clouds of which the positions and snapshots of all runs do not fit
   * in memory. Returns the run with others in their place, of fewer points or of none. Default: the run as it is.
   */
  keep?: (run: DepthRun) => DepthRun | Promise<DepthRun>;
}

/**
 * Moves a cloud through denoising autoencoders of growing depth at equal total noise T, and measures what each did:
 * entropy, label accuracy, displacement, distance from the start, action and straightness.
 *
 * @param points n × d, n ≥ 2.
 * @returns the runs, in the order of `depths`, with positions and snapshots.
 * @throws COLLAPSED where a continuous run cannot reach T; EMPTY_CLOUD, DEGENERATE_CLOUD, NON_FINITE, INVALID_SHAPE for
 *   labels of another length, INVALID_ARGUMENT, ABORTED.
 *
 * O(n²d) time for each layer. The distance W₂ is exact where the theory gives it: for one layer, whose map is the
 * gradient of a convex function, and in one dimension, where every composition is monotone; elsewhere it is the sliced
 * lower bound √d · SW₂, up to the sampling error of its directions.
 */
export async function compareDepths(
  points: NdArrayLike,
  options: DepthComparisonOptions = {},
): Promise<DepthComparison> {
  ({ points } = checkCall(SIGNATURES.compareDepths, { points, options }));
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0 });
  if (options.labels && options.labels.length !== own) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected ${own} labels, one for each point, but received ${options.labels.length}`,
    );
  }
  const depths = options.depths ?? DEFAULT_DEPTHS;
  depths.forEach(checkDepth);
  checkTolerance(options.scoreTolerance, 'scoreTolerance');
  checkContraction(options.contraction);
  if (options.snapshots !== undefined) checkInteger(options.snapshots, 'snapshots', 1);
  if (options.neighbours !== undefined) checkInteger(options.neighbours, 'neighbours', 1);
  checkSeed(options.seed);
  checkKnown(options.known, own, d);
  const start = toDtype(points, options.dtype);
  const kernels = await kernelsFor(options, dtypeOf(start), 'spread');
  const { total: n } = await placeOf(kernels, own, 'points', 2);
  checkFinite(kernels, start, 'points');
  const smoothing =
    options.smoothing === undefined
      ? await defaultSmoothing(start, callOptions(options))
      : checkPositive(options.smoothing, 'smoothing');
  const T = options.T === undefined ? defaultNoise(smoothing) : checkPositive(options.T, 'T');

  const known = new Map(options.known?.map((run) => [run.depth, run]));
  const isKnown = (depth: Depth) => known.has(depth);
  if (options.onExpectedTime && kernels.ranks.size === 1) {
    const left = depths.filter((depth) => !isKnown(depth));
    const expected = await expectedTime(kernels, start, left, smoothing, options);
    if (expected) await tell(options.onExpectedTime, expected, 'onExpectedTime');
  }
  const startMeasures = await measure(kernels, start, n, options);
  const runs = depths.filter(isKnown).map((depth) => known.get(depth)!);
  const order = computingOrder(depths, T > smoothing / 2).filter((depth) => !isKnown(depth));
  // By what each is going to take.
  const shares = order.map((depth) => evaluationsOf(depth));
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let done = 0;
  for (const [i, depth] of order.entries()) {
    throwIfAborted(options.signal);
    const part = partOf(options, done / whole, (done + shares[i]) / whole);
    done += shares[i];
    const begin = performance.now();
    const transport = await transportCloud(start, {
      ...part,
      depth,
      T,
      smoothing,
      snapshots: options.snapshots,
      scoreTolerance: options.scoreTolerance,
      contraction: options.contraction,
    });
    const seconds = (performance.now() - begin) / 1000;
    const run = await describeRun(kernels, { start, n }, depth, T, transport, seconds, options);
    await tell(options.onRun, run, 'onRun');
    runs.push(options.keep ? await leftOf(run, options.keep) : run);
  }
  return {
    n,
    d,
    T,
    smoothing,
    chosen: {
      T: options.T === undefined ? 'default' : 'given',
      smoothing: options.smoothing === undefined ? 'default' : 'given',
    },
    contraction: checkContraction(options.contraction),
    backend: kernels.name,
    dtype: dtypeOf(start),
    seed: checkSeed(options.seed),
    start: startMeasures,
    runs: depths.map((depth) => runs.find((run) => run.depth === depth)!),
  };
}

/** What `keep` leaves of a run. */
async function leftOf(run: DepthRun, keep: NonNullable<DepthComparisonOptions['keep']>): Promise<DepthRun> {
  let left: DepthRun | undefined;
  await tell(async (whole: DepthRun) => void (left = await keep(whole)), run, 'keep');
  const shape = left?.positions?.shape;
  if (left?.depth !== run.depth || shape?.length !== 2 || !Array.isArray(left.snapshots?.positions))
    throw invalidArgument('keep', 'a function that returns a run of the depth that it is given', left);
  return left;
}

function checkKnown(known: readonly DepthRun[] | undefined, n: number, d: number): void {
  if (known === undefined) return;
  if (!Array.isArray(known)) throw invalidArgument('known', 'a list of runs', known);
  for (const [i, run] of (known as readonly Partial<DepthRun>[]).entries()) {
    checkDepth(run?.depth as Depth);
    const shape = run.positions?.shape;
    // Fewer points where `keep` left no more.
    if (shape?.length !== 2 || !(shape[0] <= n) || shape[1] !== d)
      throw invalidArgument(
        `known[${i}].positions`,
        `${n} × ${d} positions, or those of fewer points`,
        shape,
      );
  }
}

/** Where the measure may collapse before T, the run that would find out comes first. */
function computingOrder(depths: readonly Depth[], mayCollapse: boolean): readonly Depth[] {
  if (!mayCollapse || !depths.includes('continuous')) return depths;
  return ['continuous', ...depths.filter((depth) => depth !== 'continuous')];
}

async function describeRun(
  kernels: Kernels,
  { start, n }: { start: NdArray; n: number },
  depth: Depth,
  T: number,
  transport: CloudTransport,
  seconds: number,
  options: DepthComparisonOptions,
): Promise<DepthRun> {
  const [, d] = start.shape;
  const { positions, action } = transport;
  const { entropy, entropyError, accuracy } = await measure(kernels, positions, n, options);
  const { displacement, rootMeanSquare } = await displacements(kernels, start, positions);
  const quiet = { ...callOptions(options), onProgress: undefined };
  const { value: slicedW2 } = await slicedWasserstein(start, positions, quiet);
  const exact = depth === 1 || d === 1;
  // The map itself is a coupling: its cost bounds W₂ from above, and so what the random directions may say.
  const w2 = exact ? rootMeanSquare : Math.min(Math.sqrt(d) * slicedW2, rootMeanSquare);
  return {
    depth,
    entropy,
    entropyError,
    accuracy,
    displacement,
    w2,
    w2Method: exact ? 'exact' : 'sliced',
    slicedW2,
    action,
    straightness: w2 > 0 ? w2 ** 2 / (T * action) : NaN,
    finalSmoothing: transport.smoothing,
    evaluations: transport.evaluations,
    seconds,
    positions,
    snapshots: transport.snapshots,
  };
}

/** Entropy and label accuracy of a cloud of n points, these or of all ranks, from one search for neighbours. */
async function measure(
  kernels: Kernels,
  points: NdArray,
  n: number,
  { labels, neighbours = 3, signal }: DepthComparisonOptions,
): Promise<{ entropy: number; entropyError: number; accuracy: number | null }> {
  const [own, d] = points.shape;
  const k = Math.min(neighbours, n - 1);
  const { distances, indices } = await kernels.nearestNeighbours(
    { queries: asMatrix(points), points: asMatrix(points), k, excludeSelf: true },
    { signal },
  );
  const { value: entropy, standardError: entropyError } = await entropyOverRanks(kernels, distances, {
    n,
    d,
    k,
  });
  if (!labels) return { entropy, entropyError, accuracy: null };
  const nearest = Int32Array.from({ length: own }, (_, i) => indices[i * k]);
  const said = await kernels.takeFromRanks(labels, nearest);
  let hits = 0;
  for (let i = 0; i < own; i++) if (said[i] === labels[i]) hits++;
  const [right] = await totalsOf(kernels, hits);
  return { entropy, entropyError, accuracy: right / n };
}

async function displacements(
  kernels: Kernels,
  from: NdArray,
  to: NdArray,
): Promise<{ displacement: number; rootMeanSquare: number }> {
  const [n, d] = from.shape;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let k = i * d; k < (i + 1) * d; k++) square += (to.data[k] - from.data[k]) ** 2;
    sum += Math.sqrt(square);
    squares += square;
  }
  const [lengths, energy, count] = await totalsOf(kernels, sum, squares, n);
  return { displacement: lengths / count, rootMeanSquare: Math.sqrt(energy / count) };
}
