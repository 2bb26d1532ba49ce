import type { ActivationName } from '../core/activation.js';
import { RidgeflowError } from '../core/errors.js';
import {
  type AnyTrainedDae,
  type DescentOptions,
  type EpochLoss,
  fitComposedDae,
  fitDae,
  fitStackedDae,
  trainComposedDae,
  trainDae,
  trainStackedDae,
} from '../dae/index.js';
import type { Cloud } from './cloud-input.js';
import type { Progress } from './progress.js';
import type { ComputationOptions, OutputOptions } from './shared-options.js';

/** The options of `ridgeflow train`. */
export interface TrainCommandOptions extends ComputationOptions, OutputOptions {
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
  checkpoint?: string;
  checkpointEvery: number;
  resume?: boolean;
  layersModel?: boolean;
  labelColumn?: string;
  labels?: string;
  array?: string;
  imageShape?: [number, number];
}

/** What training needs beside the options. */
export interface TrainingContext {
  T: number;
  signal: AbortSignal;
  progress: Progress;
  checkpoint: string;
}

/** Trains or fits the autoencoder that the options ask for. Throws what the library throws. */
export async function trained(
  { points }: Cloud,
  options: TrainCommandOptions,
  { T, signal, progress, checkpoint }: TrainingContext,
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
    const fit = { ...shared, heldOut, onProgress: (part: number) => progress.update(0.9 * part, 'fitting') };
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
      progress.update(0.9 * part, `layer ${layer} of ${depth}, loss ${loss.toPrecision(4)}`);
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
