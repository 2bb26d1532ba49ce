// The porous medium equation by the JKO scheme: density spreads with an edge, and each step is a convex problem.
import { jkoFlow, ndarray } from 'ridgeflow';
import { writePicture } from './picture.js';

const count = 200;
// Two blocks of gas, the left one denser.
const start = ndarray(
  Array.from({ length: count }, (_, i) => {
    const along = (i + 0.5) / count;
    return along < 0.6 ? -1 + along : 1 + 2 * (along - 0.6);
  }),
  [count, 1],
  'float64',
);
const { states } = await jkoFlow({ porousMedium: { exponent: 2 } }, start, { step: 0.02, steps: 100 });

const shown = [0, 2, 10, 30, 100];
const values = shown.flatMap((k) => {
  const { positions, time, energy } = states[k];
  const x = Array.from(positions.data).sort((a, b) => a - b);
  const when = `t = ${time.toFixed(2)}, F = ${energy.toFixed(3)}`;
  // Between neighbours lies the mass 1/(count − 1); beyond the edges nothing.
  const steps = x.map((left, i) => ({
    x: left,
    density: i + 1 < count ? 1 / ((count - 1) * (x[i + 1] - left)) : 0,
    when,
  }));
  return [{ x: x[0], density: 0, when }, ...steps];
});
const sort = [...new Set(values.map(({ when }) => when))];
await writePicture({
  title: {
    text: 'Porous medium equation, m = 2: the free energy falls',
    anchor: 'start',
    fontSize: 15,
    offset: 12,
  },
  width: 460,
  height: 260,
  data: { values },
  mark: { type: 'line', strokeWidth: 2, interpolate: 'step-after' },
  encoding: {
    x: { field: 'x', type: 'quantitative', title: 'x' },
    y: { field: 'density', type: 'quantitative', title: 'density' },
    color: {
      field: 'when',
      type: 'ordinal',
      sort,
      title: null,
      legend: { labelLimit: 240, orient: 'bottom', columns: 2 },
      scale: { scheme: 'viridis' },
    },
  },
});
