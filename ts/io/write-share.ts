import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { elementCount } from '../core/array.js';
import { type ErrorCode, RidgeflowError } from '../core/errors.js';
import { throwIfAborted } from '../core/options.js';
import { isError, isFloat64Array, isInt32Array } from '../core/realm.js';
import { temporaryName } from './left-behind.js';
import { elementChunks } from './npy.js';
import { npyHeaderOf, type WritableArray } from './npy-header.js';
import { writeError } from './write-error.js';

/** One process among those that write a file together, as `distributed` gives it. */
export interface WriteShare {
  /** Its number, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** What every process says, by rank, where each calls it with what it says. */
  readonly exchange: (text: string) => Promise<string[]>;
}

/** What a process says of its part: an array of this type and shape, of which the rows are its own. */
interface Part {
  type: 'i4' | 'f4' | 'f8';
  shape: readonly number[];
}

/**
 * Writes a .npy file of which every process has some rows: along the first axis of its array, or along another, as the points
 * of snapshots k × n × d. The file appears under its name when all have written and flushed their part; where one fails, or is
 * aborted, all throw and there is no file. Throws INVALID_SHAPE where the parts do not fit together, FILE_WRITE, ABORTED.
 */
export async function writeOwnRows(
  path: string,
  array: WritableArray,
  share: WriteShare,
  signal?: AbortSignal,
  axis = 0,
): Promise<void> {
  const { data, shape } = array;
  const type = isInt32Array(data) ? 'i4' : isFloat64Array(data) ? 'f8' : 'f4';
  const parts = await together<Part>(share, async () => {
    throwIfAborted(signal);
    return { type, shape };
  });
  const counts = parts.map((part) => part.shape[axis] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  checkAlike(path, parts, axis);
  const whole = shape.map((extent, k) => (k === axis ? total : extent));
  const header = npyHeaderOf(type, whole);
  const elementBytes = data.BYTES_PER_ELEMENT;
  const [temporary] = await together<string>(share, async () => {
    if (share.rank > 0) return '';
    const name = temporaryName(dirname(path), basename(path).slice(0, 40));
    await inFile(name, path, 'wx', async (file) => {
      await file.write(header);
      await file.truncate(header.length + elementCount(whole) * elementBytes);
    });
    return name;
  });
  try {
    const rowBytes = elementCount(shape.slice(axis + 1)) * elementBytes;
    const before = counts.slice(0, share.rank).reduce((sum, count) => sum + count, 0);
    await together(share, () =>
      inFile(temporary, path, 'r+', async (file) => {
        const blocks = elementCount(shape.slice(0, axis));
        const length = data.length / blocks;
        for (let block = 0; block < blocks; block++) {
          let at = header.length + (block * total + before) * rowBytes;
          for (const chunk of elementChunks(data.subarray(block * length, (block + 1) * length))) {
            throwIfAborted(signal);
            await file.write(chunk, 0, chunk.length, at);
            at += chunk.length;
          }
        }
        await file.sync();
      }),
    );
    await together(share, async () => {
      if (share.rank === 0) await onDisk(path, rename(temporary, path));
    });
  } catch (error) {
    if (share.rank === 0) await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** INVALID_SHAPE unless the parts differ in nothing but their rows. */
function checkAlike(path: string, parts: readonly Part[], axis: number): void {
  const rest = ({ type, shape }: Part) =>
    JSON.stringify([type, shape.map((extent, k) => (k === axis ? 'n' : extent))]);
  const other = parts.findIndex((part) => rest(part) !== rest(parts[0]));
  if (other < 0) return;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `${path}: expected parts alike but their rows, but received ${rest(parts[0])} of rank 0 and ${rest(parts[other])} of rank ${other}`,
    { details: { file: path, rank: other } },
  );
}

async function inFile(
  name: string,
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await onDisk(path, open(name, flags));
  try {
    await onDisk(path, work(file));
  } finally {
    await file.close();
  }
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof RidgeflowError ? cause : writeError(cause, path);
  }
}

/** Does a part of the work in every process, and gives what each has come to; where one fails all of them fail. */
async function together<T>(share: WriteShare, work: () => Promise<T>): Promise<T[]> {
  let said: { value?: T; error?: { code: ErrorCode; message: string } };
  let own: { error: Error } | undefined;
  try {
    said = { value: await work() };
  } catch (error) {
    own = { error: isError(error) ? error : new Error(String(error)) };
    const code = error instanceof RidgeflowError ? error.code : 'FILE_WRITE';
    said = { error: { code, message: isError(error) ? error.message : String(error) } };
  }
  const all = (await share.exchange(JSON.stringify(said))).map((text) => JSON.parse(text) as typeof said);
  if (own) throw own.error;
  const failed = all.findIndex(({ error }) => error !== undefined);
  if (failed < 0) return all.map(({ value }) => value as T);
  const { code, message } = all[failed].error!;
  throw new RidgeflowError(code, `rank ${failed}: ${message}`, { details: { rank: failed } });
}
