// The optimal plan between two clouds, and the maps of entropic plans, which blur as ε grows.
import { exactTransport, gaussianMixture, type NdArray, sinkhorn, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const { points: moons } = twoMoons(150, { seed: 1, noise: 0.1 });
const blobs = await gaussianMixture({
  means: [
    [-1.4, 1.6],
    [2.2, -1.4],
  ],
  variances: 0.06,
}).sample(150, { seed: 2 });

/** Both clouds, and a line from each point of the first to where it goes. */
function panel(name: string, to: NdArray, targetOf: (i: number) => number) {
  const starts = rows(moons, (i) => ({ panel: name, group: 'from', path: i, order: 0 }));
  const ends = starts.map(({ path }) => ({
    x: to.data[2 * targetOf(path)],
    y: to.data[2 * targetOf(path) + 1],
    panel: name,
    group: 'from',
    path,
    order: 1,
  }));
  return [
    ...starts,
    ...ends,
    ...rows(moons, () => ({ panel: name, group: 'from' })),
    ...rows(blobs, () => ({ panel: name, group: 'to' })),
  ];
}

const { cost, plan } = await exactTransport(moons, blobs);
const values = panel(
  `exact, W₂ = ${Math.sqrt(cost).toFixed(3)}`,
  blobs,
  (i) => plan.columns[plan.rows.indexOf(i)],
);
for (const epsilon of [0.1, 1, 10]) {
  const entropic = await sinkhorn(moons, blobs, { epsilon });
  values.push(...panel(`map at ε = ${epsilon}`, await entropic.map(), (i) => i));
}
await writePicture(panels(values, { title: 'Transport from two moons to two blobs', half: 3, size: 220 }));
