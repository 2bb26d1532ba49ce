// Loss curves of autoencoders of growing width, which level off where the posterior mean is.
import { daeMap, gaussianMixture, trainDae } from 'ridgeflow';
import { writePicture } from './picture.js';

const noise = 0.6;
const law = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const points = await law.sample(4000, { seed: 1, dtype: 'float32' });

// The least loss there is: the posterior mean's own, on noise of its own.
const corrupted = points.data.map((value, i) => value + Math.sqrt(noise) * normal(i));
const best = await daeMap(law, { noise }).apply({ data: corrupted, shape: points.shape });
let least = 0;
points.data.forEach((value, i) => (least += (best.data[i] - value) ** 2 / points.shape[0]));

const values: { epoch: number; loss: number; units: string }[] = [];
for (const width of [1, 4, 32]) {
  const { history } = await trainDae(points, {
    width,
    noise,
    epochs: 120,
    seed: 2,
    residual: false,
    earlyStopping: { patience: 120, heldOut: 0.25 },
  });
  for (const { epoch, heldOut } of history) values.push({ epoch, loss: heldOut!, units: String(width) });
}

const x = {
  field: 'epoch',
  type: 'quantitative' as const,
  scale: { type: 'log' as const, domain: [1, 120], nice: false },
};
const y = { field: 'loss', type: 'quantitative' as const, scale: { zero: false }, title: 'held-out loss' };
const color = {
  field: 'units',
  type: 'nominal' as const,
  sort: ['1', '4', '32'],
  legend: { orient: 'bottom' as const },
};
await writePicture({
  title: {
    text: 'Training autoencoders; dashed, the posterior mean on all points',
    anchor: 'start',
    fontSize: 15,
  },
  width: 460,
  height: 260,
  layer: [
    { data: { values }, mark: { type: 'line' }, encoding: { x, y, color } },
    {
      data: { values: [{ loss: least }] },
      mark: { type: 'rule', strokeDash: [5, 4] },
      encoding: { y: { field: 'loss', type: 'quantitative' } },
    },
  ],
});

/** Standard normal numbers by Box and Muller's transform of a golden-ratio sequence. */
function normal(i: number): number {
  const [u, v] = [((i + 1) * 0.7548776662466927) % 1, ((i + 1) * 0.5698402909980532) % 1];
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}
