import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { ActivationName } from '../core/activation.js';
import { RidgeflowError } from '../core/errors.js';
import {
  type AnyTrainedDae,
  type DescentOptions,
  type EpochLoss,
  type StackedDae,
  type TrainedComposition,
  type TrainedDae,
  fineTune,
  fitComposedDae,
  fitDae,
  fitStackedDae,
  trainComposedDae,
  trainDae,
  trainStackedDae,
} from '../dae/index.js';
import type { Cloud } from './cloud-input.js';
import type { DuplicatesPolicy, ReadingOptions } from './reading-options.js';
import type { ScalingOptions } from './scaling.js';
import type { CommandContext, ComputationOptions, OutputOptions } from './shared-options.js';

/** The options of `ridgeflow train`. */
export interface TrainCommandOptions
  extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  out: string;
  kind: 'composed' | 'stacked';
  depth: number;
  width: number[];
  activation: ActivationName;
  noise?: number;
  residual: boolean;
  tied?: boolean;
  method: 'descent' | 'ridge';
  epochs: number;
  batch: number;
  optimiser: 'adam' | 'sgd';
  rate?: number;
  schedule: 'cosine' | 'constant';
  heldOut: number;
  patience: number;
  fineTune?: number;
  checkpoint?: string;
  checkpointEvery: number;
  resume?: boolean;
  layersModel?: boolean;
  imageShape?: [number, number];
  duplicates: DuplicatesPolicy;
}

/** What training needs beside the options. */
export interface TrainingContext extends CommandContext {
  T: number;
  checkpoint: string;
}

/** What came of training. */
export interface Trained {
  dae: AnyTrainedDae;
  /** The loss of the whole map while all layers were trained at once, where they were. */
  fineTuning?: { history: readonly EpochLoss[]; reason: TrainedDae['reason'] };
}

/**
 * Trains or fits the autoencoder that the options ask for, and fine-tunes it where they do. Throws what the library throws.
 */
export async function trained(
  cloud: Cloud,
  options: TrainCommandOptions,
  context: TrainingContext,
): Promise<Trained> {
  const { fineTune: epochs, kind, depth, seed, dtype, backend, checkpointEvery } = options;
  const { T, signal, progress, shares, checkpoint } = context;
  if (epochs === undefined) return { dae: await layersTrained(cloud, options, context, 0.9) };
  if (kind === 'composed' && depth === 1)
    throw new RidgeflowError('INVALID_ARGUMENT', '--fine-tune needs --depth above 1 or --kind stacked');
  const file = checkpoint.replace(/(\.safetensors)?$/, '-fine-tuning.safetensors');
  // Otherwise --resume would find that of an earlier run.
  const isFirst = shares.ranks.rank === 0;
  if (!options.resume) await shares.doneByAll(isFirst ? rm(file, { force: true }) : Promise.resolve());
  const layers = await layersTrained(cloud, options, context, 0.6);
  // Ranks that see the file at different times must not disagree.
  const [there] = await shares.largestOverRanks([existsSync(file) ? 1 : 0]);
  const { dae, history, reason } = await fineTune(layers as TrainedComposition | StackedDae, cloud.points, {
    ...descentOf({ ...options, epochs }),
    ...{ signal, seed, dtype, backend, noise: T },
    checkpoint: { file, every: checkpointEvery },
    resume: options.resume && there > 0 ? file : undefined,
    onProgress: (part) => progress.update(0.6 + 0.3 * part, 'fine-tuning'),
  });
  return { dae, fineTuning: { history, reason } };
}

/** The layers, one by one, in the first `share` of the command's work. */
async function layersTrained(
  { points }: Cloud,
  options: TrainCommandOptions,
  { T, signal, progress, checkpoint }: TrainingContext,
  share: number,
): Promise<AnyTrainedDae> {
  const { kind, depth, width: given, activation, residual, tied, heldOut, seed, dtype, backend } = options;
  const shared = { signal, seed, dtype, backend, activation };
  const [width] = given;
  if (given.length > 1 && kind !== 'stacked') {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      'Expected one width for --kind composed: lists are for stacks',
    );
  }
  const widths = given.length > 1 ? given : width;
  if (options.method === 'ridge') {
    if (tied) throw new RidgeflowError('UNSUPPORTED', '--tied needs --method descent');
    if (options.resume) throw new RidgeflowError('UNSUPPORTED', '--resume needs --method descent');
    const fit = {
      ...shared,
      heldOut,
      onProgress: (part: number) => progress.update(share * part, 'fitting'),
    };
    if (kind === 'stacked') return fitStackedDae(points, { ...fit, widths, layers: depth, T });
    if (depth === 1) return fitDae(points, { ...fit, width, noise: T, residual });
    return fitComposedDae(points, { ...fit, width, layers: depth, T, residual });
  }
  let loss = NaN;
  const descent = {
    ...shared,
    ...descentOf(options),
    tied,
    checkpoint: { file: checkpoint, every: options.checkpointEvery },
    resume: options.resume ? checkpoint : undefined,
    onEpoch: ({ training, heldOut: judged }: EpochLoss) => (loss = judged ?? training),
    onProgress: (part: number) => {
      const layer = Math.max(1, Math.ceil(part * depth - 1e-9));
      progress.update(share * part, `layer ${layer} of ${depth}, loss ${loss.toPrecision(4)}`);
    },
  };
  if (kind === 'stacked') return trainStackedDae(points, { ...descent, widths, layers: depth, T });
  if (depth === 1) return trainDae(points, { ...descent, width, noise: T, residual });
  return trainComposedDae(points, { ...descent, width, layers: depth, T, residual });
}

function descentOf(options: TrainCommandOptions): DescentOptions {
  const { epochs, batch, schedule, heldOut, patience, rate } = options;
  return {
    epochs,
    batch,
    schedule,
    optimiser:
      options.optimiser === 'sgd'
        ? { kind: 'sgd', rate: rate ?? 0.01 }
        : { kind: 'adam', rate: rate ?? 0.003 },
    earlyStopping: heldOut > 0 ? { heldOut, patience } : undefined,
  };
}
