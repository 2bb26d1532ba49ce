// Claim 5: classes are better separated in the features of deeper denoising autoencoders, as long as the noise is not so
// large that it merges them.
import { type Depth, defaultSmoothing, fisherRatio, readCloud, silhouette, transportCloud } from 'ridgeflow';
import { curves, writePicture } from '../picture.js';

const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const classes = labels!.values;
const smoothing = await defaultSmoothing(points);
const separability = async (cloud: typeof points) => ({
  fisher: (await fisherRatio(cloud, classes)).ratio,
  silhouette: (await silhouette(cloud, classes)).mean,
});
const after = async (depth: Depth, s: number) =>
  separability((await transportCloud(points, { depth, smoothing: s, T: 0.4 * s, snapshots: 1 })).positions);

const data = await separability(points);
console.log(`data: Fisher ratio ${data.fisher.toFixed(3)}, silhouette ${data.silhouette.toFixed(3)}`);
const ratio: [number, number][] = [];
const score: [number, number][] = [];
for (const depth of [1, 2, 4, 8, 16, 'continuous'] as const) {
  const { fisher, silhouette } = await after(depth, smoothing);
  console.log(`depth ${depth}: Fisher ratio ${fisher.toFixed(3)}, silhouette ${silhouette.toFixed(3)}`);
  // The limit stands one doubling beyond the deepest.
  const place = depth === 'continuous' ? 32 : depth;
  ratio.push([place, fisher]);
  score.push([place, silhouette]);
}

const turn: [number, number][] = [];
for (const factor of [0.25, 1, 4, 16, 64, 256]) {
  const { silhouette } = await after('continuous', factor * smoothing);
  const T = 0.4 * factor * smoothing;
  console.log(`continuous, T = ${T.toPrecision(3)}: silhouette ${silhouette.toFixed(3)}`);
  turn.push([T, silhouette]);
}

const level = (value: number, from: number, to: number) => ({
  name: 'data',
  points: [
    [from, value],
    [to, value],
  ] as [number, number][],
  style: 'dashed' as const,
});
const layers = { title: 'layers (32: the limit)', log: true };
const [first, last] = [turn[0][0], turn[turn.length - 1][0]];
await writePicture(
  curves(
    [
      {
        ...{ title: 'Fisher ratio', x: layers, y: { title: 'between over within' } },
        series: [{ name: 'after so many layers', points: ratio }, level(data.fisher, 1, 32)],
      },
      {
        ...{ title: 'Silhouette', x: layers, y: { title: 'mean silhouette' } },
        series: [{ name: 'after so many layers', points: score }, level(data.silhouette, 1, 32)],
      },
      {
        ...{
          title: 'Where it turns',
          x: { title: 'total noise T', log: true },
          y: { title: 'mean silhouette' },
        },
        series: [{ name: 'continuous', points: turn }, level(data.silhouette, first, last)],
      },
    ],
    { title: 'Handwritten digits: classes move apart, until noise merges them', width: 210 },
  ),
);
