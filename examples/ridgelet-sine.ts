// The ridgelet transform of a sine under a window, |R[f]|(a, b), and what a hyperbolic tangent network makes of it again.
import {
  dualRidgeletTransform,
  functionOnGrid,
  ndarray,
  ridgeletPair,
  ridgeletTransformOnGrid,
  unitsOfGrid,
} from 'ridgeflow';
import { writePicture } from './picture.js';

const line = (half: number, count: number) => ({ from: -half, spacing: (2 * half) / (count - 1), count });
const at = ({ from, spacing, count }: ReturnType<typeof line>) =>
  Array.from({ length: count }, (_, i) => from + i * spacing);
const f = (x: number) => Math.sin(4 * x) * Math.exp(-((x / 1.5) ** 4));

const pair = ridgeletPair('tanh', 1, { order: 7 });
const x = line(3, 401);
const data = functionOnGrid(ndarray(at(x).map(f)), { from: [x.from], spacing: x.spacing });
const grid = { a: [line(7, 81)], b: line(15, 121) };
const spectrum = await ridgeletTransformOnGrid(data, grid, { pair });

const shown = ndarray(at(line(2.5, 201)).map((z) => [z]));
const back = await dualRidgeletTransform(
  shown,
  { ...unitsOfGrid(grid), coefficients: ndarray(spectrum.values.data, [81 * 121, 1]) },
  { activation: 'tanh' },
);

// Each cell reaches under the next, so that no line shows between them.
const around = (z: number, { spacing }: { spacing: number }) => [z - 0.5 * spacing, z + 1.5 * spacing];
const cells = at(grid.a[0]).flatMap((a, i) =>
  at(grid.b).map((b, j) => {
    const [[y, y2], [x, x2]] = [around(a, grid.a[0]), around(b, grid.b)];
    return { x, x2, y, y2, size: Math.abs(spectrum.values.data[i * 121 + j]) };
  }),
);
const curves = Array.from(shown.data).flatMap((z, i) => [
  { x: z, y: f(z), curve: 'f' },
  { x: z, y: back.data[i], curve: 'S[R[f]], |a| ≤ 7' },
]);
await writePicture({
  title: {
    text: 'A sine, its ridgelet spectrum, and its reconstruction',
    anchor: 'start',
    fontSize: 15,
    offset: 12,
  },
  hconcat: [
    {
      width: 235,
      height: 235,
      data: { values: cells },
      mark: { type: 'rect', clip: true },
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          scale: { domain: [-15, 15] },
          axis: { title: 'b', grid: false, tickCount: 5 },
        },
        x2: { field: 'x2' },
        y: {
          field: 'y',
          type: 'quantitative',
          scale: { domain: [-7, 7] },
          axis: { title: 'a', grid: false },
        },
        y2: { field: 'y2' },
        color: {
          field: 'size',
          type: 'quantitative',
          scale: { scheme: 'viridis' },
          legend: { title: '|R[f]|', orient: 'bottom', gradientLength: 200, tickCount: 4 },
        },
      },
    },
    {
      width: 235,
      height: 235,
      data: { values: curves },
      encoding: {
        x: { field: 'x', type: 'quantitative', axis: { title: 'x', tickCount: 5 } },
        y: { field: 'y', type: 'quantitative', axis: { title: null } },
        color: { field: 'curve', type: 'nominal', sort: ['f'], legend: { title: null, orient: 'bottom' } },
      },
      layer: [
        {
          transform: [{ filter: "datum.curve === 'f'" }],
          mark: { type: 'line', strokeWidth: 8, opacity: 0.45 },
        },
        { transform: [{ filter: "datum.curve !== 'f'" }], mark: { type: 'line', strokeWidth: 1.5 } },
      ],
    },
  ],
});
