// The phantom in a fan beam: image, sinogram over a full turn, and reconstructions from the turn and from a short scan.

import {
  equalAngles,
  fanBeamFilteredBackprojection,
  fanBeamProjector,
  rasterise,
  sheppLogan,
} from 'ridgeflow';
import { differenceOf } from './picture.js';
import { writeImages } from './picture-images.js';

const size = 256;
const image = rasterise(sheppLogan(), { shape: [size, size] });
const fan = { sourceDistance: 600, detectorDistance: 300, shape: image.shape };

const turn = { ...fan, angles: equalAngles(360, 2 * Math.PI) };
const sinogram = await fanBeamProjector(turn).project(image);
const full = await fanBeamFilteredBackprojection(sinogram, { ...turn, filter: 'shepp-logan' });

// A half turn and the fan's own angle see every line at least once.
const part = { ...fan, angles: equalAngles(240, Math.PI + 0.7) };
const seen = await fanBeamProjector(part).project(image);
const short = await fanBeamFilteredBackprojection(seen, { ...part, filter: 'shepp-logan', scan: 'short' });

console.log(`Root mean square error: full turn ${differenceOf(full, image).toFixed(4)}`);
console.log(`Root mean square error: short scan ${differenceOf(short, image).toFixed(4)}`);
const largest = Array.from(sinogram.data).reduce((a, b) => Math.max(a, b), 0);
await writeImages([
  { array: image, black: 0, white: 0.5 },
  { array: sinogram, black: 0, white: largest },
  { array: full, black: 0, white: 0.5 },
  { array: short, black: 0, white: 0.5 },
]);
