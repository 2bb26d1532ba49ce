import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NdArray, dtypeOf } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import type { Depth, DepthRun } from '../dae/index.js';
import { damaged } from '../io/errors.js';
import { checkSeal, sealed } from '../io/seal.js';
import { readSafetensors, writeSafetensors } from '../io/safetensors.js';
import type { Cloud } from './cloud-input.js';
import { packageVersion } from './version.js';

const DESCRIPTION = 'ridgeflow.depth';

/**
 * The depths of an interrupted `ridgeflow transport` that are done, a safetensors file each in the folder `unfinished` of
 * its output. Each depth is a run of its own, so that what goes on from here ends in the same bits.
 */
export class FinishedDepths {
  readonly folder: string;
  readonly #run: string;

  /** @param options All that decides what a depth's run is, beside the cloud. */
  constructor(output: string, { points, labels }: Cloud, options: object) {
    this.folder = join(output, 'unfinished');
    const hash = createHash('sha256');
    hash.update(JSON.stringify([packageVersion(), points.shape, dtypeOf(points), options]));
    for (const { buffer, byteOffset, byteLength } of [points.data, labels?.values ?? new Int32Array()])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    this.#run = hash.digest('hex');
  }

  #file(depth: Depth): string {
    return join(this.folder, `depth_${depth}.safetensors`);
  }

  /** Whether this depth is done. */
  has(depth: Depth): boolean {
    return existsSync(this.#file(depth));
  }

  /**
   * A depth that is done.
   *
   * @throws INVALID_ARGUMENT where it is of other data or options; FILE_FORMAT where its file is damaged, FILE_NOT_FOUND.
   */
  async read(depth: Depth, signal: AbortSignal): Promise<DepthRun> {
    const file = this.#file(depth);
    const read = await readSafetensors(file, { signal });
    checkSeal(read, DESCRIPTION, file);
    const { run, numbers } = descriptionOf(read.metadata[DESCRIPTION], file);
    if (run !== this.#run) {
      throw new RidgeflowError(
        'INVALID_ARGUMENT',
        `Expected ${this.folder} to be of the same data and options, but it is of others: give them as they were, or ` +
          'start anew without --resume',
        { details: { file } },
      );
    }
    const times = read.tensors.get('times');
    const positions = read.tensors.get('positions');
    const snapshots = Array.from(times?.data ?? [], (_, i) => read.tensors.get(`snapshot_${i}`));
    const found = revived(numbers);
    if (
      !times ||
      !positions ||
      snapshots.includes(undefined) ||
      NUMBERS.some((name) => typeof found[name] !== 'number')
    )
      throw damaged(file, 'a part of it is missing');
    return {
      ...(found as unknown as DepthRun),
      depth,
      positions,
      snapshots: { times: [...times.data], positions: snapshots as NdArray[] },
    };
  }

  /** Keeps a depth that is done. Nobody ever sees half of it. */
  async save({ positions, snapshots, ...numbers }: DepthRun): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const tensors: Record<string, NdArray> = {
      positions,
      times: { data: Float64Array.from(snapshots.times), shape: [snapshots.times.length] },
    };
    snapshots.positions.forEach((cloud, i) => (tensors[`snapshot_${i}`] = cloud));
    const metadata = sealed(tensors, DESCRIPTION, { run: this.#run, numbers: plain(numbers) });
    await writeSafetensors(this.#file(numbers.depth), tensors, { metadata });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What every depth says of itself in numbers, and the page and the summary are made of. */
export const NUMBERS = [
  ...['entropy', 'displacement', 'w2', 'slicedW2', 'action', 'straightness', 'finalSmoothing'],
  ...['evaluations', 'seconds'],
];

/** What the file is of. Throws FILE_FORMAT. */
export function descriptionOf(
  text: string | undefined,
  file: string,
): { run: unknown; numbers: Record<string, unknown>; digest?: unknown; times?: unknown } {
  try {
    const said = JSON.parse(text ?? '') as { run: unknown; numbers: unknown };
    if (typeof said.numbers === 'object' && said.numbers !== null)
      return { ...said, numbers: said.numbers as Record<string, unknown> };
  } catch {
    // Said below, as of a description that is none.
  }
  throw damaged(file, 'it does not say what it is of');
}

/** Numbers that JSON does not have, as texts. */
export const plain = (numbers: object) =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : (value as unknown),
    ]),
  );

/** The inverse of {@link plain}. */
export const revived = (numbers: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      typeof value === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(value) ? Number(value) : value,
    ]),
  );
