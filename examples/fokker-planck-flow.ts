// Diffusion in a double well, dX = −∇V dt + √(2D) dB, by particles that feel each other instead of noise.
import { type NdArray, fokkerPlanckFlow, gaussian } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

/** V(x, y) = (x² − 1)²/2 + y²/2, by its gradient. */
const gradient = ({ data, shape }: NdArray): NdArray => ({
  data: data.map((value, i) => (i % 2 === 0 ? 2 * value * (value * value - 1) : value)),
  shape,
});

const flow = fokkerPlanckFlow({ potential: { gradient }, diffusion: 0.25, variance: 0.02, to: 8 });
const start = await gaussian({ mean: [-1, 1], variance: 0.05 }).sample(400, { seed: 1 });
const { states } = await flow.transport(start, { saveAt: [0.5, 2], tolerance: { relative: 1e-3 } });

const values = states.flatMap(({ time, positions }) =>
  rows(positions, () => ({ panel: `t = ${time}`, group: 'particles' })),
);
await writePicture(panels(values, { title: 'Fokker–Planck flow in a double well', half: 2, size: 200 }));
