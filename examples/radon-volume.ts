// The phantom in space: the middle slice, and the slices that come back from integrals over planes (filtered) and along
// lines (by conjugate gradients).

import {
  type NdArray,
  cgls,
  directionSet,
  hyperplaneProjector,
  inverseRadonTransform,
  rasterise,
  sheppLogan,
  xrayProjector,
} from 'ridgeflow';
import { differenceOf } from './picture.js';
import { writeImages } from './picture-images.js';

const size = 64;
const shape = [size, size, size];
const volume = rasterise(sheppLogan({ dimension: 3 }), { shape });

const planes = { directions: directionSet(4000, 3, { kind: 'fibonacci' }), shape };
const radon = await hyperplaneProjector(planes).project(volume);
const filtered = await inverseRadonTransform(radon, { ...planes, filter: 'shepp-logan' });

const beam = xrayProjector({ directions: directionSet(60, 3, { kind: 'fibonacci' }), shape });
const { image: fitted } = await cgls(await beam.project(volume), { projector: beam, iterations: 15 });

console.log(
  `4000 directions of planes, filtered: root mean square error ${differenceOf(filtered, volume).toFixed(4)}`,
);
console.log(
  `60 directions of lines, 15 steps: root mean square error ${differenceOf(fitted, volume).toFixed(4)}`,
);

const slice = ({ data }: NdArray): NdArray => {
  const start = (size / 2) * size * size;
  return { data: data.subarray(start, start + size * size), shape: [size, size] };
};
await writeImages([volume, filtered, fitted].map((array) => ({ array: slice(array), black: 0, white: 0.5 })));
