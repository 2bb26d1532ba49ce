// A density of the plane rebuilt from ridge functions drawn from its ridgelet transform: no training, no grid of units.
import { dualRidgeletTransform, gaussianMixture, ndarray, ridgeletPair, sampleRidgelet } from 'ridgeflow';
import { writePicture } from './picture.js';

const law = gaussianMixture({
  weights: [0.4, 0.35, 0.25],
  means: [
    [-1.1, -0.6],
    [1, 0.9],
    [0.9, -1.1],
  ],
  variances: [0.25, 0.2, 0.15],
});
const pair = ridgeletPair('tanh', 2, { order: 7 });
const side = Array.from({ length: 61 }, (_, i) => 2.4 * (i / 30 - 1));
const points = ndarray(side.flatMap((y) => side.map((x) => [x, y])));
const { logDensity } = await law.evaluate(points, { logDensity: true });

const panels = [Array.from(logDensity!, Math.exp)];
const names = ['density'];
for (const width of [3000, 100_000]) {
  const { a, b, values, normaliser } = await sampleRidgelet(law, width, { pair, seed: 1 });
  const c = Float32Array.from(values.data, (value) => (Math.sign(value) * normaliser) / width);
  const network = { a, b, coefficients: ndarray(c, [width, 1]) };
  const { data } = await dualRidgeletTransform(points, network, { activation: 'tanh' });
  panels.push(Array.from(data));
  names.push(`${width.toLocaleString('en')} drawn units`);
}

// Each cell reaches under the next, so that no line shows between them.
const half = (side[1] - side[0]) / 2;
await writePicture({
  title: {
    text: 'A density, and networks drawn from its ridgelet transform',
    anchor: 'start',
    fontSize: 15,
    offset: 12,
  },
  data: {
    values: panels.flatMap((values, panel) =>
      values.map((value, i) => ({
        x: points.data[2 * i] - half,
        x2: points.data[2 * i] + 3 * half,
        y: points.data[2 * i + 1] - half,
        y2: points.data[2 * i + 1] + 3 * half,
        value,
        panel: names[panel],
      })),
    ),
  },
  facet: { field: 'panel', type: 'nominal', sort: names, header: { title: null } },
  columns: 3,
  spec: {
    width: 170,
    height: 170,
    mark: { type: 'rect', clip: true },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        scale: { domain: [-2.4, 2.4] },
        axis: { title: null, tickCount: 4, grid: false },
      },
      x2: { field: 'x2' },
      y: {
        field: 'y',
        type: 'quantitative',
        scale: { domain: [-2.4, 2.4] },
        axis: { title: null, tickCount: 4, grid: false },
      },
      y2: { field: 'y2' },
      color: {
        field: 'value',
        type: 'quantitative',
        scale: { scheme: 'viridis', domain: [0, 0.35], clamp: true },
        legend: { title: null, orient: 'bottom', gradientLength: 240 },
      },
    },
  },
});
