import { crc32 } from 'node:zlib';
import { type FloatData, dtypeOf } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger } from '../../core/options.js';
import { fileError } from '../../io/errors.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import type { DescentProblem, DescentSettings, DescentState } from './descent.js';
import { historyArray, historyOf } from './history.js';
import type { EpochLoss } from './trained-dae.js';

/** Where and how often training is saved. */
export interface Checkpointing {
  /** A safetensors file, written anew each time; nobody ever sees half of it. */
  file: string;
  /** Epochs from one to the next. The last epoch is always saved. Default 10. */
  every?: number;
}

/** What a checkpoint says beside its tensors. */
interface Description {
  /** What the run is, so that no other one goes on from here. */
  run: string;
  epoch: number;
  best?: { loss: number; epoch: number };
}

const DESCRIPTION = 'ridgeflow.training';

/** All that decides what an epoch does, as text. */
function runOf(
  { layers, points, noise }: DescentProblem,
  settings: DescentSettings,
  seed: number | undefined,
): string {
  if (typeof noise === 'function')
    throw new RidgeflowError('UNSUPPORTED', 'Checkpoints are kept where the noise is that of the kernel');
  const { epochs, schedule, ...rest } = settings;
  const model = noise.kind === 'factor' ? { kind: noise.kind, factor: checksum(noise.factor) } : noise;
  return JSON.stringify({
    layers,
    points: [...points.shape, dtypeOf(points), checksum(points.data)],
    noise: model,
    // With a constant rate more epochs are the same run, longer.
    epochs: schedule === 'cosine' ? epochs : undefined,
    schedule,
    ...rest,
    seed: seed ?? 0,
  });
}

function checksum(data: FloatData): number {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** What to call after every epoch to keep the checkpoint. Throws INVALID_ARGUMENT, UNSUPPORTED; later FILE_WRITE, ABORTED. */
export function checkpointer(
  problem: DescentProblem,
  settings: DescentSettings,
  checkpoint: Checkpointing,
  { seed, signal }: CallOptions,
): (state: DescentState, last: boolean) => Promise<void> {
  const { file } = checkpoint;
  if (typeof file !== 'string' || file === '')
    throw invalidArgument('checkpoint.file', 'the path of a file', file);
  const every = checkInteger(checkpoint.every ?? 10, 'checkpoint.every', 1);
  const run = runOf(problem, settings, seed);
  return async (state, last) => {
    if (state.epoch % every !== 0 && !last) return;
    const { parameters, moments, history, best, epoch } = state;
    const array = (data: FloatData) => ({ data, shape: [data.length] });
    const description: Description = {
      run,
      epoch,
      ...(best && { best: { loss: best.loss, epoch: best.epoch } }),
    };
    await writeSafetensors(
      file,
      {
        parameters: array(parameters),
        moments: array(moments),
        history: historyArray(history),
        ...(best && { best: array(best.parameters) }),
      },
      { metadata: { [DESCRIPTION]: JSON.stringify(description) }, signal },
    );
  };
}

/**
 * Puts a state back to that of a checkpoint of the same run. Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, and
 * INVALID_ARGUMENT where it is of other points or options.
 */
export async function restore(
  file: string,
  state: DescentState,
  problem: DescentProblem,
  settings: DescentSettings,
  { seed, signal }: CallOptions,
): Promise<void> {
  const run = runOf(problem, settings, seed);
  const { tensors, metadata } = await readSafetensors(file, { signal });
  let found: Description | undefined;
  try {
    found = JSON.parse(metadata[DESCRIPTION] ?? '') as Description;
  } catch (cause) {
    throw noCheckpoint(file, cause);
  }
  if (typeof found?.run !== 'string') throw noCheckpoint(file);
  if (found.run !== run) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected the points and options of the run that ${file} is a checkpoint of for resume but received others`,
      { details: { parameter: 'resume', file } },
    );
  }
  const { epoch, best } = found;
  const take = (name: string, length: number): FloatData => {
    const array = tensors.get(name);
    if (array?.data.length !== length || dtypeOf(array) !== dtypeOf({ data: state.parameters }))
      throw noCheckpoint(file);
    return array.data;
  };
  const count = state.parameters.length;
  let history: EpochLoss[];
  try {
    history = historyOf(tensors.get('history'));
  } catch (cause) {
    throw noCheckpoint(file, cause);
  }
  if (!Number.isSafeInteger(epoch) || history.length !== epoch) throw noCheckpoint(file);
  state.parameters.set(take('parameters', count));
  state.moments.set(take('moments', 2 * count));
  state.epoch = epoch;
  state.history.push(...history);
  if (best) state.best = { ...best, parameters: take('best', count) };
}

function noCheckpoint(file: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem: 'it is not a checkpoint of training',
    remedy: 'Give the file of the option checkpoint',
    cause,
  });
}
