import { type NdArray, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, partOf } from '../../core/options.js';
import { empirical } from '../../measure/empirical.js';
import { slicedWasserstein } from '../../transport/sliced-wasserstein.js';
import { composedDae } from '../composed-dae.js';
import { daeMap } from '../dae-map.js';
import { type TrainComposedDaeOptions, trainComposedDae } from './composition.js';
import { layerNoises } from './layer-by-layer.js';
import type { StackedDae } from './stack.js';
import { trainStackedDae } from './train-stack.js';
import { checkCall } from '../../core/call.js';
import { kernelsFor } from '../../kernel/backend.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link compareStacking}. */
export interface CompareStackingOptions extends Omit<
  TrainComposedDaeOptions,
  'width' | 'residual' | 'checkpoint' | 'resume'
> {
  /** Hidden units of every layer, for each run. Default 8, 32, 128. */
  widths?: readonly number[];
}

/** How far two deep autoencoders bring the same points apart. */
export interface TrajectoryDistance {
  /** Root mean squared distance of the points after each layer. */
  readonly layers: readonly number[];
  /** Sliced W₂ between where the last layers bring the cloud. */
  readonly endClouds: number;
}

/** Stacked and composed autoencoders of one width. */
export interface StackingRun {
  readonly width: number;
  /** Decoded features of the stack, and the points of the composition: before the first layer and after each. */
  readonly stacked: readonly NdArray[];
  readonly composed: readonly NdArray[];
  /** Largest distance of Ψ_{l+1} ∘ φ_l from Ψ_l ∘ g_l on the features, relative to how large the points are. */
  readonly decodingError: number;
  readonly stackedFromComposed: TrajectoryDistance;
  readonly stackedFromExact: TrajectoryDistance;
  readonly composedFromExact: TrajectoryDistance;
}

/** What {@link compareStacking} finds. */
export interface StackingComparison {
  readonly noises: readonly number[];
  /** Where the exact composed autoencoder of the points brings them, layer by layer. */
  readonly exact: readonly NdArray[];
  readonly runs: readonly StackingRun[];
}

/**
 * Trains stacked and composed autoencoders of the same noises and of growing width, and sets the trajectories of the points
 * beside each other and beside those of the exact composed autoencoder of the cloud, `composedDae(empirical({ points }))`.
 * Layers of both are without residual connections, and the first of both is the same.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `trainStackedDae` and `composedDae`.
 *
 * The cost of training, and O(n²d) for each exact layer. Source: S. Sonoda, N. Murata, JMLR 20 (2019).
 * @example const { runs } = await compareStacking(points, { layers: 3, T: 0.3 }); runs.map((run) => run.stackedFromExact);
 */
export async function compareStacking(
  points: NdArrayLike,
  options: CompareStackingOptions,
): Promise<StackingComparison> {
  ({ points } = checkCall(SIGNATURES.compareStacking, { points, options }));
  const noises = layerNoises(options ?? {});
  const widths: readonly number[] = options.widths ?? [8, 32, 128];
  if (!(widths.length > 0)) throw invalidArgument('widths', 'a list of at least one width', widths);
  widths.forEach((width, i) => checkInteger(width, `widths[${i}]`, 1));
  checkPoints(points, 'points', { minimum: 2 });
  const x = toDtype(points, options.dtype ?? dtypeOf(points));
  const call = { signal: options.signal, backend: options.backend, seed: options.seed };
  const exact = await exactTrajectory(x, noises, call);
  const runs: StackingRun[] = [];
  for (const [i, width] of widths.entries()) {
    const share = (from: number, to: number) =>
      partOf({ onProgress: options.onProgress }, (i + from) / widths.length, (i + to) / widths.length);
    const { widths: _, ...training } = options;
    const settings = { ...training, layers: undefined, T: undefined, noises };
    const stack = await trainStackedDae(x, { ...settings, ...share(0, 0.6), widths: width });
    const composition = await trainComposedDae(x, {
      ...settings,
      ...share(0.6, 1),
      width,
      residual: false,
    });
    const stacked = await stack.trajectory(x, call);
    const composed = await composition.trajectory(x, call);
    runs.push({
      width,
      stacked,
      composed,
      decodingError: await decodingError(stack, x, call),
      stackedFromComposed: await trajectoryDistance(stacked, composed, call),
      stackedFromExact: await trajectoryDistance(stacked, exact, call),
      composedFromExact: await trajectoryDistance(composed, exact, call),
    });
  }
  return { noises, exact, runs };
}

async function exactTrajectory(x: NdArray, noises: readonly number[], call: CallOptions): Promise<NdArray[]> {
  const map = await composedDae(empirical({ points: x }), { ...call, noises });
  const states = [x];
  for (const [l, noise] of noises.entries())
    states.push(await daeMap(await map.measureAfter(l), { noise }).apply(states[l], call));
  return states;
}

/**
 * Distance between two trajectories of the same points, arrays of n × d after each layer and before the first.
 *
 * @throws INVALID_SHAPE where they do not have the same layers and points; as `slicedWasserstein`.
 */
export async function trajectoryDistance(
  a: readonly NdArrayLike[],
  b: readonly NdArrayLike[],
  options: CallOptions = {},
): Promise<TrajectoryDistance> {
  const own = checkCall(SIGNATURES.trajectoryDistance, { a, b, options });
  // What it asks of no backend is of the rows that are here: over ranks it does not run.
  await kernelsFor(options);
  if (a?.length !== b?.length || a.length === 0)
    throw invalidArgument('b', `a trajectory of ${a?.length} clouds, as a,`, b);
  const layers = own.a.map((cloud, l) => {
    const { n, d } = checkPoints(cloud, `a[${l}]`);
    checkPoints(own.b[l], `b[${l}]`, { dimension: d, minimum: n });
    let sum = 0;
    for (let at = 0; at < n * d; at++) sum += (cloud.data[at] - own.b[l].data[at]) ** 2;
    return Math.sqrt(sum / n);
  });
  const { value } = await slicedWasserstein(a[a.length - 1], b[b.length - 1], options);
  return { layers, endClouds: value };
}

async function decodingError(stack: StackedDae, x: NdArray, call: CallOptions): Promise<number> {
  let size = 0;
  for (const value of x.data) size = Math.max(size, Math.abs(value));
  let worst = 0;
  for (const [layer, g] of stack.layers.entries()) {
    const features = await stack.encode(x, { ...call, layer });
    const moved = await stack.decode(await g.apply(features, call), { ...call, layer });
    const next = await stack.encode(x, { ...call, layer: layer + 1 });
    const decoded = await stack.decode(next, { ...call, layer: layer + 1 });
    for (let at = 0; at < x.data.length; at++)
      worst = Math.max(worst, Math.abs(moved.data[at] - decoded.data[at]) / size);
  }
  return worst;
}
