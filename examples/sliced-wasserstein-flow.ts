// Down the sliced Wasserstein distance: a blob becomes two moons by sorting its projections alone.
import { gaussian, slicedWasserstein, slicedWassersteinFlow, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const target = twoMoons(400, { noise: 0.04, seed: 1 }).points;
const start = await gaussian({ mean: [0.5, -1.2], variance: 0.03 }).sample(400, { seed: 2 });
const flow = slicedWassersteinFlow(target, { to: 30, step: 0.25, directions: 32 });
const { states } = await flow.transport(start, { saveAt: [1, 4], seed: 1 });

const values = [];
for (const { time, positions } of states) {
  const { value } = await slicedWasserstein(positions, target, { seed: 5 });
  values.push(
    ...rows(positions, () => ({ panel: `t = ${time}: SW = ${value.toFixed(3)}`, group: 'particles' })),
  );
}
await writePicture(panels(values, { title: 'Sliced Wasserstein flow to two moons', half: 2.3, size: 210 }));
