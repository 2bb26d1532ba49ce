import { type ActivationName, activation } from '../../core/activation.js';
import {
  type DType,
  type FloatData,
  type NdArray,
  allocate,
  checkPoints,
  dtypeOf,
  toDtype,
} from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger, checkPositive, throwIfAborted } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { kernelsFor } from '../../kernel/backend.js';
import { checkFinite } from '../../kernel/checks.js';
import type { Kernels } from '../../kernel/contract.js';
import type { InputNoise, NetworkProblem, Optimiser } from '../../kernel/contract/training.js';
import { autoencoderLayers, initialParameters } from './initial.js';
import { type TrainingNoise, inputNoise, isMasking } from './noise.js';
import { type EpochLoss, type TrainedDae, TwoLayerDae, networkOf } from './trained-dae.js';

/** When to stop before all epochs are done. */
export interface EarlyStopping {
  /** Share of the points that is held out to judge by, above 0 and below 1. Default 0.1. */
  heldOut?: number;
  /** Epochs without a lower held-out loss after which training ends, with the parameters of the best. Default 20. */
  patience?: number;
}

/** Options of {@link trainDae}. */
export interface TrainDaeOptions extends CallOptions {
  /** m, the number of hidden units. */
  width: number;
  noise: TrainingNoise;
  /** Default 'tanh'. */
  activation?: ActivationName;
  /** x ↦ x + C η(Ax − b) + c in place of C η(Ax − b) + c. Default true. */
  residual?: boolean;
  /** C = Aᵀ, up to the square of the data's scale. Default false. */
  tied?: boolean;
  /** Default 200. */
  epochs?: number;
  /** Points in a minibatch. Default 128, or all there are. */
  batch?: number;
  /** Default: Adam with rate 0.003, β₁ = 0.9, β₂ = 0.999, ε = 1e-8. */
  optimiser?:
    | { kind: 'adam'; rate?: number; beta1?: number; beta2?: number; epsilon?: number }
    | { kind: 'sgd'; rate: number; momentum?: number };
  /** How the rate goes from its value to 0 over the epochs. Default 'cosine'. */
  schedule?: 'cosine' | 'constant';
  /** Default: all epochs are done, and no point is held out. */
  earlyStopping?: EarlyStopping;
  /** Called after every epoch. */
  onEpoch?: (loss: EpochLoss) => void;
}

/** What one run keeps between epochs. */
interface Run {
  kernels: Kernels;
  problem: Omit<NetworkProblem, 'order' | 'noise'>;
  model: InputNoise;
  moments: FloatData;
  /** Row numbers to learn from, and those held out. */
  training: Int32Array;
  heldOut: Int32Array;
}

/**
 * Trains a two-layer denoising autoencoder on a cloud: it learns to take points that fresh noise corrupts in every epoch
 * back to where they were, by gradient descent on E|g(x̃) − x|². With ever more units, points and epochs it tends to the
 * posterior mean, `daeMap` of the cloud's measure. The points are shifted by their mean and divided by one scale, so that
 * rates need not know their unit; the network returned takes them as they are.
 *
 * @param points n × d, n ≥ 2.
 * @throws NOT_CONVERGED, with `details.epoch`, where the loss is not finite: lower the rate; INVALID_ARGUMENT, INVALID_SHAPE,
 *   EMPTY_CLOUD, NON_FINITE, DEGENERATE_CLOUD where all points coincide, UNSUPPORTED, ABORTED.
 *
 * O(epochs · n · m · d) time. The same seed gives the same bits on one backend, whatever the number of threads. Source:
 * P. Vincent et al., Extracting and composing robust features with denoising autoencoders, ICML 2008.
 * @example const g = await trainDae(points, { width: 128, noise: 0.1 }); await g.apply(points);
 */
export async function trainDae(points: NdArray, options: TrainDaeOptions): Promise<TrainedDae> {
  const { n, d } = checkPoints(points, 'points', { minimum: 2 });
  const settings = checkOptions(options, n);
  const { width, name, residual, tied, epochs, optimiser } = settings;
  const dtype = options.dtype ?? dtypeOf(points);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, points, 'points');
  const { centre, scale, unit } = normalised(points, dtype, isMasking(options.noise));
  const model = inputNoise(options.noise, d, scale, dtype);
  const layers = autoencoderLayers(d, width, activation(name).kernel, { tied, residual });
  const { seed } = options;
  const parameters = initialParameters(layers, unit, { activation: name, residual, seed, dtype });
  const order = new RandomStream(seed, 'shuffle').choose(n, n);
  const run: Run = {
    kernels,
    problem: { layers, parameters, points: { data: unit.data, rows: n, columns: d } },
    model,
    moments: allocate(dtype, 2 * parameters.length, 'moments'),
    training: order.subarray(settings.heldOut),
    heldOut: order.subarray(0, settings.heldOut),
  };
  const history: EpochLoss[] = [];
  const square = scale * scale;
  let best = { loss: Infinity, epoch: 0, parameters };
  let reason: TrainedDae['reason'] = 'epochs';
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const decay = options.schedule === 'constant' ? 1 : (1 + Math.cos((Math.PI * (epoch - 1)) / epochs)) / 2;
    const rate = optimiser.rate * decay;
    const loss = await trainEpoch(run, epoch, { ...settings, optimiser: { ...optimiser, rate } }, options);
    const heldOut = settings.heldOut > 0 ? square * (await heldOutLoss(run, options)) : undefined;
    history.push({ epoch, training: square * loss, ...(heldOut !== undefined && { heldOut }) });
    options.onEpoch?.(history[epoch - 1]);
    options.onProgress?.(epoch / epochs);
    if (heldOut === undefined) continue;
    if (heldOut < best.loss) best = { loss: heldOut, epoch, parameters: parameters.slice() };
    if (epoch - best.epoch < settings.patience) continue;
    reason = 'early stopping';
    break;
  }
  const network = networkOf(best.parameters, { activation: name, width, centre, scale, tied, residual });
  return new TwoLayerDae(network, { residual, history, reason });
}

function checkOptions(options: TrainDaeOptions, n: number) {
  const { residual = true, tied = false, earlyStopping, schedule = 'cosine' } = options;
  const width = checkInteger(options.width, 'width', 1);
  const name = activation(options.activation ?? 'tanh').name;
  if (name === 'step')
    throw invalidArgument('activation', 'a function whose derivative is not 0 everywhere', name);
  const epochs = checkInteger(options.epochs ?? 200, 'epochs', 1);
  const batch = checkInteger(options.batch ?? Math.min(128, n), 'batch', 1);
  if (schedule !== 'cosine' && schedule !== 'constant')
    throw invalidArgument('schedule', '"cosine" or "constant"', schedule);
  const patience = checkInteger(earlyStopping?.patience ?? 20, 'earlyStopping.patience', 1);
  const share = earlyStopping ? (earlyStopping.heldOut ?? 0.1) : 0;
  if (earlyStopping && !(share > 0 && share < 1))
    throw invalidArgument('earlyStopping.heldOut', 'a share between 0 and 1', share);
  const heldOut = earlyStopping ? Math.min(n - 1, Math.max(1, Math.round(share * n))) : 0;
  return {
    width,
    name,
    residual,
    tied,
    epochs,
    batch,
    patience,
    heldOut,
    optimiser: checkOptimiser(options.optimiser),
  };
}

function checkOptimiser(given: TrainDaeOptions['optimiser'] = { kind: 'adam' }): Optimiser {
  if (given.kind === 'sgd') {
    const momentum = given.momentum ?? 0.9;
    if (!(momentum >= 0 && momentum < 1))
      throw invalidArgument('optimiser.momentum', 'a number from 0 and below 1', momentum);
    return { kind: 'sgd', rate: checkPositive(given.rate, 'optimiser.rate'), momentum };
  }
  if (given.kind !== 'adam')
    throw invalidArgument('optimiser.kind', '"adam" or "sgd"', (given as Optimiser).kind);
  const { rate = 0.003, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = given;
  for (const [key, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1))
      throw invalidArgument(`optimiser.${key}`, 'a number from 0 and below 1', value);
  }
  checkPositive(rate, 'optimiser.rate');
  checkPositive(epsilon, 'optimiser.epsilon');
  return { kind: 'adam', rate, beta1, beta2, epsilon };
}

/** The points less their mean (but for masking noise, to which the origin matters), at a mean square of 1 per coordinate. */
function normalised(
  points: NdArray,
  dtype: DType,
  keepOrigin: boolean,
): { centre: Float64Array; scale: number; unit: NdArray } {
  const [n, d] = points.shape;
  const mean = new Float64Array(d);
  for (let at = 0; at < points.data.length; at++) mean[at % d] += points.data[at] / n;
  let squares = 0;
  for (let at = 0; at < points.data.length; at++) squares += (points.data[at] - mean[at % d]) ** 2;
  const scale = Math.sqrt(squares / (n * d));
  if (!(scale > 0))
    throw new RidgeflowError('DEGENERATE_CLOUD', 'Expected points that differ but all of them coincide');
  const centre = keepOrigin ? new Float64Array(d) : mean;
  const { data } = toDtype({ data: points.data.slice(), shape: points.shape }, dtype);
  for (let at = 0; at < data.length; at++) data[at] = (points.data[at] - centre[at % d]) / scale;
  return { centre, scale, unit: { data, shape: [n, d] } };
}

async function trainEpoch(
  { kernels, problem, model, moments, training }: Run,
  epoch: number,
  { batch, optimiser }: { batch: number; optimiser: Optimiser },
  { seed, signal }: CallOptions,
): Promise<number> {
  throwIfAborted(signal);
  const shuffled = new RandomStream(seed, 'shuffle', epoch).choose(training.length, training.length);
  const loss = await kernels.trainNetwork(
    {
      ...problem,
      order: shuffled.map((position) => training[position]),
      noise: { model, stream: new RandomStream(seed, 'noise', epoch) },
      moments,
      optimiser,
      batch,
      step: (epoch - 1) * Math.ceil(training.length / batch),
    },
    { signal },
  );
  if (Number.isFinite(loss)) return loss;
  throw new RidgeflowError(
    'NOT_CONVERGED',
    `The loss was no longer finite in epoch ${epoch}: lower optimiser.rate, which was ${optimiser.rate}, or take Adam`,
    { details: { epoch, rate: optimiser.rate } },
  );
}

/** The loss of the points held out, with the same noise after every epoch. */
function heldOutLoss(
  { kernels, problem, model, heldOut }: Run,
  { seed, signal }: CallOptions,
): Promise<number> {
  const noise = { model, stream: new RandomStream(seed, 'noise', 0) };
  return kernels.networkLoss({ ...problem, order: heldOut, noise }, { signal });
}
