// How near autoencoders come to the posterior mean as they grow wide: fitted by ridge regression, and trained by descent.
import { type NdArray, daeMap, fitDae, gaussianMixture, trainDae } from 'ridgeflow';
import { type Curves, curves, differenceOf, writePicture } from './picture.js';

const noise = 0.5;
const law = gaussianMixture({
  weights: [0.3, 0.4, 0.3],
  means: [
    [-1.6, 0],
    [0.6, 1.2],
    [1.2, -1.2],
  ],
  variances: [0.2, 0.1, 0.3],
});
const points = await law.sample(8000, { seed: 1, dtype: 'float32' });
const x = await law.heat(noise / 2).sample(2000, { seed: 2, dtype: 'float32' });
const exact = await daeMap(law, { noise }).apply(x);
const moved = differenceOf(exact, x);
const error = (y: NdArray) => differenceOf(y, exact) / moved;

const widths = [2, 4, 8, 16, 32, 64, 128];
const seeds = [0, 1, 2];
const series: Curves['series'] = [];
for (const [group, make] of [
  ['ridge regression', (width: number, seed: number) => fitDae(points, { width, noise, seed, copies: 32 })],
  ['gradient descent', (width: number, seed: number) => trainDae(points, { width, noise, seed, epochs: 40 })],
] as const) {
  const runs: number[][] = [];
  for (const seed of seeds) {
    const errors: number[] = [];
    for (const width of widths) errors.push(error(await (await make(width, seed)).apply(x)));
    runs.push(errors);
    series.push({
      name: `${group}, seed ${seed}`,
      group,
      style: 'marks',
      points: errors.map((value, k) => [widths[k], value] as const),
    });
  }
  const means = widths.map((_, k) => runs.reduce((sum, errors) => sum + errors[k], 0) / seeds.length);
  series.push({ name: group, group, points: means.map((value, k) => [widths[k], value] as const) });
  console.log(`${group}: ${means.map((value) => value.toFixed(3)).join(', ')}`);
}

await writePicture(
  curves(
    [
      {
        title: 'distance from the posterior mean, relative',
        x: { title: 'hidden units', log: true },
        y: { title: 'relative error', log: true },
        series,
      },
    ],
    { title: 'Autoencoders with and without gradient descent', width: 400, height: 260 },
  ),
);
