// Claim 6: decoded, every layer of a stack moves points as an autoencoder of the decoded points does,
// Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l, so that stacked and composed autoencoders follow the same trajectories as they grow wide.
import { compareStacking, gaussianMixture, trainStackedDae } from 'ridgeflow';
import { curves, differenceOf, writePicture } from '../picture.js';

const measure = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const points = await measure.sample(2000, { seed: 1, dtype: 'float32' });
const noises = [0.2, 0.2, 0.2];
const training = { epochs: 60, optimiser: { kind: 'adam', rate: 0.006 }, seed: 1 } as const;

// The identity holds for any weights, so that a few epochs will do.
const stack = await trainStackedDae(points, { ...training, epochs: 10, noises, widths: [24, 16, 8] });
for (const [layer, g] of stack.layers.entries()) {
  const features = await stack.encode(points, { layer });
  const right = await stack.decode(await g.apply(features), { layer });
  const next = await stack.encode(points, { layer: layer + 1 });
  const left = await stack.decode(next, { layer: layer + 1 });
  console.log(`layer ${layer}: |Ψ_{l+1} φ_l − Ψ_l g_l| = ${differenceOf(left, right).toExponential(1)}`);
}

const { runs, exact } = await compareStacking(points, { ...training, noises, widths: [4, 16, 64] });
const depth = noises.length;
const moved = differenceOf(points, exact[depth]);
const stacked: [number, number][] = [];
const composed: [number, number][] = [];
for (const run of runs) {
  stacked.push([run.width, differenceOf(run.stacked[depth], exact[depth]) / moved]);
  composed.push([run.width, differenceOf(run.composed[depth], exact[depth]) / moved]);
  const [a, b] = [stacked, composed].map((rows) => rows[rows.length - 1][1].toFixed(3));
  console.log(`${run.width} units: stacked ${a}, composed ${b} from the exact composition, relative`);
}

const widest = runs[runs.length - 1];
const shown = Array.from({ length: 12 }, (_, i) => i);
const paths = (states: typeof exact, group: string, style: 'line' | 'dashed') =>
  shown.map((i) => ({
    ...{ name: `${i}`, group, style },
    points: states.map(({ data }, layer) => [layer, data[i]] as const),
  }));
await writePicture(
  curves(
    [
      {
        ...{ title: `Trajectories, ${widest.width} units`, x: { title: 'layer' }, y: { title: 'x' } },
        series: [...paths(widest.stacked, 'stacked, decoded', 'line'), ...paths(exact, 'exact', 'dashed')],
      },
      {
        title: 'Distance from the exact composition',
        x: { title: 'units per layer', log: true },
        y: { title: 'relative distance', log: true },
        series: [
          { name: 'stacked, decoded', points: stacked },
          { name: 'composed', points: composed },
        ],
      },
    ],
    { title: 'Stacked autoencoders, decoded, are composed ones' },
  ),
);
