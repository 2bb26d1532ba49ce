import { stat, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import type { DecodedPng } from 'fast-png';
import { type NdArray, allocate } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import { damaged, fileError, readError, truncated } from './errors.js';
import { type WriteOptions, writeAtomic } from './write.js';

/** A picture as an array, and what was made of it that its reader should know. */
export interface PngImage {
  /** [rows, columns], float32, from 0 (black) to 1 (white). */
  image: NdArray;
  notes: string[];
}

/** Pixels that a picture may have: 2²⁸. */
const LARGEST_PICTURE = 2 ** 28;
const LARGEST_FILE = 2 ** 30;
const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** What the pixels need; other chunks are left out, so that no comment can unpack to gigabytes. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
/** Samples per pixel of the colour types 0, 2, 3, 4 and 6. */
const CHANNELS: Partial<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Luminance of red, green and blue: Rec. 709. */
const LUMINANCE = [0.2126, 0.7152, 0.0722] as const;

/** Whether a file begins as a PNG does. */
export const hasPngSignature = (bytes: Uint8Array) => SIGNATURE.equals(bytes.subarray(0, 8));

/**
 * Reads a PNG as one channel from 0 to 1: any bit depth; colours become their luminance (Rec. 709 weights of the stored
 * values), and what is transparent becomes black in proportion. `notes` says so.
 *
 * Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, UNSUPPORTED (above 2²⁸ pixels), OUT_OF_MEMORY, ABORTED. No more is
 * unpacked than the header's size needs.
 */
export async function readPng(path: string, { signal }: { signal?: AbortSignal } = {}): Promise<PngImage> {
  throwIfAborted(signal);
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE) {
      throw fileError('UNSUPPORTED', {
        file: path,
        problem: `expected at most 1 GiB but it has ${size} bytes`,
      });
    }
    bytes = await readFile(path, { signal });
  } catch (cause) {
    throwIfAborted(signal);
    throw readError(cause, path);
  }
  const pixels = await checkedChunks(bytes, path);
  const { decode } = await import('fast-png');
  throwIfAborted(signal);
  let decoded: DecodedPng;
  try {
    decoded = decode(pixels, { checkCrc: true });
  } catch (cause) {
    throw damaged(
      path,
      `it cannot be decoded (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    );
  }
  return toGrey(decoded, path);
}

/** The chunks that make the pixels, once they are known to unpack to no more than the header says. */
async function checkedChunks(bytes: Buffer, file: string): Promise<Uint8Array> {
  if (!hasPngSignature(bytes))
    throw damaged(file, 'expected the first bytes of a PNG file but received others');
  const kept: Buffer[] = [SIGNATURE];
  const data: Buffer[] = [];
  let header: Buffer | undefined;
  let ended = false;
  for (let at = 8; at < bytes.length && !ended;) {
    if (bytes.length < at + 12) throw truncated(file, 'a chunk', at + 12, bytes.length);
    const end = at + 12 + bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (end > bytes.length) throw truncated(file, `chunk ${JSON.stringify(type)}`, end, bytes.length);
    const content = bytes.subarray(at + 8, end - 4);
    if (type === 'IHDR') header ??= content;
    if (type === 'IDAT') data.push(content);
    if (NEEDED.has(type)) kept.push(bytes.subarray(at, end));
    ended = type === 'IEND';
    at = end;
  }
  if (!ended) throw truncated(file, 'chunks up to IEND', bytes.length + 12, bytes.length);
  if (header?.length !== 13) throw damaged(file, 'expected a header of 13 bytes');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = CHANNELS[header[9]];
  if (width === 0 || height === 0 || channels === undefined || ![1, 2, 4, 8, 16].includes(header[8])) {
    throw damaged(file, 'its header names a size, a bit depth or a colour type that PNG does not have');
  }
  if (width * height > LARGEST_PICTURE) {
    throw fileError('UNSUPPORTED', {
      file,
      problem: `expected at most 2²⁸ pixels but it has ${width} × ${height}`,
      remedy: 'Make it smaller, or save it as .npy',
    });
  }
  // Interlaced, seven passes may round their lines up to whole bytes.
  const most = height * (Math.ceil((width * channels * header[8]) / 8) + 8) * (header[12] ? 2 : 1) + 4096;
  try {
    await promisify(inflate)(Buffer.concat(data), { maxOutputLength: most });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw damaged(
        file,
        `its data unpack to more than the ${width} × ${height} pixels of its header`,
        cause,
      );
    }
    throw readError(cause, file);
  }
  return Buffer.concat(kept);
}

function toGrey(png: DecodedPng, file: string): PngImage {
  const { width, height, depth, palette } = png;
  const notes: string[] = [];
  const [channels, sample, most] = samplesOf(png, file);
  const grey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  if (depth === 16) notes.push('its 16-bit values were divided by 65535');
  if (palette) notes.push('its palette was resolved');
  const data = allocate('float32', width * height, 'a picture');
  let [coloured, transparent] = [false, false];
  for (let i = 0; i < data.length; i++) {
    let value = sample(i, 0);
    if (!grey) {
      const [red, green, blue] = [value, sample(i, 1), sample(i, 2)];
      coloured ||= red !== green || green !== blue;
      value = LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue;
    }
    const alpha = hasAlpha ? sample(i, channels - 1) / most : 1;
    transparent ||= alpha < 1;
    data[i] = (value / most) * alpha;
  }
  if (coloured) notes.push('its colours became their luminance (0.2126 R + 0.7152 G + 0.0722 B)');
  if (transparent) notes.push('what is transparent in it became black');
  return { image: { data, shape: [height, width] }, notes };
}

/** Channels, a sample of a pixel, and the largest value that it can have. */
function samplesOf(
  { data, width, height, depth, channels, palette }: DecodedPng,
  file: string,
): [channels: number, sample: (pixel: number, channel: number) => number, most: number] {
  const line = depth < 8 ? Math.ceil((width * depth) / 8) : width * channels;
  if (data.length < line * height) throw damaged(file, 'it has fewer pixels than its header says');
  const perByte = 8 / depth;
  const packed = (pixel: number) => {
    const column = pixel % width;
    const byte = data[((pixel - column) / width) * line + Math.floor(column / perByte)];
    return (byte >> (8 - depth * ((column % perByte) + 1))) & (2 ** depth - 1);
  };
  const stored = (pixel: number, channel: number) =>
    depth < 8 ? packed(pixel) : data[pixel * channels + channel];
  if (!palette) return [channels, stored, 2 ** depth - 1];
  const colours = palette as readonly (readonly number[])[];
  const withAlpha = colours.some((colour) => colour.length > 3);
  return [
    withAlpha ? 4 : 3,
    (pixel, channel) => {
      const colour = colours[stored(pixel, 0)];
      if (colour === undefined) throw damaged(file, 'a pixel names a colour that its palette does not have');
      return colour[channel] ?? 255;
    },
    255,
  ];
}

/** The values of an array that are drawn black and white. */
export interface GreyWindow {
  black: number;
  white: number;
}

/** The range of an array's values. */
export function rangeOf({ data }: NdArray): GreyWindow {
  let [black, white] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    black = Math.min(black, data[i]);
    white = Math.max(white, data[i]);
  }
  return { black, white };
}

/** An array [rows, columns] as a grey PNG of 8 or 16 bits: `black` and below is black, `white` and above white. */
export async function encodePng(
  { data, shape }: NdArray,
  { black, white }: GreyWindow,
  depth: 8 | 16 = 16,
): Promise<Uint8Array> {
  const { encode } = await import('fast-png');
  const most = 2 ** depth - 1;
  const pixels = depth === 8 ? new Uint8Array(data.length) : new Uint16Array(data.length);
  const scale = white > black ? most / (white - black) : 0;
  for (let i = 0; i < data.length; i++) {
    pixels[i] = Math.round(Math.min(Math.max((data[i] - black) * scale, 0), most));
  }
  return encode({ width: shape[1], height: shape[0], data: pixels, depth, channels: 1 });
}

/** Writes an array [rows, columns] as a grey PNG of 16 bits, atomically. Throws FILE_WRITE, ABORTED. */
export async function writePng(
  path: string,
  image: NdArray,
  window: GreyWindow,
  options: WriteOptions = {},
): Promise<void> {
  const bytes = await encodePng(image, window);
  await writeAtomic(path, (append) => append(bytes), options);
}
