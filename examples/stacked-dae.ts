// Stacked, composed and exact denoising autoencoders take the same points along the same trajectories as they grow wide.
import { compareStacking, type NdArray, twoMoons } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

const { points } = twoMoons(600, { seed: 1, noise: 0.12 });
const { exact, runs } = await compareStacking(points, {
  layers: 3,
  T: 0.15,
  widths: [4, 96],
  epochs: 400,
  seed: 2,
  optimiser: { kind: 'adam', rate: 0.006 },
});

/** The path of every point through the layers, and where it ends. */
function panel(name: string, trajectory: readonly NdArray[]) {
  const shown = trajectory.map((cloud) => ({
    data: cloud.data.map((value, at) => (at % 2 === 0 ? value - 0.5 : value - 0.25)),
    shape: cloud.shape,
  }));
  return [
    ...shown.flatMap((cloud, order) => rows(cloud, (i) => ({ panel: name, group: 'path', path: i, order }))),
    ...rows(shown[shown.length - 1], () => ({ panel: name, group: 'end' })),
  ];
}

const values = panel('points', exact.slice(0, 1));
for (const { width, stacked, composed, stackedFromExact, composedFromExact } of runs) {
  const far = ({ layers }: { layers: readonly number[] }) => layers[layers.length - 1].toFixed(3);
  values.push(...panel(`stacked, ${width} units, ${far(stackedFromExact)} off`, stacked));
  values.push(...panel(`composed, ${width} units, ${far(composedFromExact)} off`, composed));
}
values.push(...panel('exact', exact));
await writePicture(
  panels(values, { title: 'Three layers of denoising, trained and exact', half: 1.8, size: 170 }),
);
