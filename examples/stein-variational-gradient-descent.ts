// Stein variational gradient descent: particles that move together to a target, drawn by its score, kept apart by a kernel.
import { gaussian, gaussianMixture, steinVariationalGradientDescent } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const target = gaussianMixture({
  weights: [0.4, 0.6],
  means: [
    [-1.3, -1],
    [1.3, 0.5],
  ],
  variances: [0.4, 0.7],
});
const flow = steinVariationalGradientDescent(target, { to: 60 });
const start = await gaussian({ mean: [-0.3, 0.8], variance: 0.1 }).sample(150, { seed: 1 });
const steps = Array.from({ length: 61 }, (_, i) => i);
const { states, end } = await flow.transport(start, { saveAt: steps, tolerance: { relative: 1e-3 } });

const at = (panel: string, positions: typeof start) => rows(positions, () => ({ panel, group: 'points' }));
const paths = states.flatMap(({ time, positions }) =>
  rows(positions, (path) => ({ panel: 'paths', group: 'paths', path, order: time })),
);
await writePicture(
  panels(
    [
      ...at('start', start),
      ...paths,
      ...at('end', end.positions),
      ...at('the target, sampled', await target.sample(150)),
    ],
    { title: 'Stein variational gradient descent', half: 4, size: 200 },
  ),
);
