import { type NdArray, elementCount } from '../core/array.js';

/** What a page shows of single examples where one points at them. */
export interface ExampleSamples {
  /** The texts of the examples, cut where they are long. */
  texts?: readonly string[];
  /** Small images of them, one after the other, 8 bits a value, rows of pixels of `channels` values (1 or 3). */
  images?: { width: number; height: number; channels: 1 | 3; pixels: string };
}

/** Bytes of all images together, and the longest side of one. */
const MAXIMUM_BYTES = 2_000_000;
const MAXIMUM_SIDE = 32;
/** Fewest pixels of a side that say what is on it. */
const LEAST_SIDE = 4;
const MAXIMUM_TEXT = 200;

/** Where the pixels of an image are in an example. */
interface ImageLayout {
  height: number;
  width: number;
  channels: number;
  /** Steps in the array from one row, column and channel to the next. */
  steps: readonly [number, number, number];
}

/** The image that an example of this shape is: height × width, with 1, 3 or 4 channels first or last. Undefined for others. */
export function imageLayout(shape: readonly number[]): ImageLayout | undefined {
  const [a, b, c] = shape;
  const isImage = (height: number, width: number) => height >= LEAST_SIDE && width >= LEAST_SIDE;
  if (shape.length === 2 && isImage(a, b) && a === b)
    return { height: a, width: b, channels: 1, steps: [b, 1, 0] };
  if (shape.length !== 3) return undefined;
  if ([1, 3, 4].includes(c) && isImage(a, b))
    return { height: a, width: b, channels: c, steps: [b * c, c, 1] };
  if ([1, 3].includes(a) && isImage(b, c)) return { height: b, width: c, channels: a, steps: [c, 1, b * c] };
  return undefined;
}

/**
 * Thumbnails of these rows of n examples [n, …], of at most 32 pixels a side and 2 MB in all: means over blocks of pixels, from
 * the smallest to the largest value of the image. Undefined where the examples are no images, or there are too many of them.
 */
export function thumbnails(points: NdArray, rows: readonly number[]): ExampleSamples['images'] {
  const [, ...shape] = points.shape;
  const layout = imageLayout(shape);
  if (!layout || rows.length === 0) return undefined;
  const channels = layout.channels === 1 ? 1 : 3;
  const most = Math.min(MAXIMUM_SIDE, Math.floor(Math.sqrt(MAXIMUM_BYTES / rows.length / channels)));
  if (most < LEAST_SIDE) return undefined;
  const block = Math.ceil(Math.max(layout.height, layout.width) / most);
  const [height, width] = [Math.ceil(layout.height / block), Math.ceil(layout.width / block)];
  const pixels = new Uint8Array(rows.length * height * width * channels);
  const size = elementCount(shape);
  const values = new Float64Array(height * width * channels);
  rows.forEach((row, i) => {
    let at = 0;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++)
          values[at++] = blockMean(points.data, row * size, layout, { x, y, c, block });
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const scale = high > low ? 255 / (high - low) : 0;
    values.forEach((value, k) => (pixels[i * values.length + k] = Math.round((value - low) * scale)));
  });
  return { width, height, channels, pixels: Buffer.from(pixels).toString('base64') };
}

function blockMean(
  data: NdArray['data'],
  from: number,
  { height, width, steps }: ImageLayout,
  { x, y, c, block }: { x: number; y: number; c: number; block: number },
): number {
  let [sum, count] = [0, 0];
  for (let v = y * block; v < Math.min(height, (y + 1) * block); v++) {
    for (let u = x * block; u < Math.min(width, (x + 1) * block); u++) {
      sum += data[from + v * steps[0] + u * steps[1] + c * steps[2]];
      count++;
    }
  }
  return sum / count;
}

/** The texts of these rows, cut to what a tooltip holds. */
export function sampleTexts(texts: readonly string[], rows: readonly number[]): string[] {
  return rows.map((row) => {
    const text = texts[row].replace(/\s+/g, ' ').trim();
    return text.length > MAXIMUM_TEXT ? `${text.slice(0, MAXIMUM_TEXT)}…` : text;
  });
}
