// Claim 4: at equal total noise T a deeper denoising autoencoder brings the measure closer to what the continuous one
// makes of it.
import {
  type NdArray,
  defaultSmoothing,
  gaussianMixture,
  readCloud,
  slicedWasserstein,
  transportCloud,
} from 'ridgeflow';
import { curves, writePicture } from '../picture.js';

const mixture = gaussianMixture({
  weights: [0.4, 0.3, 0.3],
  means: [
    [-2, 0],
    [1.5, 1.5],
    [1.5, -1.5],
  ],
  variances: [0.4, 0.3, 0.5],
});
const { points: digits } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });

/** Distance from the limit against T, given as a share of the noise s/2 at which a single Gaussian collapses. */
async function distances(title: string, points: NdArray, smoothing: number) {
  const depths = [1, 2, 4, 8, 16];
  const series = depths.map((depth) => ({
    name: depth > 1 ? `${depth} layers` : '1 layer',
    points: [] as [number, number][],
  }));
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    const options = { smoothing, T: (share * smoothing) / 2, snapshots: 1 };
    const limit = await transportCloud(points, { ...options, depth: 'continuous' });
    for (const [i, depth] of depths.entries()) {
      const { positions } = await transportCloud(points, { ...options, depth });
      const { value } = await slicedWasserstein(positions, limit.positions, { directions: 64, seed: 1 });
      series[i].points.push([share, value]);
    }
    const row = series.map(({ points }) => points[points.length - 1][1].toExponential(1)).join(', ');
    console.log(`${title}, T = ${share} s/2: ${row} from the limit, after ${depths.join(', ')} layers`);
  }
  return { title, x: { title: 'T as a share of s/2' }, y: { title: 'distance', log: true }, series };
}

await writePicture(
  curves(
    [
      await distances('Three Gaussians', await mixture.sample(800, { seed: 1 }), 0.2),
      await distances('Handwritten digits', digits, await defaultSmoothing(digits)),
    ],
    { title: 'Deeper autoencoders are closer to the limit' },
  ),
);
