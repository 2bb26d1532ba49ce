import { Readable, pipeline } from 'node:stream';
import { zlib } from '../core/builtins.js';
import { damaged, fileError, truncated } from './errors.js';
import { type PngHeader, pixelBytes } from './png-pixels.js';
import { ByteSource, MAX_DEFLATE_RATIO, checkMemory, ignore } from './source.js';

/** What a PNG holds, before its pixels are unpacked. */
export interface PngChunks {
  header: PngHeader;
  /** Red, green and blue of each colour that pixels name. */
  palette?: Uint8Array;
  /** Opacity, from 0 to 255, of the first colours of the palette. */
  opacities?: Uint8Array;
  /** The samples of the one colour that is transparent, where there is no palette. */
  transparent?: Uint16Array;
  /** The compressed pixels. */
  data: Uint8Array[];
}

/** Pixels that a picture may have: 2²⁸. */
const LARGEST_PICTURE = 2 ** 28;
const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** What the pixels need; others are passed over, so that no comment can unpack to gigabytes. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
const INDEXED = 3;
/** Samples of a pixel as it is stored, and the depths that there are, of each colour type: PNG, third edition, table 11.1. */
const COLOUR_TYPES: Partial<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  [INDEXED]: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** Whether a file begins as a PNG does. */
export const hasPngSignature = (bytes: Uint8Array) => SIGNATURE.equals(bytes.subarray(0, 8));

/** The chunks that make the pixels, their checksums and sizes checked. Throws FILE_FORMAT, FILE_TRUNCATED, UNSUPPORTED. */
export function readChunks(bytes: Buffer, file: string): PngChunks {
  if (!hasPngSignature(bytes))
    throw damaged(file, 'expected the first bytes of a PNG file but received others');
  const data: Buffer[] = [];
  const single = new Map<string, Buffer>();
  let ended = false;
  for (let at = 8; at < bytes.length && !ended;) {
    if (bytes.length < at + 12) throw truncated(file, 'a chunk', at + 12, bytes.length);
    const end = at + 12 + bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length) throw truncated(file, `chunk ${JSON.stringify(type)}`, end, bytes.length);
    if (NEEDED.has(type)) {
      if (zlib().crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
        throw damaged(file, `the checksum of its chunk ${type} is wrong`);
      const content = bytes.subarray(at + 8, end - 4);
      if (type === 'IDAT') data.push(content);
      else if (single.has(type)) throw damaged(file, `it has more than one chunk ${type}`);
      else single.set(type, content);
    }
    ended = type === 'IEND';
    at = end;
  }
  if (!ended) throw truncated(file, 'chunks up to IEND', bytes.length + 12, bytes.length);
  const start = single.get('IHDR');
  const header = readHeader(start, file);
  const colour = start![9];
  const palette = single.get('PLTE');
  if (colour !== INDEXED)
    return { header, transparent: oneColour(single.get('tRNS'), colour, header, file), data };
  if (!palette || palette.length === 0 || palette.length % 3 > 0 || palette.length > 3 * 2 ** header.depth)
    throw damaged(file, `expected a palette of 1 to ${2 ** header.depth} colours`);
  const opacities = single.get('tRNS');
  if (opacities && opacities.length > palette.length / 3)
    throw damaged(file, `it has ${opacities.length} opacities for ${palette.length / 3} colours`);
  return { header, palette, opacities, data };
}

function readHeader(start: Buffer | undefined, file: string): PngHeader {
  if (start?.length !== 13) throw damaged(file, 'expected a header of 13 bytes');
  const [width, height] = [start.readUInt32BE(0), start.readUInt32BE(4)];
  const [depth, colour, compression, filter, interlace] = start.subarray(8);
  const type = COLOUR_TYPES[colour];
  if (
    width === 0 ||
    height === 0 ||
    !type?.depths.includes(depth) ||
    compression !== 0 ||
    filter !== 0 ||
    interlace > 1
  ) {
    throw damaged(
      file,
      'its header names a size, a bit depth, a colour type or a method that PNG does not have',
    );
  }
  if (width * height > LARGEST_PICTURE) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: `expected at most 2²⁸ pixels but it has ${width} × ${height}`,
      remedy: 'Make it smaller, or save it as .npy',
    });
  }
  return { width, height, depth, channels: type.channels, interlaced: interlace === 1 };
}

/** The colour that tRNS calls transparent: of each sample the bits that the depth has, as PNG, third edition, §11.3.1 says. */
function oneColour(
  content: Buffer | undefined,
  colour: number,
  { channels, depth }: PngHeader,
  file: string,
): Uint16Array | undefined {
  if (!content) return undefined;
  if (colour > 3) throw damaged(file, 'it has opacities of its own and names a transparent colour as well');
  if (content.length !== 2 * channels)
    throw damaged(file, `expected ${2 * channels} bytes in its chunk tRNS but it has ${content.length}`);
  return Uint16Array.from({ length: channels }, (_, i) => content.readUInt16BE(2 * i) & (2 ** depth - 1));
}

/**
 * The lines of the pixels, unpacked. Throws FILE_FORMAT where they are not as many as the header says, OUT_OF_MEMORY before
 * memory is taken, ABORTED.
 */
export async function unpackPixels(
  { header, data }: PngChunks,
  file: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { width, height } = header;
  const bytes = pixelBytes(header);
  const packed = data.reduce((sum, { length }) => sum + length, 0);
  if (bytes > packed * MAX_DEFLATE_RATIO)
    throw damaged(
      file,
      `its ${packed} bytes of data cannot hold the ${width} × ${height} pixels of its header`,
    );
  // The lines, and the values that they become.
  checkMemory(bytes + 4 * width * height, file);
  const inflated = pipeline(Readable.from(data), zlib().createInflate({ chunkSize: 1 << 16 }), ignore);
  const source = new ByteSource(inflated, file, packed * MAX_DEFLATE_RATIO, signal);
  try {
    const lines = new Uint8Array(await source.take(bytes, 'pixels'));
    if (await source.next())
      throw damaged(file, `its data unpack to more than the ${width} × ${height} pixels of its header`);
    return lines;
  } finally {
    source.close();
  }
}
