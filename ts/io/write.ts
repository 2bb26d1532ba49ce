import { mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkArray, elementCount } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { ForeignArray } from '../core/foreign.js';
import { throwIfAborted } from '../core/options.js';
import { systemCode } from './errors.js';
import { writeError } from './write-error.js';
import { removeLeftBehind, temporaryName } from './left-behind.js';
import { type WriteShare, writeOwnRows } from './write-share.js';
import { elementChunks } from './npy.js';
import { npyHeader, type WritableArray } from './npy-header.js';
import { isInt32Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Appends bytes, or text as UTF-8, to the file that is being written. */
export type Append = (part: Uint8Array | string) => Promise<void>;

/** Options of what writes a file. */
export interface WriteOptions {
  /** Aborts the call: it rejects with code ABORTED and leaves the old file, or none. */
  signal?: AbortSignal;
}

/**
 * Writes a file so that nobody ever sees half of it: `write` appends to a temporary file in the same folder, which is
 * then flushed to the disk and renamed to `path`. On any error, and on abort, the temporary file is removed and a file
 * that was at `path` stays as it was. What processes that were killed left in the folder is removed, too.
 *
 * Throws FILE_WRITE, naming the path and the remedy, and ABORTED; errors that `write` throws itself pass through.
 */
export async function writeAtomic(
  path: string,
  write: (append: Append) => Promise<void>,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeAtomic, { path, write, options });
  await writeInPlace(path, ({ append }) => write(append), options);
}

/** A file that is being written. */
export interface Output {
  append: Append;
  /** Writes over bytes that have been written, from `position` on. */
  patch: (position: number, bytes: Uint8Array) => Promise<void>;
}

/** Writes a file as {@link writeAtomic} does; what has been written can be changed until the end. */
export async function writeInPlace(
  path: string,
  write: (output: Output) => Promise<void>,
  { signal }: WriteOptions = {},
): Promise<void> {
  throwIfAborted(signal);
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a file', path);
  const temporary = temporaryName(dirname(path), basename(path).slice(0, 40));
  let file: FileHandle | undefined;
  const onDisk = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (cause) {
      throw writeError(cause, path);
    }
  };
  try {
    await refuseFolder(path);
    await removeLeftBehind(dirname(path));
    const handle = await onDisk(open(temporary, 'wx'));
    file = handle;
    await write({
      append: async (part) => {
        throwIfAborted(signal);
        await onDisk(handle.writeFile(part));
      },
      patch: async (position, bytes) => {
        await onDisk(handle.write(bytes, 0, bytes.length, position));
      },
    });
    throwIfAborted(signal);
    await onDisk(handle.sync());
    await onDisk(handle.close());
    await onDisk(rename(temporary, path));
  } catch (error) {
    if (file) {
      await file.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
    }
    throw error;
  }
}

/** Writes text as UTF-8 by {@link writeAtomic}. */
export async function writeTextAtomic(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  checkCall(SIGNATURES.writeTextAtomic, { path, text, options });
  await writeAtomic(path, (append) => append(text), options);
}

/**
 * Writes an array as a .npy file (version 1.0, C order) that NumPy loads: float32 as f4, float64 as f8, Int32Array as
 * i4; of another library as what it has. Atomic, as {@link writeAtomic} says. Throws INVALID_SHAPE where shape and length disagree, FILE_WRITE, ABORTED.
 *
 * With `share`, as `distributed` gives it, processes write one file together on a disk that all of them see: each gives its own
 * rows, and writes them at their place; none holds the others'. Where it fails in one it fails in all.
 */
export async function writeNpy(
  path: string,
  array: WritableArray | ForeignArray,
  options: WriteOptions & { share?: WriteShare } = {},
): Promise<void> {
  ({ array } = checkCall(SIGNATURES.writeNpy, { path, array, options }));
  checkWritable(array, 'array');
  if (options.share) return writeOwnRows(path, array, options.share, options.signal);
  await writeAtomic(
    path,
    async (append) => {
      await append(npyHeader(array));
      for (const chunk of elementChunks(array.data)) await append(chunk);
    },
    options,
  );
}

/** Throws unless an array can be written: INVALID_DTYPE, INVALID_SHAPE or INVALID_ARGUMENT, naming it `name`. */
export function checkWritable(array: WritableArray, name: string): void {
  const { data, shape } = array ?? {};
  if (!isInt32Array(data)) {
    checkArray({ data, shape }, name);
    return;
  }
  if (!Array.isArray(shape) || elementCount(shape) !== data.length) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected a shape of ${data.length} elements for ${name} but received [${String(shape)}]`,
      { details: { parameter: name } },
    );
  }
}

/**
 * Creates a folder, with those above it, where it is missing, and makes sure that files can be created in it. Throws
 * FILE_WRITE, naming the path and the remedy.
 */
export async function ensureOutputFolder(path: string): Promise<void> {
  checkCall(SIGNATURES.ensureOutputFolder, { path });
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a folder', path);
  const probe = temporaryName(path, 'ridgeflow');
  try {
    await makeFolders(path);
    // Permission bits do not tell the whole truth (read-only file systems, access lists, the superuser): try it.
    await (await open(probe, 'wx')).close();
    await unlink(probe);
  } catch (cause) {
    throw writeError(cause, path);
  }
}

/** Node's own recursive mkdir never returns where a folder exists in which none can be made, as in /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeFolders(dirname(path));
    await mkdir(path);
  }
}

/** A rename onto a folder fails late and, on an empty folder, obscurely: look first. */
async function refuseFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (isFolder) throw writeError(Object.assign(new Error('is a directory'), { code: 'EISDIR' }), path);
}
