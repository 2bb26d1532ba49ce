// A flow compiled to a residual network: eight layers that were not trained follow the flow of a mixture.
import { compileFlow, continuousDaeFlow, distanceFromFlow, gaussianMixture } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const measure = gaussianMixture({
  weights: [0.4, 0.6],
  means: [
    [-1, 0],
    [1.5, 0.5],
  ],
  variances: [0.6, 0.9],
});
const flow = continuousDaeFlow(measure, { to: 0.2 });
const { network } = await compileFlow(flow, { depth: 8, width: 200 });

const start = await measure.sample(300, { seed: 1 });
const { rms, max } = await distanceFromFlow(network, flow, start);
console.log(`distance from the true trajectories: rms ${rms[8].toFixed(4)}, largest ${max[8].toFixed(4)}`);

const states = await network.trajectory(start);
const truth = await flow.transport(start, { saveAt: network.times.slice(1, -1) });
const paths = (panel: string, positions: readonly (typeof start)[]) =>
  positions.flatMap((points, order) => rows(points, (path) => ({ panel, path, order, group: panel })));
const ends = (panel: string, points: typeof start) => rows(points, () => ({ panel, group: panel }));
await writePicture(
  panels(
    [
      ...paths(
        'the flow',
        truth.states.map(({ positions }) => positions),
      ),
      ...ends('the flow', truth.end.positions),
      ...paths('a network of 8 layers', states),
      ...ends('a network of 8 layers', states[8]),
    ],
    { title: 'The flow of a denoising autoencoder, and the network it compiles to', half: 4, size: 320 },
  ),
);
