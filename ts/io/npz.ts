import type { DType, NdArray } from '../core/array.js';
import { describe, invalidArgument } from '../core/errors.js';
import { npyHeader, elementChunks, readNpyArray, type NpyArray, type WritableArray } from './npy.js';
import { checkWritable, writeAtomic, type WriteOptions } from './write.js';
import { openZipEntry, readZipDirectory, type ZipEntry } from './zip-read.js';
import { writeZip, type ZipInput } from './zip-write.js';

const SUFFIX = '.npy';

/**
 * Reads every array of a .npz file, by name, as `readNpy` reads a .npy file. Entries that are not .npy are left out.
 *
 * Throws what `readNpy` throws, and UNSUPPORTED for encrypted entries and methods other than stored and deflated. A
 * wrong checksum or a size that the compressed data cannot have is FILE_FORMAT. To read one array of many, use
 * `readCloud` with its option `array`.
 */
export async function readNpz(
  path: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Record<string, NdArray>> {
  const arrays: [string, NdArray][] = [];
  for (const [name, entry] of await npzEntries(path)) {
    const { data, shape } = await readNpzEntry(path, entry, undefined, signal);
    arrays.push([name, { data, shape }]);
  }
  return Object.fromEntries(arrays);
}

/** Reads one array of a .npz file and verifies its checksum; in `dtype`, or else in the one that holds it exactly. */
export async function readNpzEntry(
  path: string,
  entry: ZipEntry,
  dtype?: DType,
  signal?: AbortSignal,
): Promise<NpyArray> {
  const source = await openZipEntry(path, entry, signal);
  try {
    const array = await readNpyArray(source, dtype);
    await source.drain();
    return array;
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
  { signal, compress = true }: WriteNpzOptions = {},
): Promise<void> {
  const inputs = Object.entries(entries).map(([name, array]): ZipInput => {
    if (!/^[^\0\\/]+$/.test(name) || Buffer.byteLength(name) > 1000) {
      throw invalidArgument('entries', 'names of 1 to 1000 bytes without slashes', name);
    }
    checkWritable(array, `entries[${describe(name)}]`);
    const header = npyHeader(array);
    return {
      name: name + SUFFIX,
      size: header.length + array.data.byteLength,
      chunks: withHeader(header, array),
    };
  });
  await writeAtomic(path, (append) => writeZip(append, inputs, { compress }), { signal });
}

function* withHeader(header: Uint8Array, array: WritableArray): Generator<Uint8Array> {
  yield header;
  yield* elementChunks(array.data);
}
