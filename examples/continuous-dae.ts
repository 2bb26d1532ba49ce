// A denoising autoencoder of infinite depth: points climb the gradient of the log-density, and the cloud sharpens.
import { continuousDaeFlow, smoothed, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const moons = twoMoons(400, { noise: 0.02, seed: 1 });
const measure = smoothed({ points: moons.points, variance: 0.06 });
const to = 0.95 * measure.collapseTime;
const { states } = await continuousDaeFlow(measure, { to }).sample(600, { seed: 2, saveAt: [to / 2] });

const values = states.flatMap(({ time, positions }) =>
  rows(positions, () => ({ panel: `t = ${time.toFixed(3)}`, group: 'particles' })),
);
await writePicture(
  panels(values, { title: 'Two noisy moons in a continuous denoising autoencoder', half: 2.7 }),
);
