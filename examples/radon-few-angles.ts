// The phantom from 20 angles: filtered backprojection has streaks, least squares has fewer, total variation hardly any.

import {
  cgls,
  equalAngles,
  filteredBackprojection,
  radonTransform,
  rasterise,
  sheppLogan,
  totalVariation,
} from 'ridgeflow';
import { differenceOf } from './picture.js';
import { writeImages } from './picture-images.js';

const size = 128;
const image = rasterise(sheppLogan(), { shape: [size, size], subsamples: 1 });
const beam = { angles: equalAngles(20), shape: image.shape };
const sinogram = await radonTransform(image, beam);

const filtered = await filteredBackprojection(sinogram, beam);
const least = await cgls(sinogram, beam);
const sparse = await totalVariation(sinogram, { ...beam, weight: 0.01, iterations: 600 });

const results = { filtered, 'least squares': least.image, 'total variation': sparse.image };
for (const [name, result] of Object.entries(results)) {
  console.log(`${name}: root mean square error ${differenceOf(result, image).toFixed(4)}`);
}
await writeImages([image, ...Object.values(results)].map((array) => ({ array, black: 0, white: 0.5 })));
