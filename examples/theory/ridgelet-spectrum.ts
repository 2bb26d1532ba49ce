// Claim 7: the ridgelet transform of a velocity gives the weights of a network that computes it, so that units drawn from
// |R[v]| need no training; layer on layer they make a residual network that follows the flow, the better the wider and
// the deeper.
import {
  type NdArray,
  compileFlow,
  continuousDaeFlow,
  distanceFromFlow,
  fitNetwork,
  gaussianMixture,
  ndarray,
  oracleUnits,
  ridgeletPair,
  ridgeletTransformOfMeasure,
} from 'ridgeflow';
import { curves, differenceOf, evenly, writePicture } from '../picture.js';

// A number that can be had by hand: f = N(0, 0.49 I) in the plane, ψ the second derivative of the normal density.
const pair = ridgeletPair('gaussian', 2, { order: 2 });
const law = gaussianMixture({ weights: [1], means: [[0, 0]], variances: [0.49] });
const unit = { a: ndarray([[1.2, -0.5]]), b: ndarray([0.3]) };
const { data } = await ridgeletTransformOfMeasure(law, unit, { pair });
console.log(
  `R[f] of N(0, 0.49 I): ${data[0].toFixed(10)}, by hand ${(0.1497250552 / (2 * Math.PI ** 1.5)).toFixed(10)}`,
);

const measure = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const velocity = async (points: NdArray) => (await measure.evaluate(points, { score: true })).score!;
const points = ndarray(evenly(-4, 5, 1500), [1500, 1], 'float32');
const values = await velocity(points);
const grid = ndarray(evenly(-4, 5, 181), [181, 1], 'float32');
const exact = await velocity(grid);
const size = differenceOf(exact, { ...exact, data: new Float32Array(181) });
const curve = ({ data }: NdArray) => Array.from(data, (v, i) => [grid.data[i], v] as const);

const errors: [number, number][] = [];
const networks = [];
for (const width of [4, 8, 16, 32, 64]) {
  let square = 0;
  for (let seed = 1; seed <= 4; seed++) {
    const units = await oracleUnits(points, values, { width, seed });
    const { network } = await fitNetwork({ points, values }, { units, heldOut: 0 });
    const found = await network.evaluate(grid);
    square += (differenceOf(found, exact) / size) ** 2 / 4;
    if (seed === 1 && (width === 4 || width === 16))
      networks.push({ name: `${width} units`, points: curve(found) });
  }
  errors.push([width, Math.sqrt(square)]);
  console.log(`${width} units drawn from the spectrum: relative error ${Math.sqrt(square).toExponential(1)}`);
}

const flow = continuousDaeFlow(measure, { to: 0.2 });
const start = await measure.sample(600, { seed: 2, dtype: 'float32' });
const limits = [];
for (const width of [4, 16, 128]) {
  const distances: [number, number][] = [];
  for (const depth of [1, 2, 4, 8, 16]) {
    const { network } = await compileFlow(flow, { depth, width, start, heldOut: 0, seed: 3 });
    const { rms } = await distanceFromFlow(network, flow, start, { tolerance: { relative: 1e-5 } });
    distances.push([depth, rms[depth]]);
  }
  console.log(
    `${width} units a layer: ${distances.map(([n, e]) => `${e.toFixed(3)} (depth ${n})`).join(', ')}`,
  );
  limits.push({ name: `${width} units a layer`, points: distances });
}

await writePicture(
  curves(
    [
      {
        ...{ title: 'Networks without training', x: { title: 'x' }, y: { title: 'v(x)' } },
        series: [...networks, { name: 'velocity', points: curve(exact), style: 'dashed' }],
      },
      {
        title: 'Their error',
        x: { title: 'units', log: true },
        y: { title: 'relative error', log: true },
        series: [{ name: 'drawn from |R[v]|', points: errors }],
      },
      {
        title: 'Wide and deep',
        x: { title: 'layers', log: true },
        y: { title: 'distance from the flow', log: true },
        series: limits,
      },
    ],
    { title: 'Weights from the ridgelet transform, for one layer and for many', width: 220 },
  ),
);
