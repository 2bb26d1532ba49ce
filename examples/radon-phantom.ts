// The Shepp–Logan phantom, its sinogram, and its reconstruction from 180 angles and from 24: radon-phantom.png.
//
//     node --import=tsx examples/radon-phantom.ts [file.png]

import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import {
  type NdArray,
  equalAngles,
  filteredBackprojection,
  radonTransform,
  rasterize,
  sheppLogan,
} from '../ts/index.js';

const size = 256;
const image = rasterize(sheppLogan(), { shape: [size, size] });

async function reconstruct(count: number): Promise<{ sinogram: NdArray; result: NdArray }> {
  const beam = { angles: equalAngles(count), detector: { count: size, truncated: true } };
  const sinogram = await radonTransform(image, beam);
  const result = await filteredBackprojection(sinogram, {
    ...beam,
    shape: image.shape,
    filter: 'shepp-logan',
  });
  return { sinogram, result };
}

const many = await reconstruct(180);
const few = await reconstruct(24);
for (const [count, { result }] of [
  [180, many],
  [24, few],
] as const) {
  const square = Array.from(result.data, (value, i) => (value - image.data[i]) ** 2).reduce((a, b) => a + b);
  console.log(`${count} angles: root mean square error ${Math.sqrt(square / size ** 2).toFixed(4)}`);
}

/** Arrays side by side, each on a grey scale of its own. */
function sideBySide(panels: readonly { array: NdArray; from: number; to: number }[]): Uint8Array {
  const gap = 8;
  const width = panels.length * (size + gap) - gap;
  const data = new Uint8Array(width * size).fill(255);
  panels.forEach(({ array, from, to }, panel) => {
    const [rows, columns] = array.shape;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const row = Math.floor((i * rows) / size);
        const value = array.data[row * columns + Math.floor((j * columns) / size)];
        const grey = Math.round((255 * (value - from)) / (to - from));
        data[i * width + panel * (size + gap) + j] = Math.min(Math.max(grey, 0), 255);
      }
    }
  });
  return encode({ width, height: size, data, channels: 1 });
}

const file = process.argv[2] ?? 'radon-phantom.png';
const largest = Array.from(many.sinogram.data).reduce((a, b) => Math.max(a, b));
writeFileSync(
  file,
  sideBySide([
    { array: image, from: 0, to: 0.5 },
    { array: many.sinogram, from: 0, to: largest },
    { array: many.result, from: 0, to: 0.5 },
    { array: few.result, from: 0, to: 0.5 },
  ]),
);
console.log(`${file}: phantom, sinogram (rows are angles), reconstructions from 180 and from 24 angles`);
