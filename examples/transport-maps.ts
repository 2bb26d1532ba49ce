// The transport maps of a Gaussian and of a mixture on the line, by a shallow autoencoder, by compositions and in the
// continuous limit, all removing noise of the same variance T: the figures of Sonoda and Murata's paper.
import {
  composedDae,
  continuousDae,
  daeMap,
  gaussian,
  gaussianMixture,
  ndarray,
  type Measure,
} from 'ridgeflow';
import { curves, evenly, writePicture } from './picture.js';

const laws: { title: string; measure: Measure; T: number; half: number }[] = [
  { title: 'N(0, 1)', measure: gaussian({ mean: [0], variance: 1 }), T: 0.4, half: 3 },
  {
    title: '0.3 N(−1, 0.5) + 0.7\u00a0N(2,\u00a00.8)',
    measure: gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] }),
    T: 0.2,
    half: 3.5,
  },
];
const charts = [];
for (const { title, measure, T, half } of laws) {
  const grid = evenly(-half, half, 121);
  const points = ndarray(grid, [grid.length, 1], 'float64');
  const maps = [
    ['shallow', daeMap(measure, { noise: T })],
    ['2 layers', await composedDae(measure, { layers: 2, T, samples: 60000, smoothing: 0.04, seed: 1 })],
    ['8 layers', await composedDae(measure, { layers: 8, T, samples: 60000, smoothing: 0.04, seed: 1 })],
    ['continuous', continuousDae(measure, { to: T })],
  ] as const;
  const series = [];
  for (const [name, map] of maps) {
    const { data } = await map.apply(points);
    series.push({ name, points: grid.map((x, i) => [x, data[i] - x] as const) });
    console.log(`${title}, ${name}: ${(data[90] - grid[90]).toFixed(4)} from ${grid[90].toFixed(2)}`);
  }
  charts.push({ title: `${title}, T = ${T}`, x: { title: 'x' }, y: { title: 'g(x) − x' }, series });
}
await writePicture(
  curves(charts, { title: 'Where shallow, composed and continuous autoencoders move a point' }),
);
