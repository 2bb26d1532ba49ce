// The Shepp–Logan phantom, its sinogram, and its reconstruction from 180 angles and from 24: radon-phantom.png.

import {
  type NdArray,
  equalAngles,
  filteredBackprojection,
  radonTransform,
  rasterise,
  sheppLogan,
} from 'ridgeflow';
import { differenceOf } from './picture.js';
import { writeImages } from './picture-images.js';

const size = 256;
const image = rasterise(sheppLogan(), { shape: [size, size] });

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
console.log(`180 angles: root mean square error ${differenceOf(many.result, image).toFixed(4)}`);
console.log(`24 angles: root mean square error ${differenceOf(few.result, image).toFixed(4)}`);
const largest = Array.from(many.sinogram.data).reduce((a, b) => Math.max(a, b), 0);
await writeImages([
  { array: image, black: 0, white: 0.5 },
  { array: many.sinogram, black: 0, white: largest },
  { array: many.result, black: 0, white: 0.5 },
  { array: few.result, black: 0, white: 0.5 },
]);
