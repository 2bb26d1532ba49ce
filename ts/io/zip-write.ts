import { Readable, pipeline } from 'node:stream';
import { zlib } from '../core/builtins.js';
import { ignore } from './source.js';
import type { Append } from './write.js';
import {
  LOCAL_HEADER,
  DESCRIPTOR,
  CENTRAL_HEADER,
  END,
  END64,
  END64_LOCATOR,
  STORED,
  DEFLATED,
  MAX32,
  MAX16,
} from './zip-format.js';

// The zip format as PKWARE's APPNOTE.TXT 6.3 defines it: what numpy.load reads, with the 64-bit extension where a file
// or an entry outgrows 32 bits. Sizes and checksums follow the data, so nothing is compressed twice or held in memory.

// Floats hardly compress further at higher levels, and this is several times as fast as the default.
const COMPRESSION_LEVEL = 1;
const VERSION = 45;
const FLAGS = 0x808; // sizes in a descriptor after the data; names in UTF-8
const DATE_1980 = 0x21;

/** Something to be put into a zip file: a name, and the bytes in pieces. */
export interface ZipInput {
  name: string;
  size: number;
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Appends a whole zip file: deflated entries (stored where `compress` is false), dated 1980 so that equal content gives
 * equal bytes. Memory stays constant whatever the size. `zip64Above` is the size from which the 64-bit extension is
 * used; the default is close to the most that 32 bits hold.
 */
export async function writeZip(
  append: Append,
  inputs: readonly ZipInput[],
  { compress = true, zip64Above = 0xf0000000 }: { compress?: boolean; zip64Above?: number } = {},
): Promise<void> {
  let offset = 0;
  const put = async (bytes: Uint8Array) => {
    await append(bytes);
    offset += bytes.length;
  };
  const directory: Buffer[] = [];
  for (const input of inputs) {
    const wide = input.size > zip64Above;
    const name = Buffer.from(input.name);
    const headerOffset = offset;
    const method = compress ? DEFLATED : STORED;
    await put(localHeader(name, method, wide));
    const dataStart = offset;
    let crc = 0;
    const counted = async function* () {
      for await (const chunk of input.chunks) {
        crc = zlib().crc32(chunk, crc);
        yield chunk;
      }
    };
    const source = Readable.from(counted(), { objectMode: false });
    const deflate = () => zlib().createDeflateRaw({ level: COMPRESSION_LEVEL, chunkSize: 1 << 18 });
    const content = compress ? pipeline(source, deflate(), ignore) : source;
    for await (const chunk of content) await put(chunk as Uint8Array);
    const compressedSize = offset - dataStart;
    await put(descriptor(crc, compressedSize, input.size, wide));
    directory.push(
      centralHeader(name, method, crc, compressedSize, input.size, headerOffset, wide || offset > zip64Above),
    );
  }
  const start = offset;
  for (const header of directory) await put(header);
  await put(endRecords(directory.length, start, offset - start, offset > zip64Above));
}

function localHeader(name: Buffer, method: number, wide: boolean): Buffer {
  const header = Buffer.alloc(30 + name.length + (wide ? 20 : 0));
  header.writeUInt32LE(LOCAL_HEADER, 0);
  writeCommon(header, 4, method);
  if (wide) {
    header.writeUInt32LE(MAX32, 18);
    header.writeUInt32LE(MAX32, 22);
    header.writeUInt16LE(20, 28);
    header.writeUInt16LE(1, 30 + name.length);
    header.writeUInt16LE(16, 32 + name.length);
  }
  header.writeUInt16LE(name.length, 26);
  name.copy(header, 30);
  return header;
}

/** Version needed, flags, method, time and date, as both kinds of header have them. */
function writeCommon(header: Buffer, at: number, method: number): void {
  header.writeUInt16LE(VERSION, at);
  header.writeUInt16LE(FLAGS, at + 2);
  header.writeUInt16LE(method, at + 4);
  header.writeUInt16LE(DATE_1980, at + 8);
}

function descriptor(crc: number, compressedSize: number, size: number, wide: boolean): Buffer {
  const record = Buffer.alloc(wide ? 24 : 16);
  record.writeUInt32LE(DESCRIPTOR, 0);
  record.writeUInt32LE(crc, 4);
  if (wide) {
    record.writeBigUInt64LE(BigInt(compressedSize), 8);
    record.writeBigUInt64LE(BigInt(size), 16);
  } else {
    record.writeUInt32LE(compressedSize, 8);
    record.writeUInt32LE(size, 12);
  }
  return record;
}

function centralHeader(
  name: Buffer,
  method: number,
  crc: number,
  compressedSize: number,
  size: number,
  headerOffset: number,
  wide: boolean,
): Buffer {
  const header = Buffer.alloc(46 + name.length + (wide ? 28 : 0));
  header.writeUInt32LE(CENTRAL_HEADER, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header, 6, method);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(wide ? MAX32 : compressedSize, 20);
  header.writeUInt32LE(wide ? MAX32 : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(wide ? 28 : 0, 30);
  header.writeUInt32LE(wide ? MAX32 : headerOffset, 42);
  name.copy(header, 46);
  if (wide) {
    const at = 46 + name.length;
    header.writeUInt16LE(1, at);
    header.writeUInt16LE(24, at + 2);
    [size, compressedSize, headerOffset].forEach((value, i) =>
      header.writeBigUInt64LE(BigInt(value), at + 4 + 8 * i),
    );
  }
  return header;
}

function endRecords(count: number, start: number, length: number, wide: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  const narrow = !wide && count < MAX16;
  end.writeUInt16LE(narrow ? count : MAX16, 8);
  end.writeUInt16LE(narrow ? count : MAX16, 10);
  end.writeUInt32LE(narrow ? length : MAX32, 12);
  end.writeUInt32LE(narrow ? start : MAX32, 16);
  if (narrow) return end;
  const end64 = Buffer.alloc(76);
  end64.writeUInt32LE(END64, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(VERSION, 12);
  end64.writeUInt16LE(VERSION, 14);
  [count, count, length, start].forEach((value, i) => end64.writeBigUInt64LE(BigInt(value), 24 + 8 * i));
  end64.writeUInt32LE(END64_LOCATOR, 56);
  end64.writeBigUInt64LE(BigInt(start + length), 64);
  end64.writeUInt32LE(1, 72);
  return Buffer.concat([end64, end]);
}
