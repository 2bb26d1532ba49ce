// Between three shapes: each point of the barycentre is the weighted mean of its places in all of them.
import { circles, freeSupportBarycentre, ndarray, twoMoons, type NdArray } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const count = 300;
const square = ndarray(
  Array.from({ length: count }, (_, i) => {
    const [side, along] = [Math.floor((4 * i) / count), ((4 * i) / count) % 1];
    const [x, y] = [2 * along - 1, -1];
    return [
      [x, y],
      [-y, x],
      [-x, -y],
      [y, -x],
    ][side];
  }),
);
const centred = ({ data, shape }: NdArray, scale: number): NdArray => {
  const middle = [0, 0];
  data.forEach((value, i) => (middle[i % 2] += value / shape[0]));
  return { data: data.map((value, i) => scale * (value - middle[i % 2])), shape };
};
const shapes = [
  centred(twoMoons(count, { noise: 0, seed: 1 }).points, 0.9),
  square,
  centred(circles(count, { factor: 0.4, noise: 0, seed: 1 }).points, 1.1),
];

const weights = [
  [1, 0, 0],
  [0.6, 0.4, 0],
  [0.34, 0.33, 0.33],
  [0.5, 0, 0.5],
  [0, 0.5, 0.5],
  [0, 0, 1],
];
const values = [];
for (const share of weights) {
  const { points, iterations } = await freeSupportBarycentre(shapes, { weights: share, seed: 1 });
  console.log(`weights ${share.join(', ')}: ${iterations} iterations`);
  values.push(...rows(points, () => ({ panel: share.join(', ') })));
}
await writePicture(
  panels(values, {
    title: 'Wasserstein barycentres of moons, a square and two circles, by weights',
    half: 1.8,
    size: 150,
  }),
);
