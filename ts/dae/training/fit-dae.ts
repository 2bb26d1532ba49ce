import { type ActivationName, activation } from '../../core/activation.js';
import { type NdArray, allocate, checkPoints, dtypeOf, toDtype } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, tell } from '../../core/options.js';
import { Pace } from '../../core/pace.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import { checkRidges, networkOfUnits, unitsFor } from '../../network/fit.js';
import { fitError } from '../../network/fit-error.js';
import { NormalEquationSums } from '../../network/normal-equations.js';
import { solveNormalEquations } from '../../network/ridge-regression.js';
import type { ShallowNetwork } from '../../network/shallow-network.js';
import type { Units } from '../../network/units.js';
import { type TrainedComposition, ComposedLayers } from './composition.js';
import { CorruptedPoints } from './corrupted-points.js';
import type { DrawnCorruption } from './corruption.js';
import { type LayerNoise, type StackOptions, composedLayers, stackedLayers } from './layer-by-layer.js';
import { type TrainingNoise, isMasking } from './noise.js';
import { EncoderStack, type StackedDae } from './stack.js';
import { type TrainedDae, TwoLayerDae } from './trained-dae.js';
import { type Unit, inUnit, inverseUnit, unitOf } from './unit.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link fitDae}. */
export interface FitDaeOptions extends CallOptions {
  /** m, the number of hidden units, at most 32768. Not needed where `units` are given. */
  width?: number;
  noise: TrainingNoise;
  /** Default 'tanh'. Any: no derivative of it is needed. */
  activation?: ActivationName;
  /** x ↦ x + C η(Ax − b) + c in place of C η(Ax − b) + c. Default true. */
  residual?: boolean;
  /**
   * Hidden units: `random` by `randomUnits`, `pairs` by `pairUnits`, `oracle` by `oracleUnits`, from the corrupted points, or
   * given. Default 'random' up to 8 dimensions, else 'pairs'.
   */
  units?: 'random' | 'pairs' | 'oracle' | Units;
  /** Of units that are drawn: see `randomUnits`. */
  scale?: readonly [number, number];
  /**
   * How often every point is seen, each time with noise of its own. Costs time, not memory. Default: as many as make 200
   * rows for each unit, and at least 8.
   */
  copies?: number;
  /**
   * Penalty on the size of C, relative to the mean variance of the hidden units; of several the one whose loss on fresh
   * noise of the points held out is least. Default: 1e-9, 1e-7, 1e-5, 1e-3 and 0.1.
   */
  ridge?: number | readonly number[];
  /** Share of the points that is held out, from 0 to 0.9. Default 0.1 where there are several ridges, else 0. */
  heldOut?: number;
}

/** Options of {@link fitComposedDae}. */
export interface FitComposedDaeOptions extends Omit<FitDaeOptions, 'noise' | 'units'>, LayerNoise {
  units?: 'random' | 'pairs' | 'oracle';
}

/** Options of {@link fitStackedDae}. */
export interface FitStackedDaeOptions
  extends Omit<FitDaeOptions, 'noise' | 'units' | 'width' | 'residual'>, StackOptions {
  units?: 'random' | 'pairs' | 'oracle';
}

/** Penalties that are tried. */
const RIDGES = [1e-9, 1e-7, 1e-5, 1e-3, 0.1];
/** Dimensions up to which random directions find those that the data have. */
const FEW_DIMENSIONS = 8;
/** Hidden units whose normal equations take 8 GiB. */
const WIDEST = 2 ** 15;
/** Corrupted points that a penalty is judged by, at least. */
const JUDGES = 1000;

/**
 * A two-layer denoising autoencoder without gradient descent: hidden units are drawn, and the output layer is found by
 * ridge regression of the points on the hidden units of their corrupted copies. The copies are drawn and summed into the
 * normal equations in batches, in float64 where the backend has it. With ever more units, points and copies it tends to the
 * posterior mean, as what `trainDae` trains does. Its loss curve has one entry.
 *
 * @param points n × d, n ≥ 2.
 * @throws INVALID_ARGUMENT, INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE, DEGENERATE_CLOUD where all points coincide,
 *   NOT_CONVERGED where the equations cannot be solved, OUT_OF_MEMORY, UNSUPPORTED, ABORTED.
 *
 * O(copies · n · m(d + m) + m³) time, O(m² + nd) memory, whatever the number of copies. The same seed gives the same bits on
 * one backend. Source: A. Rahimi, B. Recht, Weighted sums of random kitchen sinks, NeurIPS 2008; P. Vincent et al., ICML 2008.
 * @example const g = await fitDae(points, { width: 256, noise: 0.1 }); await g.apply(points);
 */
export async function fitDae(points: NdArrayLike, options: FitDaeOptions): Promise<TrainedDae> {
  ({ points } = checkCall(SIGNATURES.fitDae, { points, options }));
  return fitLayer(points, options, options.noise);
}

/**
 * As `trainComposedDae`, each autoencoder made by `fitDae` on what those before it made of the points.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `fitDae`.
 *
 * As many times the cost of `fitDae` as there are layers.
 * @example const g = await fitComposedDae(points, { layers: 4, T: 0.2, width: 256 }); await g.trajectory(points);
 */
export async function fitComposedDae(
  points: NdArrayLike,
  options: FitComposedDaeOptions,
): Promise<TrainedComposition> {
  ({ points } = checkCall(SIGNATURES.fitComposedDae, { points, options }));
  const layers = await composedLayers(points, options, (moved, settings) =>
    fitLayer(moved, settings, settings.noise),
  );
  return new ComposedLayers(layers);
}

/**
 * As `trainStackedDae`, each autoencoder made by `fitDae` on the features of the one before.
 *
 * @param points n × d, n ≥ 2.
 * @throws As `fitDae` and `trainStackedDae`.
 *
 * O(copies · n · m²) time for each layer of width m.
 * @example const g = await fitStackedDae(points, { widths: [256, 256], noises: [0.1, 0.1] }); await g.encode(points);
 */
export async function fitStackedDae(points: NdArrayLike, options: FitStackedDaeOptions): Promise<StackedDae> {
  ({ points } = checkCall(SIGNATURES.fitStackedDae, { points, options }));
  const layers = await stackedLayers(points, options, (features, settings, corruption) =>
    fitLayer(features, { ...settings, residual: false }, corruption),
  );
  return new EncoderStack(layers);
}

async function fitLayer(
  points: NdArray,
  options: Omit<FitDaeOptions, 'noise'>,
  corruption: TrainingNoise | DrawnCorruption,
): Promise<TrainedDae> {
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const { activation: name = 'tanh', residual = true, seed, signal, backend } = options;
  const eta = activation(name);
  // Before units are drawn: the equations of more would not fit in memory.
  if (options.width !== undefined) checkInteger(options.width, 'width', 1, WIDEST);
  const ridges = checkRidges(options.ridge ?? RIDGES);
  const heldOut = heldOutCount(options.heldOut ?? (ridges.length > 1 ? 0.1 : 0), n);
  const dtype = options.dtype ?? dtypeOf(points);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, points, 'points');
  const unit = await unitOf(points, { keepOrigin: isMasking(corruption) });
  const source = new CorruptedPoints(points, unit, { corruption, kernels, residual, heldOut, seed, signal });

  const units = await drawnUnits(await source.whole(1, 'training'), unit, options);
  const m = units.b.data.length;
  const enough = Math.max(8, Math.ceil((200 * m) / (n - heldOut)));
  const copies = checkInteger(options.copies ?? enough, 'copies', 1, 2 ** 31);
  const sums = new NormalEquationSums({ kernels, activation: eta, units }, d);
  const pace = new Pace(options, n * copies);
  for (let copy = 1; copy <= copies; copy++) {
    await source.forEachTile(copy, 'training', sums.tileRows, async (inputs, targets) => {
      await sums.add(inputs, targets, signal);
      await pace.tick(inputs.rows);
    });
  }
  const equations = await sums.finish(signal);

  let best: { network: ShallowNetwork; loss: number; ridge: number } | undefined;
  for (const ridge of ridges) {
    const layer = await solveNormalEquations(kernels, equations, ridge, { signal });
    const network = networkOfUnits(name, units, layer, d, source.dtype);
    const loss = await unseenLoss(network, source, { copies, judges: heldOut || n }, { signal, backend });
    if (!best || loss < best.loss) best = { network, loss, ridge: layer.ridge };
  }
  const { network, loss, ridge } = best!;
  const training = await meanSquare(network, await source.whole(1, 'training'), { signal, backend });
  await tell(options.onProgress, 1);
  const square = unit.scale ** 2;
  const there = { inputs: true, outputs: true, residual };
  return new TwoLayerDae(inUnit(network, inverseUnit(unit), there, dtype), {
    residual,
    history: [{ epoch: 1, training: square * training, ...(heldOut > 0 && { heldOut: square * loss }) }],
    reason: 'ridge regression',
    regression: { ridge, copies },
  });
}

/** The loss on noise that no copy had, of the points held out, or where there are none of those that were fitted. */
async function unseenLoss(
  network: ShallowNetwork,
  source: CorruptedPoints,
  { copies, judges }: { copies: number; judges: number },
  call: CallOptions,
): Promise<number> {
  const rounds = Math.min(16, Math.ceil(JUDGES / judges));
  let sum = 0;
  for (let round = 1; round <= rounds; round++)
    sum += await meanSquare(network, await source.whole(copies + round, source.judges), call);
  return sum / rounds;
}

async function meanSquare(
  network: ShallowNetwork,
  { inputs, targets }: { inputs: NdArray; targets: NdArray },
  call: CallOptions,
): Promise<number> {
  return (await fitError(network, { points: inputs, values: targets }, call)).rms ** 2;
}

function heldOutCount(share: number, n: number): number {
  if (!(share >= 0 && share <= 0.9)) throw invalidArgument('heldOut', 'a number from 0 to 0.9', share);
  return share === 0 ? 0 : Math.min(n - 2, Math.max(1, Math.round(share * n)));
}

/** Units for points in their unit, drawn among them or given for the points as they are. */
async function drawnUnits(
  { inputs, targets }: { inputs: NdArray; targets: NdArray },
  { centre, scale }: Unit,
  options: Omit<FitDaeOptions, 'noise'>,
): Promise<Units> {
  const { units: kind = centre.length <= FEW_DIMENSIONS ? 'random' : 'pairs' } = options;
  const units = await unitsFor({ points: inputs, values: targets }, { ...options, units: kind });
  const dtype = dtypeOf(inputs);
  if (typeof kind === 'string') return { a: toDtype(units.a, dtype), b: toDtype(units.b, dtype) };
  const d = centre.length;
  const a = allocate(dtype, units.a.data.length, 'units');
  const b = allocate(dtype, units.b.data.length, 'units');
  for (let j = 0; j < b.length; j++) {
    let shift = 0;
    for (let k = 0; k < d; k++) {
      const weight = units.a.data[j * d + k];
      a[j * d + k] = scale * weight;
      shift += weight * centre[k];
    }
    b[j] = units.b.data[j] - shift;
  }
  return { a: { data: a, shape: units.a.shape }, b: { data: b, shape: [b.length] } };
}
