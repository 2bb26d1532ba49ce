// A swiss roll in noise through a shallow autoencoder, compositions and the continuous limit: deeper is nearer to the limit.
import { swissRoll, transportCloud, type Depth, type NdArray } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const { points } = swissRoll(1200, { noise: 1.2, seed: 3 });
/** The roll seen along its axis, in units of its size. */
const plane = ({ data, shape: [n, d] }: NdArray): NdArray => ({
  data: Float64Array.from({ length: 2 * n }, (_, at) => data[d * (at >> 1) + (at % 2 ? d - 1 : 0)] / 10),
  shape: [n, 2],
});
const cloud = plane(points);
const values = rows(cloud, () => ({ panel: 'noisy' }));
for (const [name, depth] of [
  ['shallow', 1],
  ['8 layers', 8],
  ['continuous', 'continuous'],
] as [string, Depth][]) {
  const { positions } = await transportCloud(cloud, { depth, T: 0.02, smoothing: 0.03 });
  values.push(...rows(positions, () => ({ panel: name })));
}
await writePicture(panels(values, { title: 'A swiss roll through autoencoders of equal noise', half: 1.6 }));
