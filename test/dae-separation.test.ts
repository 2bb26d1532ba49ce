import test, { type ExecutionContext } from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { layerSeparation, trainComposedDae, trainDae, trainStackedDae } from '../ts/dae/index.js';
import { readCloud } from '../ts/io/index.js';
import { gaussianGrid } from '../ts/measure/index.js';
import {
  type Separability,
  fisherRatio,
  linearProbe,
  nearestNeighbourAccuracy,
  separability,
  silhouette,
} from '../ts/representation/index.js';
import { backendNames, exactly, places } from './native.js';

const [backend] = backendNames;

for (const place of places) {
  test(`${place.backend} ${place.dtype}: the separation of layers is that of their clouds`, async (t) => {
    const call = { backend: place.backend, dtype: place.dtype };
    const { points, labels } = gaussianGrid(80, {
      side: 2,
      spacing: 3,
      noise: 0.6,
      seed: 1,
      dtype: place.dtype,
    });
    const of = Array.from(labels);
    const direct = await separability(points, of, call);
    const { mean, values } = await silhouette(points, of, call);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
    t.deepEqual(direct, {
      fisherRatio: (await fisherRatio(points, of, call)).ratio,
      silhouette: mean,
      silhouetteError: Math.sqrt(spread / (values.length - 1) / values.length),
      neighbourAccuracy: (await nearestNeighbourAccuracy(points, of, call)).accuracy,
      probeAccuracy: (await linearProbe(points, of, call)).accuracy,
    });
    const short = { ...call, epochs: 3 };
    const single = await trainDae(points, { ...short, width: 9, noise: 0.2 });
    const composed = await trainComposedDae(points, { ...short, width: 9, layers: 2, T: 0.2 });
    const stacked = await trainStackedDae(points, { ...short, widths: [9, 6], noises: [0.1, 0.1] });
    const one = await layerSeparation(single, points, of, call);
    t.deepEqual(one.points, [direct, await separability(await single.apply(points, call), of, call)]);
    t.is(one.features, undefined);
    t.is(one.measured, 80);
    const seen: number[] = [];
    const two = await layerSeparation(stacked, points, of, {
      ...call,
      onProgress: (part) => seen.push(part),
    });
    t.is(seen.at(-1), 1);
    for (const [map, found] of [
      [composed, await layerSeparation(composed, points, of, call)],
      [stacked, two],
    ] as const) {
      const clouds = await map.trajectory(points, call);
      t.deepEqual(found.points, await Promise.all(clouds.map((cloud) => separability(cloud, of, call))));
    }
    t.deepEqual(two.features![0], direct);
    const features = await stacked.encode(points, { ...call, layer: 2 });
    t.deepEqual(two.features![2], await separability(features, of, call));
  });
}

test('of many points a sample is measured, the same for the same seed', async (t) => {
  const { points, labels } = gaussianGrid(300, { side: 2, spacing: 3, noise: 0.6, seed: 1 });
  const dae = await trainDae(points, { width: 4, noise: 0.2, epochs: 1, backend });
  const measure = (seed: number) => layerSeparation(dae, points, labels, { samples: 100, seed, backend });
  const first = await measure(1);
  t.is(first.measured, 100);
  t.deepEqual(await measure(1), first);
  t.notDeepEqual((await measure(2)).points, first.points);
});

test('what has no classes, or no layers, is said', async (t) => {
  const { points, labels } = gaussianGrid(30, { side: 2, spacing: 3, noise: 0.6, seed: 1 });
  const dae = await trainDae(points, { width: 3, noise: 0.2, epochs: 1, backend });
  const call = { backend };
  await t.throwsAsync(layerSeparation({} as never, points, labels, call), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(layerSeparation(dae, points, [1, 2], call), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(layerSeparation(dae, points, undefined as never, call), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(layerSeparation(dae, points, new Int32Array(30), call), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(layerSeparation(dae, ndarray([[1, 2, 3]]), [1], call), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(layerSeparation(dae, points, labels, { ...call, samples: 1 }), {
    code: 'INVALID_ARGUMENT',
  });
  await t.throwsAsync(layerSeparation(dae, points, labels, { ...call, signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
});

const SEEDS = [0, 1, 2, 3];

/** Digits to train on, and others, by the seed. */
async function digits(
  seed: number,
  count: number,
): Promise<{ seen: NdArray; unseen: NdArray; labels: number[] }> {
  const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1, dtype: 'float32' });
  const [n, d] = points.shape;
  const rows = new RandomStream(seed, 'subsample').choose(n, 2 * count);
  const take = (some: Int32Array): NdArray => {
    const data = new Float32Array(count * d);
    some.forEach((row, i) => data.set(points.data.subarray(row * d, (row + 1) * d), i * d));
    return { data, shape: [count, d] };
  };
  const others = rows.subarray(count);
  return {
    seen: take(rows.subarray(0, count)),
    unseen: take(others),
    labels: Array.from(others, (row) => labels!.values[row]),
  };
}

/** Mean and standard deviation over the seeds, of one measure at each depth. */
function overSeeds(
  t: ExecutionContext,
  what: string,
  runs: readonly (readonly Separability[])[],
  key: keyof Separability,
): { means: number[]; spreads: number[] } {
  const columns = runs[0].map((_, depth) => runs.map((run) => run[depth][key]));
  const means = columns.map((values) => values.reduce((a, b) => a + b) / values.length);
  const spreads = columns.map((values, k) =>
    Math.sqrt(values.reduce((sum, value) => sum + (value - means[k]) ** 2, 0) / (values.length - 1)),
  );
  t.log(
    `${what}, ${key}: ${means.map((mean, k) => `${mean.toFixed(3)} ± ${spreads[k].toFixed(3)}`).join(', ')}`,
  );
  return { means, spreads };
}

/** Whether means rise from each depth to the next by more than twice the standard error of the difference. */
function rises({ means, spreads }: { means: number[]; spreads: number[] }, from = 0): boolean {
  return means.every((mean, k) => {
    if (k <= from) return true;
    const error = Math.hypot(spreads[k], spreads[k - 1]) / Math.sqrt(SEEDS.length);
    return mean - means[k - 1] > 2 * error;
  });
}

exactly(
  'features of deeper layers of a stack separate unseen digits better by variance and silhouette',
  async (t) => {
    const runs: Separability[][] = [];
    for (const seed of SEEDS) {
      const { seen, unseen, labels } = await digits(seed, 500);
      const stack = await trainStackedDae(seen, { widths: 96, layers: 3, T: 60, epochs: 20, seed });
      runs.push([...(await layerSeparation(stack, unseen, labels)).features!]);
    }
    t.true(rises(overSeeds(t, 'stack', runs, 'fisherRatio')));
    t.true(rises(overSeeds(t, 'stack', runs, 'silhouette')));
    // A linear probe gains over the pixels in every layer, though not from layer to layer.
    const probe = overSeeds(t, 'stack', runs, 'probeAccuracy');
    for (const layer of [1, 2, 3]) t.true(probe.means[layer] > probe.means[0] - probe.spreads[0]);
    t.true(probe.means[1] > probe.means[0]);
    // Nearest neighbours are nearly always right in the pixels, and noise that is removed brings some classes together.
    const neighbours = overSeeds(t, 'stack', runs, 'neighbourAccuracy');
    t.true(neighbours.means[3] > neighbours.means[0] - 0.1);
  },
);

exactly(
  'at equal total noise deeper compositions separate unseen digits better, by the same measures',
  async (t) => {
    const runs: Separability[][] = [];
    for (const seed of SEEDS) {
      const { seen, unseen, labels } = await digits(seed, 500);
      const after: Separability[] = [await separability(unseen, labels)];
      for (const layers of [1, 2, 4]) {
        const options = { width: 128, layers, T: 60, epochs: 60, seed, residual: false };
        const map = await trainComposedDae(seen, options);
        after.push(await separability(await map.apply(unseen), labels));
      }
      runs.push(after);
    }
    t.true(rises(overSeeds(t, 'composition', runs, 'fisherRatio')));
    t.true(rises(overSeeds(t, 'composition', runs, 'silhouette')));
    const probe = overSeeds(t, 'composition', runs, 'probeAccuracy');
    t.true(probe.means[3] > probe.means[0] - 0.05);
    const neighbours = overSeeds(t, 'composition', runs, 'neighbourAccuracy');
    t.true(neighbours.means[3] > neighbours.means[0] - 0.1);
  },
);
