// Score-based generation by a stochastic differential equation: new points of a checkerboard, out of noise.
import { checkerboard, reverseDiffusion, smoothed, varianceExploding } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const board = checkerboard(2000, { seed: 1 });
const measure = smoothed({ points: board.points, variance: 0.02 });
const flow = reverseDiffusion(varianceExploding({ maximum: 20, minimum: 0.05 }), measure);
const { states } = await flow.sample(700, { seed: 2, saveAt: [0.7, 0.55, 0.4], step: { steps: 80 } });

const values = states
  .slice(1)
  .flatMap(({ time, positions }) => rows(positions, () => ({ panel: `t = ${time}`, group: 'particles' })));
await writePicture(panels(values, { title: 'Reverse diffusion, variance exploding', half: 6, size: 200 }));
