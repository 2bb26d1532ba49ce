// Rectified flow: paths of randomly paired points bend; paired anew by the flow itself they become straight.
import { empirical, gaussianMixture, rectifiedFlow, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const moons = empirical(twoMoons(400, { seed: 1 }));
const blobs = gaussianMixture({
  means: [
    [-1.5, 2],
    [2.5, -1.5],
  ],
  variances: 0.05,
});
const options = { variance: 0.02, pairs: 300, rounds: 1 };
const { flows, straightness, pairs } = await rectifiedFlow(moons, blobs, options);

const steps = Array.from({ length: 21 }, (_, i) => i / 20);
const values = await Promise.all(
  flows.map(async (flow, round) => {
    const { states, end } = await flow.transport(pairs.from, { saveAt: steps });
    const panel = `${['before', 'after'][round]}: straightness ${straightness[round].toFixed(3)}`;
    const blob = (i: number) => (end.positions.data[2 * i] < 0 ? 'left' : 'right');
    const paths = states.flatMap(({ time, positions }) =>
      rows(positions, (i) => ({ panel, group: blob(i), path: i, order: time })).slice(0, 120),
    );
    return [...paths, ...rows(end.positions, (i) => ({ panel, group: blob(i) })).slice(0, 120)];
  }),
);
await writePicture(
  panels(values.flat(), { title: 'Rectified flow from two moons to two blobs', half: 3, size: 300 }),
);
