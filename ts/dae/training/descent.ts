import { type FloatData, type NdArray, allocate, dtypeOf } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger, throwIfAborted, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { asMatrix } from '../../kernel/checks.js';
import type { Kernels } from '../../kernel/contract.js';
import type { DenseLayer, InputNoise, NetworkProblem, Optimiser } from '../../kernel/contract/training.js';
import { type OptimiserOptions, checkOptimiser } from '../../kernel/optimiser.js';
import { type DrawnCorruption, isDrawn } from './corruption.js';
import type { EpochLoss, TrainedDae } from './trained-dae.js';

/** When to stop before all epochs are done. */
export interface EarlyStopping {
  /** Share of the points that is held out to judge by, above 0 and below 1. Default 0.1. */
  heldOut?: number;
  /** Epochs without a lower held-out loss after which training ends, with the parameters of the best. Default 20. */
  patience?: number;
}

/** Options of all training by gradient descent. */
export interface DescentOptions extends CallOptions {
  /** Default 200. */
  epochs?: number;
  /** Points in a minibatch. Default 128, or all there are. */
  batch?: number;
  /** Default: Adam with rate 0.003, β₁ = 0.9, β₂ = 0.999, ε = 1e-8. */
  optimiser?: OptimiserOptions;
  /** How the rate goes from its value to 0 over the epochs. Default 'cosine'. */
  schedule?: 'cosine' | 'constant';
  /** Default: all epochs are done, and no point is held out. */
  earlyStopping?: EarlyStopping;
  /** Called after every epoch. */
  onEpoch?: (loss: EpochLoss) => void;
}

/** The same, checked and with all defaults. */
export interface DescentSettings {
  epochs: number;
  batch: number;
  optimiser: Optimiser;
  schedule: 'cosine' | 'constant';
  patience: number;
  /** How many points are held out. */
  heldOut: number;
}

/** What is fitted to what: a network that is to take points, corrupted, back to where they were. */
export interface DescentProblem {
  kernels: Kernels;
  layers: readonly DenseLayer[];
  /** In the unit of the network; over ranks some rows of the cloud. */
  points: NdArray;
  /** Points of the whole cloud. */
  total: number;
  /** How the kernel corrupts them, or points that are corrupted otherwise, in the unit of the network. */
  noise: InputNoise | DrawnCorruption;
  /** What a squared error of 1 is in the unit of the user's points. */
  squareUnit: number;
}

/** All that training keeps between epochs. */
export interface DescentState {
  /** Epochs done. */
  epoch: number;
  readonly parameters: FloatData;
  readonly moments: FloatData;
  readonly history: EpochLoss[];
  /** The best so far, by its held-out loss. */
  best?: { readonly loss: number; readonly epoch: number; readonly parameters: FloatData };
}

/** Where training begins. Throws OUT_OF_MEMORY. */
export function initialState(parameters: FloatData): DescentState {
  const moments = allocate(dtypeOf({ data: parameters }), 2 * parameters.length, 'moments');
  return { epoch: 0, parameters, moments, history: [] };
}

/** Throws INVALID_ARGUMENT. */
export function checkDescent(options: DescentOptions, n: number): DescentSettings {
  const { earlyStopping, schedule = 'cosine' } = options;
  const epochs = checkInteger(options.epochs ?? 200, 'epochs', 1);
  const batch = checkInteger(options.batch ?? Math.min(128, n), 'batch', 1);
  if (schedule !== 'cosine' && schedule !== 'constant')
    throw invalidArgument('schedule', '"cosine" or "constant"', schedule);
  const patience = checkInteger(earlyStopping?.patience ?? 20, 'earlyStopping.patience', 1);
  const share = earlyStopping ? (earlyStopping.heldOut ?? 0.1) : 0;
  if (earlyStopping && !(share > 0 && share < 1))
    throw invalidArgument('earlyStopping.heldOut', 'a share between 0 and 1', share);
  const heldOut = earlyStopping ? Math.min(n - 1, Math.max(1, Math.round(share * n))) : 0;
  return { epochs, batch, schedule, patience, heldOut, optimiser: checkOptimiser(options.optimiser, 0.003) };
}

/**
 * Trains from `state` on, which is changed in place after every epoch, until all epochs are done or early stopping ends it.
 * Everything random in an epoch is a function of the seed and its number alone, whoever holds which row. `afterEpoch` is called with the state after
 * each, and whether it is the last. Throws NOT_CONVERGED with `details.epoch` where the loss is not finite; ABORTED.
 */
export async function descend(
  problem: DescentProblem,
  state: DescentState,
  settings: DescentSettings,
  options: DescentOptions,
  afterEpoch?: (state: DescentState, last: boolean) => Promise<void>,
): Promise<{ parameters: FloatData; reason: TrainedDae['reason'] }> {
  const { epochs, heldOut, patience, schedule, optimiser } = settings;
  const order = new RandomStream(options.seed, 'shuffle').choose(problem.total, problem.total);
  const [training, judges] = [order.subarray(heldOut), order.subarray(0, heldOut)];
  const waited = () => state.epoch - (state.best?.epoch ?? 0);
  const patient = () => heldOut === 0 || waited() < patience;
  while (state.epoch < epochs && patient()) {
    const decay = schedule === 'constant' ? 1 : (1 + Math.cos((Math.PI * state.epoch) / epochs)) / 2;
    const step = { ...settings, optimiser: { ...optimiser, rate: optimiser.rate * decay } };
    const epoch = state.epoch + 1;
    const loss = problem.squareUnit * (await trainEpoch(problem, state, training, step, options));
    state.epoch = epoch;
    if (heldOut === 0) {
      state.history.push({ epoch, training: loss });
    } else {
      const judged = problem.squareUnit * (await heldOutLoss(problem, state, judges, options));
      state.history.push({ epoch, training: loss, heldOut: judged });
      if (judged < (state.best?.loss ?? Infinity))
        state.best = { loss: judged, epoch, parameters: state.parameters.slice() };
    }
    await afterEpoch?.(state, epoch === epochs || !patient());
    await tell(options.onEpoch, state.history[epoch - 1], 'onEpoch');
    await tell(options.onProgress, epoch / epochs);
  }
  const parameters = state.best?.parameters ?? state.parameters;
  if (!parameters.every(Number.isFinite)) throw diverged(state.epoch, optimiser);
  return { parameters, reason: patient() ? 'epochs' : 'early stopping' };
}

/** The inputs of an epoch, what they are to become, and how the kernel corrupts them. */
async function pairsOf(
  { kernels, points, noise }: DescentProblem,
  epoch: number,
  seed: number | undefined,
): Promise<Pick<NetworkProblem, 'points' | 'targets' | 'noise'>> {
  if (isDrawn(noise)) {
    const drawn = await kernels.doneByAll(noise.draw(epoch));
    return { points: asMatrix(drawn), targets: asMatrix(points) };
  }
  return {
    points: asMatrix(points),
    noise: { model: noise, stream: new RandomStream(seed, 'noise', epoch) },
  };
}

async function trainEpoch(
  problem: DescentProblem,
  state: DescentState,
  rows: Int32Array,
  { batch, optimiser }: DescentSettings,
  { seed, signal }: CallOptions,
): Promise<number> {
  const { kernels, layers } = problem;
  // Of ranks one that left before the others came would keep them waiting: the kernel asks on all of them.
  if (kernels.ranks.size === 1) throwIfAborted(signal);
  const epoch = state.epoch + 1;
  const shuffled = new RandomStream(seed, 'shuffle', epoch).choose(rows.length, rows.length);
  const loss = await kernels.trainNetwork(
    {
      layers,
      parameters: state.parameters,
      ...(await pairsOf(problem, epoch, seed)),
      order: shuffled.map((position) => rows[position]),
      moments: state.moments,
      optimiser,
      batch,
      step: state.epoch * Math.ceil(rows.length / batch),
    },
    { signal },
  );
  if (Number.isFinite(loss)) return loss;
  throw diverged(epoch, optimiser);
}

function diverged(epoch: number, { kind, rate }: Optimiser): RidgeflowError {
  const other = kind === 'sgd' ? ', or its momentum, or take Adam' : '';
  return new RidgeflowError(
    'NOT_CONVERGED',
    `The loss was no longer finite in epoch ${epoch}: lower optimiser.rate, which was ${rate}${other}`,
    { details: { epoch, rate } },
  );
}

/** The loss of the points held out, with the same noise after every epoch. */
async function heldOutLoss(
  problem: DescentProblem,
  { parameters }: DescentState,
  order: Int32Array,
  { seed, signal }: CallOptions,
): Promise<number> {
  const { kernels, layers } = problem;
  return kernels.networkLoss({ layers, parameters, ...(await pairsOf(problem, 0, seed)), order }, { signal });
}
