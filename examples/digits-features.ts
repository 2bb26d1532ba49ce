// Digits that training has not seen, in the layers of stacked and composed autoencoders: what depth does to their classes.
import {
  type NdArray,
  RandomStream,
  type Separability,
  layerSeparation,
  readCloud,
  separability,
  trainComposedDae,
  trainStackedDae,
} from 'ridgeflow';
import { type Curves, curves, writePicture } from './picture.js';

const SEEDS = [0, 1, 2, 3, 4];
const MEASURES: [keyof Separability, string][] = [
  ['fisherRatio', 'Fisher ratio'],
  ['silhouette', 'silhouette'],
  ['probeAccuracy', 'linear probe'],
  ['neighbourAccuracy', 'nearest neighbour'],
];
/** Total noise variance, in grey levels squared: each of the 64 pixels is between 0 and 16. */
const T = 60;

const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const [n, d] = points.shape;

/** A random half of the digits, and the rest. */
function halves(seed: number): { seen: NdArray; unseen: NdArray; unseenLabels: number[] } {
  const rows = [...new RandomStream(seed, 'subsample').choose(n, n)];
  const take = (some: number[]): NdArray => {
    const data = new Float32Array(some.length * d);
    some.forEach((row, i) => data.set(points.data.subarray(row * d, (row + 1) * d), i * d));
    return { data, shape: [some.length, d] };
  };
  const [first, second] = [rows.slice(0, n / 2), rows.slice(n / 2)];
  return {
    seen: take(first),
    unseen: take(second),
    unseenLabels: second.map((row) => labels!.values[row]),
  };
}

const inStack: Separability[][] = [];
const atEqualNoise: Separability[][] = [];
const DEPTHS = [1, 2, 3, 6];
for (const seed of SEEDS) {
  const { seen, unseen, unseenLabels } = halves(seed);
  const stack = await trainStackedDae(seen, { T, seed, layers: 3, widths: 128, epochs: 20 });
  inStack.push([...(await layerSeparation(stack, unseen, unseenLabels)).features!]);
  const ends: Separability[] = [inStack[inStack.length - 1][0]];
  for (const layers of DEPTHS) {
    const map = await trainComposedDae(seen, { T, seed, layers, width: 128, residual: false, epochs: 60 });
    ends.push(await separability(await map.apply(unseen), unseenLabels));
  }
  atEqualNoise.push(ends);
}

function summary(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(square / (values.length - 1)) };
}

function charts(runs: Separability[][], places: readonly number[], title: string, what: string): Curves[] {
  return MEASURES.map(([key, name]): Curves => {
    const columns = places.map((_, k) => runs.map((run) => run[k][key]));
    const line = columns.map((values) => summary(values).mean);
    const words = columns.map((values) => {
      const { mean, spread } = summary(values);
      return `${mean.toFixed(3)} ± ${spread.toFixed(3)}`;
    });
    console.log(`${title}, ${name}: ${words.join(', ')}`);
    return {
      title: name,
      x: { title: what },
      y: { title: '' },
      series: [
        { name: 'mean', points: places.map((x, k) => [x, line[k]] as const) },
        {
          name: 'each seed',
          style: 'marks',
          points: columns.flatMap((values, k) => values.map((value) => [places[k], value] as const)),
        },
        {
          name: 'pixels',
          style: 'dashed',
          points: [
            [places[0], line[0]],
            [places[places.length - 1], line[0]],
          ],
        },
      ],
    };
  });
}

const stacked = charts(inStack, [0, 1, 2, 3], 'stack', 'layer of the stack');
const composed = charts(atEqualNoise, [0, ...DEPTHS], 'composition', 'layers, at equal total noise');
await writePicture(
  curves(
    stacked.flatMap((chart, measure) => [chart, composed[measure]]),
    { title: `Unseen digits in autoencoders, ${SEEDS.length} seeds: classes against depth (0: pixels)` },
  ),
);
