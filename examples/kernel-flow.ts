// The gradient flow of the maximum mean discrepancy: particles drawn to a cloud by a kernel, and driven from each other.
import { circles, empirical, gaussian, kernelFlow, maximumMeanDiscrepancy } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const target = circles(300, { factor: 0.4, seed: 1 });
const variance = 0.1;
const flow = kernelFlow(empirical(target), { variance, to: 300 });
const start = await gaussian({ mean: [0.8, 0], variance: 0.02 }).sample(200, { seed: 1 });
const { states } = await flow.transport(start, { saveAt: [5, 30], tolerance: { relative: 1e-3 } });

const values = await Promise.all(
  states.map(async ({ time, positions }) => {
    const distance = await maximumMeanDiscrepancy(positions, target.points, { variance });
    return rows(positions, () => ({
      panel: `t = ${time}: MMD = ${distance.toFixed(3)}`,
      group: 'particles',
    }));
  }),
);
await writePicture(panels(values.flat(), { title: 'Kernel flow to two circles', half: 2, size: 210 }));
