// Claim 2: n denoising autoencoders, each removing noise of variance T/n and each made for the measure that the ones before
// it left, tend to the flow ẋ = ∇log μ_t(x) at first order in 1/n.
import { type Depth, composedDae, gaussian, gaussianMixture, ndarray, transportCloud } from 'ridgeflow';
import { curves, distanceOf, evenly, writePicture } from '../picture.js';

// For N(0, 1) every map is affine: the variance of the image is the square of the slope, 0.4 in the limit.
const unit = ndarray([0, 1], [2, 1], 'float64');
for (const layers of [1, 2, 4, 8, 16, 64, 256]) {
  const map = await composedDae(gaussian({ mean: [0], variance: 1 }), { layers, T: 0.3 });
  const { data } = await map.apply(unit);
  console.log(`N(0, 1), T = 0.3, n = ${layers}: variance ${((data[1] - data[0]) ** 2).toFixed(6)}`);
}

const measure = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const points = await measure.sample(1000, { seed: 1 });
const move = (depth: Depth) => transportCloud(points, { depth, T: 0.38, smoothing: 0.8, snapshots: 8 });
const limit = await move('continuous');

const order = Array.from(points.data.keys()).sort((i, j) => points.data[i] - points.data[j]);
const shown = evenly(10, 989, 9).map((rank) => order[Math.round(rank)]);
const paths = ({ snapshots: { times, positions } }: typeof limit, group: string, style: 'line' | 'dashed') =>
  shown.map((i) => ({
    ...{ name: `${i}`, group, style },
    points: times.map((t, k) => [t, positions[k].data[i]] as const),
  }));

const errors: [number, number][] = [];
const charts = [];
for (const layers of [1, 2, 4, 8, 16, 32, 64]) {
  const composed = await move(layers);
  const error = distanceOf(composed.positions, limit.positions);
  console.log(`mixture, n = ${layers}: distance from the flow ${error.toExponential(2)}`);
  errors.push([layers, error]);
  if (layers !== 2 && layers !== 8) continue;
  charts.push({
    title: `${layers} layers over the flow`,
    x: { title: 'noise removed' },
    y: { title: 'x' },
    series: [...paths(composed, 'composed', 'line'), ...paths(limit, 'continuous', 'dashed')],
  });
}
const last = errors[errors.length - 1];
await writePicture(
  curves(
    [
      ...charts,
      {
        title: 'Distance after all layers',
        x: { title: 'layers n', log: true },
        y: { title: 'distance', log: true },
        series: [
          { name: 'measured', points: errors },
          {
            name: '1/n',
            points: [1, 64].map((n) => [n, (last[1] * last[0]) / n] as const),
            style: 'dashed' as const,
          },
        ],
      },
    ],
    { title: 'Composed autoencoders tend to a flow' },
  ),
);
