// Flow matching in closed form: the mean velocity of straight lines from a Gaussian to a cloud makes new points of it.
import { empirical, flowMatching, gaussian, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const moons = twoMoons(300, { seed: 1 });
const flow = flowMatching(gaussian({ mean: [0.5, 0.25], variance: 0.5 }), empirical(moons));
const steps = Array.from({ length: 41 }, (_, i) => (flow.to * i) / 40);
const { states, end } = await flow.sample(400, { seed: 2, saveAt: steps });

const at = (panel: string, positions: typeof end.positions) =>
  rows(positions, () => ({ panel, group: 'points' }));
const paths = states.flatMap(({ time, positions }) =>
  rows(positions, (path) => ({ panel: 'paths', group: 'paths', path, order: time })).slice(0, 150),
);
await writePicture(
  panels([...at('Gaussian', states[0].positions), ...paths, ...at('moons', end.positions)], {
    title: 'Flow matching from a Gaussian to two moons',
    half: 2.4,
  }),
);
