import { type ActivationName, activation } from '../../core/activation.js';
import { type NdArray, checkPoints, dtypeOf } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { checkInteger } from '../../core/options.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import { placeOf } from '../../kernel/whole.js';
import { type Checkpointing, type LayersBefore, checkpointer, restore } from './checkpoint.js';
import { type DrawnCorruption, isDrawn } from './corruption.js';
import { type DescentOptions, checkDescent, descend, initialState } from './descent.js';
import { autoencoderLayers, initialParameters } from './initial.js';
import { type TrainingNoise, inputNoise, isMasking } from './noise.js';
import { type TrainedDae, TwoLayerDae, networkOf } from './trained-dae.js';
import { toUnit, unitOf } from './unit.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** Options of {@link trainDae}. */
export interface TrainDaeOptions extends DescentOptions {
  /** m, the number of hidden units. */
  width: number;
  noise: TrainingNoise;
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** x ↦ x + C η(Ax − b) + c in place of C η(Ax − b) + c. Default true. */
  residual?: boolean;
  /** C = Aᵀ, up to the square of the data's scale. Default false. */
  tied?: boolean;
  /** Saves the state of training now and then. */
  checkpoint?: Checkpointing;
  /** A file that `checkpoint` wrote for the same points and options: training goes on from it, to the same bits. */
  resume?: string;
}

/**
 * Trains a two-layer denoising autoencoder on a cloud: it learns to take points that fresh noise corrupts in every epoch
 * back to where they were, by gradient descent on E|g(x̃) − x|². With ever more units, points and epochs it tends to the
 * posterior mean, `daeMap` of the cloud's measure. The points are shifted by their mean and divided by one scale, so that
 * rates need not know their unit; the network returned takes them as they are.
 *
 * @param points n × d, n ≥ 2.
 * @throws NOT_CONVERGED, with `details.epoch`, where the loss is not finite: lower the rate; INVALID_ARGUMENT, INVALID_SHAPE,
 *   EMPTY_CLOUD, NON_FINITE, DEGENERATE_CLOUD where all points coincide, UNSUPPORTED, ABORTED; for checkpoints
 *   FILE_WRITE, FILE_NOT_FOUND, FILE_TRUNCATED, FILE_FORMAT.
 *
 * O(epochs · n · m · d) time. The same seed gives the same bits on one backend, whatever the number of threads. Source:
 * P. Vincent et al., Extracting and composing robust features with denoising autoencoders, ICML 2008.
 * @example const g = await trainDae(points, { width: 128, noise: 0.1 }); await g.apply(points);
 */
export async function trainDae(points: NdArrayLike, options: TrainDaeOptions): Promise<TrainedDae> {
  ({ points } = checkCall(SIGNATURES.trainDae, { points, options }));
  return trainLayer(points, options, options.noise, { rows: 'spread' });
}

/** As `trainDae`, from noise or from points that are corrupted otherwise, as a layer after others where there are some. */
export async function trainLayer(
  points: NdArray,
  options: Omit<TrainDaeOptions, 'noise'>,
  corruption: TrainingNoise | DrawnCorruption,
  { depth, rows }: { depth?: LayersBefore; rows?: 'spread' } = {},
): Promise<TrainedDae> {
  const { n: own, d } = checkPoints(points, 'points', { minimum: 0 });
  const { width, name, residual, tied } = checkArchitecture(options);
  const dtype = options.dtype ?? dtypeOf(points);
  const kernels = await kernelsFor(options, dtype, rows);
  const { total } = await placeOf(kernels, own, 'points', 2);
  const settings = checkDescent(options, total);
  await kernels.doneByAll((async () => checkFinite(kernels, points, 'points'))());
  const unit = await unitOf(points, { keepOrigin: isMasking(corruption), shares: kernels });
  const { centre, scale } = unit;
  const inUnits = toUnit(points, unit, dtype);
  const noise = isDrawn(corruption)
    ? { ...corruption, draw: async (epoch: number) => toUnit(await corruption.draw(epoch), unit, dtype) }
    : inputNoise(corruption, d, scale, dtype);
  const layers = autoencoderLayers(d, width, activation(name).kernel, { tied, residual });
  const { seed } = options;
  const start = { activation: name, residual, seed, dtype, shares: kernels };
  const state = initialState(await initialParameters(layers, inUnits, start));
  const problem = { kernels, layers, points: inUnits, total, noise, squareUnit: scale * scale };
  const run = { problem, settings, start: state.parameters.slice(), depth };
  const save = options.checkpoint && (await checkpointer(run, options.checkpoint, options));
  if (options.resume !== undefined) await restore(options.resume, state, run, options);
  const { parameters, reason } = await descend(problem, state, settings, options, save);
  const network = networkOf(parameters, { activation: name, width, centre, scale, tied, residual });
  return new TwoLayerDae(network, { residual, history: state.history, reason });
}

function checkArchitecture({ residual = true, tied = false, ...options }: Omit<TrainDaeOptions, 'noise'>) {
  const width = checkInteger(options.width, 'width', 1);
  const name = activation(options.activation ?? 'tanh').name;
  if (name === 'step')
    throw invalidArgument('activation', 'a function whose derivative is not 0 everywhere', name);
  return { width, name, residual, tied };
}
