// Handwritten digits on their way through a denoising autoencoder of 16 layers: a river that parts into its arms. Every line
// is a picture of a digit, seen along the axis on which the classes part most.
import { defaultSmoothing, principalComponents, readCloud, transportCloud, zeros } from 'ridgeflow';
import { writePicture } from './picture.js';

const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const digits = labels!.values;
const [n, d] = points.shape;
const spread = await defaultSmoothing(points);
const [smoothing, T, depth] = [spread / 4, 4 * spread, 16];
const { positions, snapshots } = await transportCloud(points, { depth, T, smoothing, snapshots: depth });

// The axis along which the means of the ten classes are spread at the end.
const means = zeros([10, d]);
const counts = new Array<number>(10).fill(0);
digits.forEach((digit) => counts[digit]++);
for (let at = 0; at < n * d; at++) {
  const digit = digits[Math.floor(at / d)];
  means.data[digit * d + (at % d)] += positions.data[at] / counts[digit];
}
const { axes, mean } = await principalComponents(means, { count: 1 });
const along = (cloud: typeof points, row: number) => {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += (cloud.data[row * d + k] - mean[k]) * axes[k];
  return sum;
};

const lines = [];
for (let row = 0; row < n; row += 4)
  for (const [i, time] of snapshots.times.entries())
    lines.push({
      row,
      layer: Math.round((depth * time) / T),
      place: along(snapshots.positions[i], row),
      digit: digits[row],
    });
// A name stands at the median of its class: the mean lies beside the arm where a few went into another.
const ends = counts
  .map((_, digit) => {
    const places = [...digits.keys()]
      .filter((row) => digits[row] === digit)
      .map((row) => along(positions, row));
    return { digit, layer: depth, place: places.sort((a, b) => a - b)[places.length >> 1] };
  })
  .sort((a, b) => a.place - b.place);
for (const { digit, place } of ends) console.log(`${digit} ends about ${place.toFixed(2)}`);
// Names beside the ends keep a line's height from each other.
for (let i = 1; i < ends.length; i++) ends[i].place = Math.max(ends[i].place, ends[i - 1].place + 2.2);

const places = {
  x: {
    field: 'layer',
    type: 'quantitative' as const,
    scale: { domain: [0, depth], nice: false },
    axis: { title: 'layers', tickCount: 5, grid: false },
  },
  y: { field: 'place', type: 'quantitative' as const, axis: null },
  color: { field: 'digit', type: 'nominal' as const, legend: null },
};
await writePicture({
  title: {
    text: 'Handwritten digits run through 16 layers of denoising',
    anchor: 'start',
    fontSize: 16,
    offset: 12,
  },
  width: 560,
  height: 420,
  layer: [
    {
      data: { values: lines },
      mark: { type: 'line', interpolate: 'monotone', strokeWidth: 1, opacity: 0.35 },
      encoding: { ...places, detail: { field: 'row' } },
    },
    {
      data: { values: ends },
      mark: { type: 'text', align: 'left', dx: 6, fontSize: 14, fontWeight: 'bold' },
      encoding: { ...places, text: { field: 'digit' } },
    },
  ],
});
