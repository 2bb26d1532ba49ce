import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { zlib } from '../core/builtins.js';
import { invalidArgument } from '../core/errors.js';
import { SMALL_MEMORY, availableMemory, gibibytes } from '../core/memory.js';
import { throwIfAborted } from '../core/options.js';
import { nextTurn } from '../core/pace.js';
import { fileError, readError, truncated } from './errors.js';

/** Deflate cannot expand a byte into more than this many: a larger claim in a header is a lie. */
export const MAX_DEFLATE_RATIO = 1032;

const CHUNK_BYTES = 1 << 20;
const SLICE = 1 << 20;

/** Bytes read in order from a stream, with an upper bound of how many there can be. */
export class ByteSource {
  /** What the bytes come from, for messages. */
  readonly file: string;
  /** No more than this many bytes can come: exact where nothing is compressed. */
  readonly capacity: number;
  readonly signal?: AbortSignal;
  /** How many bytes have been read. */
  consumed = 0;
  #stream: Readable;
  #chunks: AsyncIterator<Uint8Array>;
  readonly #from?: (start: number) => Readable;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param from Where bytes can be read in any order: a stream of those from the given one on. */
  constructor(
    stream: Readable,
    file: string,
    capacity: number,
    signal?: AbortSignal,
    from?: (start: number) => Readable,
  ) {
    // Whoever reads gets the errors; one that comes after the stream was closed must not become an uncaught exception.
    this.#stream = stream.on('error', ignore);
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#from = from;
    this.file = file;
    this.capacity = capacity;
    this.signal = signal;
  }

  /** The next chunk of whatever length, or undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    let chunk = this.#rest;
    this.#rest = chunk.subarray(chunk.length);
    while (chunk.length === 0) {
      throwIfAborted(this.signal);
      try {
        const step = await this.#chunks.next();
        if (step.done) return undefined;
        chunk = step.value;
      } catch (cause) {
        throwIfAborted(this.signal);
        throw readError(cause, this.file);
      }
    }
    this.consumed += chunk.length;
    return chunk;
  }

  /** Fills `target` as far as the source reaches; returns how many bytes were written. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const chunk = await this.next();
      if (!chunk) break;
      const used = Math.min(chunk.length, target.length - filled);
      target.set(used === chunk.length ? chunk : chunk.subarray(0, used), filled);
      if (used < chunk.length) {
        this.#rest = chunk.subarray(used);
        this.consumed -= chunk.length - used;
      }
      filled += used;
    }
    return filled;
  }

  /** The next `length` bytes, in storage of their own. Throws FILE_TRUNCATED, naming `what`, where there are fewer. */
  async take(length: number, what: string): Promise<ArrayBuffer> {
    const left = this.capacity - this.consumed;
    if (length > left) throw truncated(this.file, what, length, left);
    const buffer = allocateBytes(length, this.file);
    let filled = 0;
    while (filled < length) {
      // One view cannot span more than 4 GB.
      const view = new Uint8Array(buffer, filled, Math.min(length - filled, 1 << 30));
      const got = await this.fill(view);
      filled += got;
      if (got < view.length) throw truncated(this.file, what, length, filled);
    }
    return buffer;
  }

  /** Leaves out the next `length` bytes; without reading them, where bytes can be read in any order. */
  async skip(length: number, what: string): Promise<void> {
    let left = length;
    if (this.#from && left > this.#rest.length) {
      this.close();
      this.consumed += left;
      this.#rest = new Uint8Array(0);
      this.#stream = this.#from(this.consumed).on('error', ignore);
      this.#chunks = this.#stream[Symbol.asyncIterator]();
      return;
    }
    const scratch = new Uint8Array(Math.min(left, CHUNK_BYTES));
    while (left > 0) {
      const got = await this.fill(scratch.subarray(0, Math.min(left, scratch.length)));
      if (got === 0) throw truncated(this.file, what, length, length - left);
      left -= got;
    }
  }

  /** Reads to the end, so that checks which a stream makes at its end are made. */
  async drain(): Promise<void> {
    while (await this.next());
  }

  /** Releases the file. */
  close(): void {
    this.#stream.destroy();
  }
}

/** The size of a regular file in bytes. Throws FILE_NOT_FOUND where it is missing, unreadable or not a regular file. */
export async function fileSize(path: string): Promise<number> {
  if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a file', path);
  let info;
  try {
    info = await stat(path);
  } catch (cause) {
    throw readError(cause, path);
  }
  if (info.isFile()) return info.size;
  throw fileError('FILE_NOT_FOUND', {
    file: path,
    problem: info.isDirectory() ? 'it is a folder' : 'it is not a regular file',
    remedy: 'Give the path of a file',
  });
}

/** Opens a file for reading in order; with `gunzip` what it decompresses to. */
export async function openSource(
  path: string,
  { gunzip = false, signal }: { gunzip?: boolean; signal?: AbortSignal } = {},
): Promise<ByteSource> {
  const size = await fileSize(path);
  const raw = readRange(path, 0, size);
  if (!gunzip) return new ByteSource(raw, path, size, signal, (start) => readRange(path, start, size));
  const text = pipeline(raw, zlib().createGunzip({ chunkSize: CHUNK_BYTES }), ignore);
  return new ByteSource(text, path, size * MAX_DEFLATE_RATIO, signal);
}

/** Opens a file, reads it and closes it. */
export async function withSource<T>(
  path: string,
  gunzip: boolean,
  signal: AbortSignal | undefined,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await openSource(path, { gunzip, signal });
  try {
    return await read(source);
  } finally {
    source.close();
  }
}

/** A stream of the bytes of a file from `start` to `end` (exclusive). */
export function readRange(path: string, start: number, end: number): Readable {
  if (end <= start) return Readable.from([]);
  const stream = createReadStream(path, { start, end: end - 1, highWaterMark: CHUNK_BYTES });
  return stream.on('error', ignore);
}

/** For errors that reach whoever iterates over a stream, and need no second handler. */
export function ignore(): void {}

/** The first bytes of a file, as many of `length` as there are. */
export async function firstBytes(path: string, length: number, gunzip = false): Promise<Uint8Array> {
  const source = await openSource(path, { gunzip });
  try {
    const target = new Uint8Array(length);
    return target.subarray(0, await source.fill(target));
  } finally {
    source.close();
  }
}

/** Throws OUT_OF_MEMORY where `bytes` is more than the process may still take. */
export function checkMemory(bytes: number, file: string): void {
  if (bytes < SMALL_MEMORY) return;
  const available = availableMemory();
  if (bytes <= available) return;
  throw fileError('OUT_OF_MEMORY', {
    file,
    problem: `reading it needs ${gibibytes(bytes)} of memory but ${gibibytes(available)} are free`,
    remedy: 'Read a part of it, or use a machine with more memory',
    details: { expected: bytes, available },
  });
}

function allocateBytes(bytes: number, file: string): ArrayBuffer {
  checkMemory(bytes, file);
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw fileError('OUT_OF_MEMORY', { file, problem: `cannot allocate ${bytes} bytes for it`, cause });
  }
}

/** Runs `work` over [0, count) in slices, letting other work run and looking at the signal between them. */
export async function inSlices(
  count: number,
  signal: AbortSignal | undefined,
  work: (from: number, to: number) => void,
): Promise<void> {
  for (let from = 0; from < count; from += SLICE) {
    if (from > 0) await nextTurn();
    throwIfAborted(signal);
    work(from, Math.min(count, from + SLICE));
  }
}
