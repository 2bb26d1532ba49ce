// Claim 1: a shallow denoising autoencoder that is trained to undo noise N(0, tI) tends to the posterior mean
// g(x) = x + t ∇log(μ₀ ∗ N(0, tI))(x), Tweedie's formula, as its width grows.
import { daeMap, gaussianMixture, ndarray, trainDae } from 'ridgeflow';
import { curves, differenceOf, evenly, writePicture } from '../picture.js';

const noise = 0.6;
const measure = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const points = await measure.sample(20_000, { seed: 1, dtype: 'float32' });

const posteriorMean = daeMap(measure, { noise });
const corrupted = await measure.heat(noise / 2).sample(2000, { seed: 2, dtype: 'float32' });
const exact = await posteriorMean.apply(corrupted);
const size = differenceOf(exact, corrupted);

const grid = evenly(-4, 5, 91);
const x = ndarray(grid, [grid.length, 1]);
const displacement = (y: typeof x) => grid.map((at, i) => [at, y.data[i] - at] as const);

const errors: [number, number][] = [];
const maps = [];
for (const width of [2, 4, 8, 16, 32]) {
  const trained = await trainDae(points, {
    width,
    noise,
    epochs: 40,
    optimiser: { kind: 'adam', rate: 0.006 },
  });
  const error = differenceOf(await trained.apply(corrupted), exact) / size;
  console.log(`${width} units: relative error ${error.toFixed(3)}`);
  errors.push([width, error]);
  if (width !== 8 && width !== 16)
    maps.push({ name: `${width} units`, points: displacement(await trained.apply(x)) });
}

await writePicture(
  curves(
    [
      {
        title: 'The map',
        x: { title: 'x' },
        y: { title: 'g(x) − x' },
        series: [
          ...maps,
          {
            name: 'posterior mean',
            points: displacement(await posteriorMean.apply(x)),
            style: 'dashed',
          },
        ],
      },
      {
        title: 'Distance from the posterior mean',
        x: { title: 'units', log: true },
        y: { title: 'relative error', log: true },
        series: [{ name: 'trained', points: errors }],
      },
    ],
    { title: 'A trained autoencoder becomes the posterior mean' },
  ),
);
