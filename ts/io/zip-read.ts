import { open, type FileHandle } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { zlib } from '../core/builtins.js';
import { damaged, fileError, readError, truncated } from './errors.js';
import { ByteSource, MAX_DEFLATE_RATIO, fileSize, ignore, readRange } from './source.js';
import {
  LOCAL_HEADER,
  CENTRAL_HEADER,
  END,
  END64,
  END64_LOCATOR,
  STORED,
  DEFLATED,
  MAX32,
  MAX16,
} from './zip-format.js';

// The zip format as PKWARE's APPNOTE.TXT 6.3 defines it, as far as .npz files use it: stored and deflated entries, with
// the 64-bit extension.

const FLAG_ENCRYPTED = 1;
const FLAG_UTF8 = 0x800;
const MAX_DIRECTORY_BYTES = 1 << 28;

/** An entry of a zip file, from the central directory, checked against the size of the file. */
export interface ZipEntry {
  name: string;
  /** The name as its bytes are. */
  nameBytes: Buffer;
  method: number;
  encrypted: boolean;
  crc: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
}

/** Lists the entries of a zip file. Throws FILE_TRUNCATED or FILE_FORMAT where the directory is missing or wrong. */
export async function readZipDirectory(path: string): Promise<ZipEntry[]> {
  const size = await fileSize(path);
  const file = await open(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  try {
    const { count, start, length } = await locateDirectory(file, path, size);
    if (start + length > size) throw truncated(path, 'zip directory and entries', start + length, size);
    if (length > MAX_DIRECTORY_BYTES) throw damaged(path, `its zip directory of ${length} bytes is too long`);
    const directory = await readAt(file, path, start, length);
    const entries: ZipEntry[] = [];
    let at = 0;
    while (entries.length < count) {
      if (at + 46 > length || directory.readUInt32LE(at) !== CENTRAL_HEADER) {
        throw damaged(path, `expected ${count} entries in its zip directory but found ${entries.length}`);
      }
      const next = at + 46 + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30);
      const end = next + directory.readUInt16LE(at + 32);
      if (end > length) throw damaged(path, `entry ${entries.length + 1} of its zip directory is too long`);
      entries.push(parseEntry(directory.subarray(at, next), path, size));
      at = end;
    }
    const left = directory.length - at;
    if (left > 0) throw damaged(path, `its zip directory has ${left} bytes after its ${count} entries`);
    for (const entry of entries) await checkLocalHeader(file, path, entry);
    checkApart(entries, path, start);
    return entries;
  } finally {
    await file.close();
  }
}

/** Throws FILE_FORMAT where two entries have one name or share bytes, or one reaches into the directory. */
function checkApart(entries: readonly ZipEntry[], path: string, directoryStart: number): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name)) throw damaged(path, `it has more than one entry ${name}`);
    names.add(name);
  }
  const inOrder = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, { name, nameBytes, headerOffset, compressedSize }] of inOrder.entries()) {
    const next = inOrder[i + 1]?.headerOffset ?? directoryStart;
    if (headerOffset + 30 + nameBytes.length + compressedSize > next)
      throw damaged(path, `entry ${name} shares bytes with what comes after it`);
  }
}

/** Throws FILE_FORMAT where what stands before an entry's data names another one than the directory. */
async function checkLocalHeader(
  file: FileHandle,
  path: string,
  { name, nameBytes, method, headerOffset }: ZipEntry,
): Promise<void> {
  const header = await readAt(file, path, headerOffset, 30 + nameBytes.length);
  if (header.readUInt32LE(0) !== LOCAL_HEADER)
    throw damaged(`${path}, entry ${name}`, 'it does not begin where the directory says');
  const same = header.readUInt16LE(26) === nameBytes.length && header.subarray(30).equals(nameBytes);
  if (!same || header.readUInt16LE(8) !== method)
    throw damaged(`${path}, entry ${name}`, 'its name or its method is not that of the directory');
}

async function readAt(file: FileHandle, path: string, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  try {
    const { bytesRead } = await file.read(bytes, 0, length, start);
    if (bytesRead < length) throw truncated(path, 'zip structures', start + length, start + bytesRead);
  } catch (cause) {
    throw readError(cause, path);
  }
  return bytes;
}

async function locateDirectory(file: FileHandle, path: string, size: number) {
  const tailStart = Math.max(0, size - 22 - MAX16);
  const tail = await readAt(file, path, tailStart, size - tailStart);
  let at = tail.length - 22;
  while (at >= 0 && !(tail.readUInt32LE(at) === END && at + 22 + tail.readUInt16LE(at + 20) <= tail.length))
    at--;
  if (at < 0) {
    throw fileError('FILE_TRUNCATED', {
      file: path,
      problem: `expected a zip directory at its end but its ${size} bytes have none`,
      remedy: 'It is cut short, or not an .npz file: copy or write it again',
      details: { actual: size },
    });
  }
  const directory = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  const isZip64 = directory.count === MAX16 || directory.length === MAX32 || directory.start === MAX32;
  if (!isZip64 || at < 20 || tail.readUInt32LE(at - 20) !== END64_LOCATOR) return directory;
  const end64 = Number(tail.readBigUInt64LE(at - 12));
  if (end64 + 56 > size) throw truncated(path, 'zip directory', end64 + 56, size);
  const record = await readAt(file, path, end64, 56);
  if (record.readUInt32LE(0) !== END64)
    throw damaged(path, 'its 64-bit zip directory is not where it should be');
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

function parseEntry(header: Buffer, path: string, fileBytes: number): ZipEntry {
  const flags = header.readUInt16LE(8);
  const nameEnd = 46 + header.readUInt16LE(28);
  const entry: ZipEntry = {
    name: header.toString(flags & FLAG_UTF8 ? 'utf8' : 'latin1', 46, nameEnd),
    nameBytes: header.subarray(46, nameEnd),
    method: header.readUInt16LE(10),
    encrypted: (flags & FLAG_ENCRYPTED) !== 0,
    crc: header.readUInt32LE(16),
    compressedSize: header.readUInt32LE(20),
    size: header.readUInt32LE(24),
    headerOffset: header.readUInt32LE(42),
  };
  const extra = zip64Extra(header.subarray(nameEnd));
  let at = 0;
  // The extension holds only those of the three that do not fit, in this order.
  for (const field of ['size', 'compressedSize', 'headerOffset'] as const) {
    if (entry[field] !== MAX32 || !extra || at + 8 > extra.length) continue;
    entry[field] = Number(extra.readBigUInt64LE(at));
    at += 8;
  }
  const dataEnd = entry.headerOffset + 30 + entry.compressedSize;
  if (dataEnd > fileBytes) throw truncated(path, `entry ${entry.name}`, dataEnd, fileBytes);
  return entry;
}

function zip64Extra(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}

/**
 * Opens an entry for reading in order. Its size and checksum are verified when it has been read to the end. Throws
 * UNSUPPORTED for encryption and for methods other than stored and deflated, FILE_FORMAT for an impossible size.
 */
export async function openZipEntry(path: string, entry: ZipEntry, signal?: AbortSignal): Promise<ByteSource> {
  const { method, compressedSize, size } = entry;
  const file = `${path}, entry ${entry.name}`;
  if (entry.encrypted || (method !== STORED && method !== DEFLATED)) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: entry.encrypted ? 'it is encrypted' : `its compression method (${method}) is not supported`,
      remedy: 'Write it with numpy.savez or numpy.savez_compressed',
    });
  }
  const possible = method === STORED ? compressedSize : compressedSize * MAX_DEFLATE_RATIO;
  if (size > possible || (method === STORED && size !== compressedSize)) {
    throw damaged(file, `its ${compressedSize} bytes of data cannot hold the ${size} that it claims`);
  }
  const start = await dataOffset(path, file, entry.headerOffset);
  const content = (): Readable => {
    const raw = readRange(path, start, start + compressedSize);
    return method === STORED ? raw : pipeline(raw, zlib().createInflateRaw({ chunkSize: 1 << 20 }), ignore);
  };
  return new ByteSource(Readable.from(verified(content, entry, file)), file, size, signal);
}

async function dataOffset(path: string, file: string, headerOffset: number): Promise<number> {
  const handle = await open(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  try {
    const header = await readAt(handle, path, headerOffset, 30);
    if (header.readUInt32LE(0) !== LOCAL_HEADER)
      throw damaged(file, 'it does not begin where the directory says');
    return headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

async function* verified(content: () => Readable, entry: ZipEntry, file: string): AsyncGenerator<Uint8Array> {
  let total = 0;
  let crc = 0;
  for await (const part of content()) {
    const chunk = part as Buffer;
    total += chunk.length;
    crc = zlib().crc32(chunk, crc);
    if (total > entry.size) throw damaged(file, `it holds more than the ${entry.size} bytes that it claims`);
    yield chunk;
  }
  if (total < entry.size) throw truncated(file, 'content', entry.size, total);
  if (crc !== entry.crc) throw damaged(file, 'its checksum is wrong');
}
