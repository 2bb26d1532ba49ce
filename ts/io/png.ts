import { readFile } from 'node:fs/promises';
import { type NdArray, allocate, checkArray } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { checkCall } from '../core/call.js';
import { throwIfAborted } from '../core/options.js';
import { damaged, fileError, readError } from './errors.js';
import { type PngChunks, readChunks, unpackPixels } from './png-chunks.js';
import { eachPixel } from './png-pixels.js';
import { SIGNATURES } from './signatures.js';
import { checkMemory, fileSize } from './source.js';
import { type WriteOptions, writeAtomic } from './write.js';

export { hasPngSignature } from './png-chunks.js';

/** A picture as an array, and what was made of it that its reader should know. */
export interface PngImage {
  /** [rows, columns], float32, from 0 (black) to 1 (white). */
  image: NdArray;
  notes: string[];
}

const LARGEST_FILE = 2 ** 30;
/** Luminance of red, green and blue: Rec. 709. */
const LUMINANCE = [0.2126, 0.7152, 0.0722] as const;

/**
 * Reads a PNG as one channel from 0 to 1: any bit depth, interlaced or not; colours become their luminance (Rec. 709
 * weights of the stored values), and what is transparent becomes black in proportion, be it by an alpha channel, by the
 * palette or by the one colour that is named transparent. `notes` says so.
 *
 * Throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, UNSUPPORTED (above 2²⁸ pixels), OUT_OF_MEMORY, ABORTED. No more is
 * unpacked than the header's size needs.
 */
export async function readPng(path: string, options: { signal?: AbortSignal } = {}): Promise<PngImage> {
  checkCall(SIGNATURES.readPng, { path, options });
  const chunks = await readPngChunks(path, options.signal);
  return toGrey(chunks, await unpackPixels(chunks, path, options.signal), path, options.signal);
}

/** Red, green and blue of a PNG's pixels, [rows, columns, 3] from 0 to 1; what is transparent becomes black. Throws as {@link readPng}. */
export async function readPngColours(path: string, signal?: AbortSignal): Promise<NdArray> {
  const chunks = await readPngChunks(path, signal);
  const { header, palette, transparent } = chunks;
  const most = palette ? 255 : 2 ** header.depth - 1;
  const colour = colourOf(chunks, path);
  const rgba = new Float64Array(4);
  const data = allocate('float32', 3 * header.width * header.height, 'a picture');
  const put = (pixel: number, samples: Uint16Array) => {
    colour(samples, rgba);
    const named = transparent?.every((sample, i) => sample === samples[i]);
    const alpha = named ? 0 : rgba[3] / most;
    for (let c = 0; c < 3; c++) data[3 * pixel + c] = (rgba[c] / most) * alpha;
  };
  await eachPixel(await unpackPixels(chunks, path, signal), header, put, { file: path, signal });
  return { data, shape: [header.height, header.width, 3] };
}

async function readPngChunks(path: string, signal: AbortSignal | undefined): Promise<PngChunks> {
  throwIfAborted(signal);
  const size = await fileSize(path);
  if (size > LARGEST_FILE) {
    throw fileError('UNSUPPORTED', {
      file: path,
      problem: `expected at most 1 GiB but it has ${size} bytes`,
    });
  }
  checkMemory(size, path);
  let bytes: Buffer;
  try {
    bytes = await readFile(path, { signal });
  } catch (cause) {
    throwIfAborted(signal);
    throw readError(cause, path);
  }
  return readChunks(bytes, path);
}

async function toGrey(
  chunks: PngChunks,
  lines: Uint8Array,
  file: string,
  signal?: AbortSignal,
): Promise<PngImage> {
  const { header, palette, transparent } = chunks;
  const { width, height, depth } = header;
  const notes: string[] = [];
  if (depth === 16) notes.push('its 16-bit values were divided by 65535');
  if (palette) notes.push('its palette was resolved');
  const most = palette ? 255 : 2 ** depth - 1;
  const colour = colourOf(chunks, file);
  const rgba = new Float64Array(4);
  const data = allocate('float32', width * height, 'a picture');
  let [coloured, hidden] = [false, false];
  const put = (pixel: number, samples: Uint16Array) => {
    colour(samples, rgba);
    const [red, green, blue] = rgba;
    const grey = red === green && green === blue;
    coloured ||= !grey;
    const value = grey ? red : LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue;
    const named = transparent?.every((sample, i) => sample === samples[i]);
    const alpha = named ? 0 : rgba[3] / most;
    hidden ||= alpha < 1;
    data[pixel] = (value / most) * alpha;
  };
  await eachPixel(lines, header, put, { file, signal });
  if (coloured) notes.push('its colours became their luminance (0.2126 R + 0.7152 G + 0.0722 B)');
  if (hidden) notes.push('what is transparent in it became black');
  return { image: { data, shape: [height, width] }, notes };
}

/** Red, green, blue and opacity of a pixel, from its samples. */
function colourOf(
  { header: { channels, depth }, palette, opacities }: PngChunks,
  file: string,
): (samples: Uint16Array, into: Float64Array) => void {
  const most = 2 ** depth - 1;
  if (palette) {
    return (samples, into) => {
      const index = samples[0];
      if (3 * index >= palette.length)
        throw damaged(file, 'a pixel names a colour that its palette does not have');
      for (let c = 0; c < 3; c++) into[c] = palette[3 * index + c];
      into[3] = opacities?.[index] ?? 255;
    };
  }
  const step = channels < 3 ? 0 : 1;
  return (samples, into) => {
    for (let c = 0; c < 3; c++) into[c] = samples[c * step];
    into[3] = channels % 2 === 0 ? samples[channels - 1] : most;
  };
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

/**
 * Writes an array [rows, columns] as a grey PNG of 16 bits, atomically: what lies outside of the window is black or white.
 *
 * @param window Default: from the least to the largest value.
 * @throws INVALID_SHAPE, INVALID_ARGUMENT, NON_FINITE, FILE_WRITE, ABORTED.
 * @example await writePng('phantom.png', image, { black: 0, white: 1 });
 */
export async function writePng(
  path: string,
  image: NdArrayLike,
  window?: GreyWindow,
  options: WriteOptions = {},
): Promise<void> {
  ({ image } = checkCall(SIGNATURES.writePng, { path, image, window, options }));
  checkPicture(image);
  const shown = window ?? rangeOf(image);
  for (const [name, value] of Object.entries({ black: shown.black, white: shown.white }))
    if (!Number.isFinite(value)) throw invalidArgument(`window.${name}`, 'a finite number', value);
  const bytes = await encodePng(image, shown);
  await writeAtomic(path, (append) => append(bytes), options);
}

/** Throws INVALID_SHAPE, INVALID_ARGUMENT or NON_FINITE unless it is an array of rows and columns of finite numbers. */
function checkPicture(image: NdArray): NdArray {
  checkArray(image, 'image');
  if (image.shape.length !== 2 || image.data.length === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected [rows, columns] for the shape of image but received [${image.shape.join(', ')}]`,
      { details: { parameter: 'image' } },
    );
  }
  const bad = image.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RidgeflowError(
      'NON_FINITE',
      `Expected finite numbers in image but received ${image.data[bad]} in row ${Math.floor(bad / image.shape[1])}`,
      { details: { parameter: 'image', row: Math.floor(bad / image.shape[1]) } },
    );
  }
  return image;
}
