// Straight edges, the same in strong noise, and what thresholded wavelets and thresholded finite ridgelets make of it.
import { type NdArray, RandomStream, denoiseByRidgelets, denoiseByWavelets, zeros } from 'ridgeflow';
import { differenceOf } from './picture.js';
import { writeImages } from './picture-images.js';

const size = 256;
const clean = zeros([size, size]);
for (let i = 0; i < size * size; i++) {
  const [x, y] = [((i % size) * 2) / size - 1, (Math.floor(i / size) * 2) / size - 1];
  clean.data[i] = 0.2 + (0.8 * x + 0.6 * y > 0.1 ? 0.5 : 0) + (x - 0.5 * y > -0.3 ? 0.3 : 0);
}
const noisy = zeros([size, size]);
new RandomStream(1, 'noise').fillNormal(noisy.data);
for (let i = 0; i < size * size; i++) noisy.data[i] = clean.data[i] + 0.3 * noisy.data[i];

const images: Record<string, NdArray> = {
  clean,
  noisy,
  wavelets: (await denoiseByWavelets(noisy)).image,
  ridgelets: (await denoiseByRidgelets(noisy)).image,
};
for (const [name, image] of Object.entries(images)) {
  const error = differenceOf(image, clean);
  if (error > 0) console.log(`${name}: ${(-20 * Math.log10(error)).toFixed(1)} dB`);
}
await writeImages(Object.values(images).map((array) => ({ array, black: 0, white: 1.1 })));
