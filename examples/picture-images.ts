import { writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import type { NdArray } from 'ridgeflow';
import { pictureFile } from './picture.js';

/** An image [rows, columns] with the values that are drawn black and white. */
export interface Panel {
  array: NdArray;
  black: number;
  white: number;
}

/** Draws images side by side, stretched to one height, as PNG into the file named on the command line. */
export async function writeImages(images: readonly Panel[], height = 256): Promise<void> {
  const gap = 8;
  const widths = images.map(({ array: { shape } }) =>
    Math.min(2 * height, Math.round((height * shape[1]) / shape[0])),
  );
  const width = widths.reduce((sum, own) => sum + own + gap, -gap);
  const data = new Uint8Array(width * height).fill(255);
  let left = 0;
  images.forEach(({ array, black, white }, panel) => {
    const [rows, columns] = array.shape;
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < widths[panel]; j++) {
        const at = Math.floor((i * rows) / height) * columns + Math.floor((j * columns) / widths[panel]);
        const grey = Math.round((255 * (array.data[at] - black)) / (white - black));
        data[i * width + left + j] = Math.min(Math.max(grey, 0), 255);
      }
    }
    left += widths[panel] + gap;
  });
  const file = pictureFile('png');
  await writeFile(file, encode({ width, height, data, channels: 1 }));
  console.log(`The picture is in ${file}`);
}
