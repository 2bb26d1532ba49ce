import { zlib } from '../../core/builtins.js';
import { type FloatData, type NdArray, dtypeOf } from '../../core/array.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { type CallOptions, checkInteger } from '../../core/options.js';
import { fileError } from '../../io/errors.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import { isDrawn } from './corruption.js';
import type { ShareKernels } from '../../kernel/contract/shares.js';
import type { DescentProblem, DescentSettings, DescentState } from './descent.js';
import { historyArray, historyOf } from './history.js';
import { type LayerFacts, checkSequence, factsOf, layersFrom, tensorsOf } from './layer-tensors.js';
import { checkSeal, sealed } from '../../io/seal.js';
import type { EpochLoss, TrainedDae } from './trained-dae.js';

/** Where and how often training is saved. */
export interface Checkpointing {
  /** A safetensors file, written anew each time; nobody ever sees half of it. */
  file: string;
  /** Epochs from one to the next. The last epoch is always saved. Default 10. */
  every?: number;
}

/** A run of gradient descent: all that decides what an epoch of it does. */
export interface Run {
  readonly problem: DescentProblem;
  readonly settings: DescentSettings;
  /** The parameters that it begins with. */
  readonly start: FloatData;
  /** Of one layer of a deep autoencoder. */
  readonly depth?: LayersBefore;
}

/** What a checkpoint of one layer says of the others. */
export interface LayersBefore {
  /** All that decides what the layers are to be, beside the points. */
  readonly plan: object;
  /** Those that are done. */
  readonly finished: readonly TrainedDae[];
}

/** What a checkpoint says beside its tensors. */
interface Description {
  /** What the run is, so that no other one goes on from here. */
  run: string;
  epoch: number;
  best?: { loss: number; epoch: number };
  /** Layers that are done. */
  finished?: LayerFacts[];
}

const DESCRIPTION = 'ridgeflow.training';

/** What the parts of {@link describeRun} are called in messages. */
const NAMES: Readonly<Record<string, string>> = {
  start: 'map to begin from',
  heldOut: 'earlyStopping.heldOut',
  patience: 'earlyStopping.patience',
  plan: 'plan of the layers',
  ranks: 'number of ranks',
};

/** A run as values that JSON keeps; the same on all ranks that hold the points together. */
async function describeRun(
  { problem, settings, start, depth }: Run,
  seed: number | undefined,
): Promise<object> {
  const { kernels, layers, points, total, noise } = problem;
  const { epochs, schedule, ...rest } = settings;
  const { size } = kernels.ranks;
  return {
    layers,
    points: [total, points.shape[1], dtypeOf(points), await checksumOfAll(kernels, points.data)],
    noise: isDrawn(noise)
      ? noise.description
      : noise.kind === 'factor'
        ? { kind: noise.kind, factor: checksum(noise.factor) }
        : noise,
    // With a constant rate more epochs are the same run, longer.
    epochs: schedule === 'cosine' ? epochs : undefined,
    schedule,
    ...rest,
    seed: seed ?? 0,
    start: checksum(start),
    plan: depth?.plan,
    // Other numbers of ranks round otherwise: they would not come to the same bits.
    ranks: size > 1 ? size : undefined,
  };
}

/** Of values, after those that have the checksum `before`. */
export function checksum(data: FloatData, before = 0): number {
  return zlib().crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), before);
}

/** The checksum of the values of all ranks, one after the other: that of the array that they are parts of. */
async function checksumOfAll(shares: ShareKernels, own: FloatData): Promise<number> {
  const { rank: ownRank, size } = shares.ranks;
  let before = 0;
  for (let rank = 0; rank < size; rank++)
    [before] = await shares.sumOverRanks([rank === ownRank ? checksum(own, before) : 0]);
  return before;
}

/**
 * What to call after every epoch to keep the checkpoint, which of many ranks the first writes. Throws INVALID_ARGUMENT; later
 * FILE_WRITE, ABORTED.
 */
export async function checkpointer(
  run: Run,
  checkpoint: Checkpointing,
  { seed, signal }: CallOptions,
): Promise<(state: DescentState, last: boolean) => Promise<void>> {
  const { file } = checkpoint;
  if (typeof file !== 'string' || file === '')
    throw invalidArgument('checkpoint.file', 'the path of a file', file);
  const every = checkInteger(checkpoint.every ?? 10, 'checkpoint.every', 1);
  const described = JSON.stringify(await describeRun(run, seed));
  const finished = run.depth?.finished ?? [];
  const { kernels } = run.problem;
  return async (state, last) => {
    if (state.epoch % every !== 0 && !last) return;
    const { parameters, moments, history, best, epoch } = state;
    const array = (data: FloatData) => ({ data, shape: [data.length] });
    const description: Description = {
      run: described,
      epoch,
      ...(best && { best: { loss: best.loss, epoch: best.epoch } }),
      finished: factsOf(finished),
    };
    const tensors = {
      ...tensorsOf(finished),
      parameters: array(parameters),
      moments: array(moments),
      history: historyArray(history),
      ...(best && { best: array(best.parameters) }),
    };
    const metadata = sealed(tensors, DESCRIPTION, description);
    const isFirst = kernels.ranks.rank === 0;
    await kernels.doneByAll(
      isFirst ? writeSafetensors(file, tensors, { metadata, signal }) : Promise.resolve(),
    );
  };
}

/**
 * Puts a state back to that of a checkpoint of the same run. Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, and
 * INVALID_ARGUMENT where it is of another map, other points or options, or has more epochs than are asked for.
 */
export async function restore(
  file: string,
  state: DescentState,
  run: Run,
  { seed, signal }: CallOptions,
): Promise<void> {
  const expected = await describeRun(run, seed);
  await run.problem.kernels.doneByAll(restoreRun(file, state, run, expected, signal));
}

async function restoreRun(
  file: string,
  state: DescentState,
  run: Run,
  expected: object,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { tensors, found } = await readCheckpoint(file, signal);
  if (found.run !== JSON.stringify(expected)) throw otherRun(file, expected, found.run);
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
  const within = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
  if (!within(epoch) || history.length !== epoch) throw noCheckpoint(file);
  if (best && !(Number.isFinite(best.loss) && within(best.epoch) && best.epoch <= epoch))
    throw noCheckpoint(file);
  if (epoch > run.settings.epochs) {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a checkpoint of at most ${run.settings.epochs} epochs for resume but ${file} has ${epoch}: ask for more epochs`,
      { details: { parameter: 'resume', file, epoch } },
    );
  }
  state.parameters.set(take('parameters', count));
  state.moments.set(take('moments', 2 * count));
  state.epoch = epoch;
  state.history.push(...history);
  if (best) state.best = { ...best, parameters: take('best', count) };
}

/** The layers that were done where a checkpoint of `count` layers of this kind was written. Throws as {@link restore}. */
export async function finishedLayers(
  file: string,
  { kind, count, dimension }: { kind: string; count: number; dimension: number },
  { signal }: CallOptions,
): Promise<TrainedDae[]> {
  const { tensors, found } = await readCheckpoint(file, signal);
  let layers: TrainedDae[];
  try {
    layers = layersFrom(tensors, found.finished ?? []);
    if (layers.length > 0) checkSequence(layers, kind);
  } catch (cause) {
    throw noCheckpoint(file, cause);
  }
  if (layers.length < count && (layers[0]?.dimension ?? dimension) === dimension) return layers;
  throw otherRun(file, {}, found.run);
}

async function readCheckpoint(
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ tensors: ReadonlyMap<string, NdArray>; found: Description }> {
  if (typeof file !== 'string' || file === '') throw invalidArgument('resume', 'the path of a file', file);
  const sealedFile = await readSafetensors(file, { signal });
  const { tensors, metadata } = sealedFile;
  if (metadata[DESCRIPTION] !== undefined) checkSeal(sealedFile, DESCRIPTION, file);
  let found: Description | undefined;
  try {
    found = JSON.parse(metadata[DESCRIPTION] ?? '') as Description;
  } catch (cause) {
    throw noCheckpoint(file, cause);
  }
  if (typeof found?.run !== 'string') throw noCheckpoint(file);
  return { tensors, found };
}

/** Says which parts of a run are not those of the checkpoint. */
function otherRun(file: string, expected: object, text: string): RidgeflowError {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    return noCheckpoint(file, cause);
  }
  const differing = Object.entries(expected)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(found?.[key]))
    .map(([key]) => NAMES[key] ?? key);
  return new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected a checkpoint of the same run for resume but ${file} is of another (${differing.join(', ') || 'layers'}): ` +
      'give the map, points and options of that run, or begin anew without resume',
    { details: { parameter: 'resume', file, differing } },
  );
}

function noCheckpoint(file: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem: 'it is not a checkpoint of training',
    remedy: 'Give the file of the option checkpoint',
    cause,
  });
}
