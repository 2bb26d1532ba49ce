import { type DType, type NdArray, elementCount } from '../core/array.js';
import { RidgeflowError, describe, invalidArgument } from '../core/errors.js';
import type { CloudLabels } from './labels.js';
import { elementChunks, readNpyArray, readNpyLabels, type NpyArray } from './npy.js';
import { npyHeader, type WritableArray } from './npy-header.js';
import { type ByteSource, checkMemory } from './source.js';
import { checkWritable, writeAtomic, type WriteOptions } from './write.js';
import { openZipEntry, readZipDirectory, type ZipEntry } from './zip-read.js';
import { writeZip, type ZipInput } from './zip-write.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

const SUFFIX = '.npy';

/** Options of {@link readNpz}. */
export interface ReadNpzOptions {
  /** The arrays to read. Default: all that hold numbers. */
  names?: readonly string[];
  /** Aborts the call: it rejects with code ABORTED. */
  signal?: AbortSignal;
}

/**
 * Reads the arrays of a .npz file, by name, as `readNpy` reads a .npy file. Entries that are not .npy, and arrays of
 * texts, objects and other elements that are no numbers, are left out unless `names` asks for them.
 *
 * Throws what `readNpy` throws, INVALID_DTYPE for an array of `names`, or all arrays, without numbers; INVALID_ARGUMENT
 * for a name that the file does not have; and UNSUPPORTED for encrypted entries and methods other than stored and
 * deflated. A wrong checksum or a size that the compressed data cannot have is FILE_FORMAT.
 */
export async function readNpz(path: string, options: ReadNpzOptions = {}): Promise<Record<string, NdArray>> {
  checkCall(SIGNATURES.readNpz, { path, options });
  const { names, signal } = options;
  const arrays: [string, NdArray][] = [];
  const entries = await npzEntries(path);
  // All of them are held in the end: each alone would find that there is memory for it.
  const wanted = [...(names ?? entries.keys())].map((name) => entries.get(name)?.size ?? 0);
  checkMemory(
    wanted.reduce((sum, size) => sum + size, 0),
    path,
  );
  let refused: RidgeflowError | undefined;
  for (const name of names ?? entries.keys()) {
    const entry = entries.get(name);
    if (!entry) throw invalidArgument('names', `names among ${[...entries.keys()].join(', ')}`, name);
    try {
      const { data, shape } = await readNpzEntry(path, entry, undefined, signal);
      arrays.push([name, { data, shape }]);
    } catch (error) {
      if (names || !(error instanceof RidgeflowError) || error.code !== 'INVALID_DTYPE') throw error;
      refused ??= error;
    }
  }
  if (refused && arrays.length === 0) throw refused;
  return Object.fromEntries(arrays);
}

/** Reads one array of a .npz file and verifies its checksum; in `dtype`, or else in the one that holds it exactly. */
export async function readNpzEntry(
  path: string,
  entry: ZipEntry,
  dtype?: DType,
  signal?: AbortSignal,
): Promise<NpyArray> {
  return withEntry(path, entry, signal, (source) => readNpyArray(source, dtype));
}

/** Reads one array of a .npz file as the names of classes, and verifies its checksum. */
export async function readNpzLabels(
  path: string,
  entry: ZipEntry,
  signal?: AbortSignal,
): Promise<CloudLabels> {
  return withEntry(path, entry, signal, readNpyLabels);
}

async function withEntry<T>(
  path: string,
  entry: ZipEntry,
  signal: AbortSignal | undefined,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await openZipEntry(path, entry, signal);
  try {
    const result = await read(source);
    await source.drain();
    return result;
  } finally {
    source.close();
  }
}

/** The arrays of a .npz file: their entries by name, without the ending, in the file's order. */
export async function npzEntries(path: string): Promise<Map<string, ZipEntry>> {
  const entries = (await readZipDirectory(path)).filter(({ name }) => name.endsWith(SUFFIX));
  return new Map(entries.map((entry) => [entry.name.slice(0, -SUFFIX.length), entry]));
}

/** Options of {@link writeNpz}. */
export interface WriteNpzOptions extends WriteOptions {
  /** Whether to deflate the arrays, as numpy.savez_compressed does. Default true. */
  compress?: boolean;
}

/**
 * Writes arrays by name as a .npz file that NumPy loads. Atomic, as `writeAtomic` says; compressed off the event loop;
 * O(1) memory beside the arrays; equal arrays give equal bytes. Files and arrays above 4 GB use zip's 64-bit extension.
 *
 * Throws INVALID_ARGUMENT for a name that a zip file cannot hold, INVALID_SHAPE and INVALID_DTYPE naming the array,
 * FILE_WRITE, ABORTED.
 */
export async function writeNpz(
  path: string,
  entries: Readonly<Record<string, WritableArray>>,
  options: WriteNpzOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeNpz, { path, entries, options });
  const each = Object.entries(entries).map(([name, array]): LateEntry => {
    checkWritable(array, `entries[${describe(name)}]`);
    return { name, like: array, array: () => array };
  });
  await writeLateNpz(path, each, options);
}

/** An array of a .npz file that need not be there before its turn to be written comes. */
export interface LateEntry {
  name: string;
  /** An array of its dtype and shape. */
  like: WritableArray;
  array: () => WritableArray | Promise<WritableArray>;
}

/** Writes a .npz file as {@link writeNpz} does, of arrays that are made or read one after another, in O(1) memory beside one. */
export async function writeLateNpz(
  path: string,
  entries: readonly LateEntry[],
  { signal, compress = true }: WriteNpzOptions = {},
): Promise<void> {
  const inputs = entries.map(({ name, like, array }): ZipInput => {
    if (!/^[^\0\\/]+$/.test(name) || Buffer.byteLength(name) > 1000) {
      throw invalidArgument('entries', 'names of 1 to 1000 bytes without slashes', name);
    }
    return {
      name: name + SUFFIX,
      size: npyHeader(like).length + elementCount(like.shape) * like.data.BYTES_PER_ELEMENT,
      chunks: withHeader(array),
    };
  });
  await writeAtomic(path, (append) => writeZip(append, inputs, { compress }), { signal });
}

async function* withHeader(make: LateEntry['array']): AsyncGenerator<Uint8Array> {
  const array = await make();
  yield npyHeader(array);
  yield* elementChunks(array.data);
}
