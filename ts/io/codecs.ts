import { zlib } from '../core/builtins.js';

// LZ4 as Arrow (frames) and Parquet (blocks) use it: https://github.com/lz4/lz4, doc/lz4_Block_format.md and
// doc/lz4_Frame_format.md. Checksums are not verified: both formats stand inside files that say how long results are.

const FRAME_MAGIC = 0x184d2204;
const MIN_MATCH = 4;

/**
 * What decompresses Zstandard: Node, from 22.15 on, or else a library. `length`, where it is known, bounds the result: the
 * decompressor throws for a frame that holds more.
 */
export async function zstdDecompressor(): Promise<(bytes: Uint8Array, length?: number) => Uint8Array> {
  const { zstdDecompressSync } = zlib() as {
    zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength?: number }) => Uint8Array;
  };
  if (zstdDecompressSync)
    return (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: length && Math.max(1, length) });
  const { decompress } = await import('fzstd');
  return (bytes, length) => {
    const content = decompress(bytes);
    if (length !== undefined && content.length > length) throw new Error('its Zstandard data is too long');
    return content;
  };
}

/** Decompresses one block into `output` from `start` on; returns where the result ends. Matches may reach back before it. */
export function lz4Block(input: Uint8Array, output: Uint8Array, start = 0): number {
  let from = 0;
  let to = start;
  const extendedLength = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        byte = input[from++] ?? fail();
        length += byte;
      } while (byte === 255);
    }
    return length;
  };
  while (from < input.length) {
    const token = input[from++];
    const literals = extendedLength(token >> 4);
    if (from + literals > input.length || to + literals > output.length) fail();
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) return to;
    if (from + 2 > input.length) fail();
    const distance = input[from] | (input[from + 1] << 8);
    from += 2;
    const match = extendedLength(token & 15) + MIN_MATCH;
    if (distance === 0 || distance > to || to + match > output.length) fail();
    // A match may overlap what it produces: then it repeats it.
    if (distance >= match) output.copyWithin(to, to - distance, to - distance + match);
    else for (let i = 0; i < match; i++) output[to + i] = output[to + i - distance];
    to += match;
  }
  return to;
}

/** Decompresses a frame. */
export function lz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (input.length < 7 || view.getUint32(0, true) !== FRAME_MAGIC) fail();
  const flags = input[4];
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const blockLimit = 1 << (2 * ((input[5] >> 4) & 7) + 8);
  let from = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let output = new Uint8Array(Math.min(blockLimit, 1 << 16));
  let to = 0;
  for (;;) {
    if (from + 4 > input.length) fail();
    const size = view.getUint32(from, true);
    from += 4;
    if (size === 0) return output.subarray(0, to);
    const length = size & 0x7fffffff;
    if (from + length > input.length) fail();
    const block = input.subarray(from, from + length);
    const isStored = size >>> 31 === 1;
    const room = isStored ? length : Math.min(blockLimit, length * 255 + 64);
    if (to + room > output.length) {
      const grown = new Uint8Array(Math.max(2 * output.length, to + room));
      grown.set(output.subarray(0, to));
      output = grown;
    }
    if (isStored) output.set(block, to);
    to = isStored ? to + length : lz4Block(block, output.subarray(0, to + room), to);
    from += length + (hasBlockChecksum ? 4 : 0);
  }
}

function fail(): never {
  throw new Error('its LZ4 data is invalid');
}
