import { Pace } from '../core/pace.js';
import { damaged } from './errors.js';

/** What the header of a PNG says of its pixels. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  depth: number;
  /** Samples of a pixel as they are stored: one where they name colours of a palette. */
  channels: number;
  interlaced: boolean;
}

/** The picture that every `step`-th pixel makes, from `left` and `top` on. */
interface Pass {
  left: number;
  top: number;
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
}

/** Left, top and steps of the seven passes of Adam7: PNG, third edition, §8. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  return (interlaced ? ADAM7 : [[0, 0, 1, 1] as const])
    .map(([left, top, stepX, stepY]) => ({
      left,
      top,
      stepX,
      stepY,
      columns: Math.max(0, Math.ceil((width - left) / stepX)),
      rows: Math.max(0, Math.ceil((height - top) / stepY)),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

const lineBytes = ({ depth, channels }: PngHeader, columns: number) =>
  Math.ceil((columns * channels * depth) / 8);

/** Bytes that the pixels have, uncompressed: each line with a byte before it that names its filter. */
export function pixelBytes(header: PngHeader): number {
  return passesOf(header).reduce(
    (sum, { columns, rows }) => sum + rows * (1 + lineBytes(header, columns)),
    0,
  );
}

/**
 * Gives every pixel once to `put`: where it is in the picture, and its samples, in storage that the next one reuses.
 * `raw` are the lines as they are filtered, which are overwritten by those that are not. Throws FILE_FORMAT for a filter
 * that there is not, ABORTED.
 */
export async function eachPixel(
  raw: Uint8Array,
  header: PngHeader,
  put: (pixel: number, samples: Uint16Array) => void,
  { file, signal }: { file: string; signal?: AbortSignal },
): Promise<void> {
  const { width, depth, channels } = header;
  const pixelStep = Math.max(1, (depth * channels) / 8);
  const samples = new Uint16Array(channels);
  const pace = new Pace({ signal }, raw.length);
  let at = 0;
  for (const { left, top, stepX, stepY, columns, rows } of passesOf(header)) {
    const length = lineBytes(header, columns);
    let above: Uint8Array = new Uint8Array(length);
    for (let row = 0; row < rows; row++, at += length) {
      const filter = raw[at++];
      const line = raw.subarray(at, at + length);
      if (filter > 4) throw damaged(file, `expected a filter from 0 to 4 of a line but received ${filter}`);
      unfilter(line, above, filter, pixelStep);
      const first = (top + row * stepY) * width + left;
      for (let column = 0; column < columns; column++) {
        readSamples(line, column, depth, samples);
        put(first + column * stepX, samples);
      }
      above = line;
      await pace.tick(length + 1);
    }
  }
}

/** Undoes the filter of a line in place: PNG, third edition, §9. `step` is how many bytes before the one to its left is. */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, step: number): void {
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : line[i - step];
    const up = above[i];
    if (filter === 1) line[i] += left;
    else if (filter === 2) line[i] += up;
    else if (filter === 3) line[i] += (left + up) >> 1;
    else line[i] += nearest(left, up, i < step ? 0 : above[i - step]);
  }
}

/** Paeth's predictor: which of three neighbours is nearest to left + up − corner. */
function nearest(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function readSamples(line: Uint8Array, column: number, depth: number, into: Uint16Array): void {
  const first = column * into.length;
  for (let channel = 0; channel < into.length; channel++) {
    const index = first + channel;
    if (depth === 8) into[channel] = line[index];
    else if (depth === 16) into[channel] = (line[2 * index] << 8) | line[2 * index + 1];
    else {
      const bit = index * depth;
      into[channel] = (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
}
