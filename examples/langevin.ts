// Langevin dynamics: noise and the score of a target, with and without the Metropolis step that takes the bias away.
import { gaussian, langevin, metropolisAdjustedLangevin } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const target = gaussian({
  mean: [0, 0],
  covariance: [
    [2, 1.4],
    [1.4, 1.2],
  ],
});
const parameters = { step: 0.2, steps: 400 };
const start = await gaussian({ mean: [-3, 3], variance: 0.05 }).sample(800, { seed: 1 });
const plain = await langevin(target, parameters).transport(start, { seed: 2 });
const adjusted = await metropolisAdjustedLangevin(target, parameters).transport(start, { seed: 2 });
const exact = await target.sample(800, { seed: 3 });

const values = [
  ...rows(plain.end.positions, () => ({ panel: 'unadjusted', group: 'chains' })),
  ...rows(adjusted.end.positions, () => ({
    panel: `adjusted: ${Math.round(100 * adjusted.acceptance)} % accepted`,
    group: 'chains',
  })),
  ...rows(exact, () => ({ panel: 'the target itself', group: 'exact' })),
];
await writePicture(panels(values, { title: 'Langevin dynamics with long steps', half: 6 }));
