import { type NdArray, dtypeOf } from '../core/array.js';
import { type RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkInteger, checkPositive } from '../core/options.js';
import { fileError } from '../io/errors.js';
import type { State } from './state.js';

/** Snapshots of a long run on disk, from which it can be resumed. */
export interface CheckpointOptions {
  /** A .npz file, replaced by each snapshot; never half written. Its folder must exist. */
  file: string;
  /** How often: after so many accepted steps, or after the first step that ends so many seconds later. Default 60 seconds. */
  every?: { steps: number } | { seconds: number };
}

/** All that a run has to know to go on, as lists of numbers and lists of states by name. */
export interface Snapshot {
  numbers: Record<string, readonly number[]>;
  states: Record<string, readonly State[]>;
}

/** Writes snapshots when they are due. */
export class Checkpoints {
  readonly #file: string | undefined;
  readonly #steps: number;
  readonly #milliseconds: number;
  #lastStep = 0;
  #lastTime = performance.now();

  constructor(
    options: CheckpointOptions | undefined,
    readonly signal: AbortSignal | undefined,
  ) {
    this.#file = options?.file;
    if (options && typeof options.file !== 'string')
      throw invalidArgument('checkpoint.file', 'the path of a file', options.file);
    const every = options?.every ?? { seconds: 60 };
    this.#steps = 'steps' in every ? checkInteger(every.steps, 'checkpoint.every.steps', 1) : Infinity;
    this.#milliseconds =
      'seconds' in every ? 1000 * checkPositive(every.seconds, 'checkpoint.every.seconds') : Infinity;
  }

  /** After a step that was accepted. The snapshot is made only where one is due. */
  async afterStep(steps: number, snapshot: () => Snapshot): Promise<void> {
    if (this.#file === undefined) return;
    if (steps - this.#lastStep < this.#steps && performance.now() - this.#lastTime < this.#milliseconds)
      return;
    const { numbers, states } = snapshot();
    const entries: Record<string, NdArray> = {};
    for (const [name, values] of Object.entries(numbers)) {
      entries[name] = { data: Float64Array.from(values), shape: [values.length] };
    }
    for (const [name, list] of Object.entries(states)) {
      list.forEach((state, i) => state.forEach((array, k) => (entries[`${name}_${i}_${k}`] = array)));
    }
    // What reads and writes files is loaded only where it is used.
    const { writeNpz } = await import('../io/npz.js');
    await writeNpz(this.#file, entries, { signal: this.signal, compress: false });
    this.#lastStep = steps;
    this.#lastTime = performance.now();
  }

  /** Counts steps from those of a resumed run. */
  resumeAt(steps: number): void {
    this.#lastStep = steps;
  }
}

/** What a snapshot must hold to be one of this run. */
export interface SnapshotSchema {
  /** Numbers that must be the same. */
  identity: Record<string, readonly number[]>;
  /** The state that the run starts from: the first of those saved. */
  start: State;
  /** Names of the other lists of numbers, and of the lists of states. All of them are there, and nothing else. */
  numbers: readonly string[];
  states: readonly string[];
}

/**
 * Reads a snapshot. Throws INVALID_ARGUMENT where the run was another than that of the schema, FILE_FORMAT where the file
 * does not hold just what the schema names, FILE_NOT_FOUND, FILE_TRUNCATED. What the numbers mean is the caller's to check.
 */
export async function readSnapshot(
  path: string,
  { identity, start, ...schema }: SnapshotSchema,
  signal: AbortSignal | undefined,
): Promise<Snapshot> {
  if (typeof path !== 'string') throw invalidArgument('resume', 'the path of a snapshot', path);
  const { readNpz } = await import('../io/npz.js');
  const arrays = new Map(Object.entries(await readNpz(path, { signal })));
  const take = (name: string): NdArray | undefined => {
    const array = arrays.get(name);
    arrays.delete(name);
    return array;
  };
  // Only names of the schema are asked for, from 0 on: a name of the file is never a key nor an index.
  const numbers: Record<string, number[]> = {};
  for (const name of [...Object.keys(identity), ...schema.numbers]) {
    const array = take(name);
    if (array && array.shape.length !== 1) throw noSnapshot(path);
    if (array) numbers[name] = Array.from(array.data);
    else if (!(name in identity)) throw noSnapshot(path);
  }
  const states: Record<string, NdArray[][]> = {};
  for (const name of schema.states) {
    const list: NdArray[][] = (states[name] = []);
    while (arrays.has(`${name}_${list.length}_0`)) {
      const state: NdArray[] = [];
      for (let array; (array = take(`${name}_${list.length}_${state.length}`));) state.push(array);
      list.push(state);
    }
  }
  const first = states.saved?.[0];
  if (!first || arrays.size > 0 || !sameShapes(states, first)) throw noSnapshot(path);
  const different = Object.keys(identity).find((name) => !sameNumbers(numbers[name] ?? [], identity[name]));
  if (different !== undefined || !sameState(first, start)) {
    throw invalidArgument(
      'resume',
      `a snapshot of this very run (${path} differs in its ${different ?? 'starting state'})`,
      path,
    );
  }
  return { numbers, states };
}

/** FILE_FORMAT: the file holds something else, or not all of a snapshot. */
export function noSnapshot(path: string): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file: path,
    problem: 'expected a snapshot of an integration but it holds other arrays',
    remedy: 'Give the file that the option checkpoint wrote',
  });
}

/** Whether these are counts: whole numbers from 0 on. */
export function areCounts(numbers: readonly number[]): boolean {
  return numbers.every((value) => Number.isSafeInteger(value) && value >= 0);
}

/** Text as numbers, for a snapshot. */
export function textCodes(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function sameShapes(states: Record<string, NdArray[][]>, first: State): boolean {
  const fits = (array: NdArray, like: NdArray) =>
    dtypeOf(array) === dtypeOf(like) && sameNumbers(array.shape, like.shape);
  return Object.values(states).every((list) =>
    list.every((state) => state.length === first.length && first.every((like, k) => fits(state[k], like))),
  );
}

function sameState(a: State, b: State): boolean {
  return (
    a.length === b.length &&
    a.every(
      (array, k) =>
        dtypeOf(array) === dtypeOf(b[k]) &&
        sameNumbers(array.shape, b[k].shape) &&
        array.data.every((value, i) => Object.is(value, b[k].data[i])),
    )
  );
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
