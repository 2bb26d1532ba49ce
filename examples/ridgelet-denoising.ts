// Straight edges in strong noise: thresholded wavelets, and thresholded finite ridgelets. Writes a PNG.
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import { type NdArray, RandomStream, denoiseByRidgelets, denoiseByWavelets, zeros } from 'ridgeflow';

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
const [gap, width] = [8, 4 * (size + 8) - 8];
const pixels = new Uint8Array(width * size).fill(255);
Object.entries(images).forEach(([name, { data }], panel) => {
  const square = Array.from(data).reduce((sum, value, i) => sum + (value - clean.data[i]) ** 2, 0);
  if (square > 0) console.log(`${name}: ${(-10 * Math.log10(square / size ** 2)).toFixed(1)} dB`);
  for (let i = 0; i < size * size; i++) {
    const at = Math.floor(i / size) * width + panel * (size + gap) + (i % size);
    pixels[at] = Math.min(Math.max(Math.round(230 * data[i] + 5), 0), 255);
  }
});
const file = process.argv[2] ?? 'ridgelet-denoising.png';
writeFileSync(file, encode({ width, height: size, data: pixels, channels: 1 }));
console.log(`The picture is in ${file}: clean, noisy, denoised by wavelets, denoised by ridgelets`);
