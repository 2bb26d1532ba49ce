import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  type StackedDae,
  type TransportMap,
  compareStacking,
  trainComposedDae,
  trainDae,
  trainStackedDae,
  trajectoryDistance,
} from '../ts/dae/index.js';
import { gaussianMixture, twoMoons } from '../ts/measure/index.js';
import { largestDifference } from './clouds.js';
import { backendNames, places } from './native.js';

const [backend] = backendNames;

const PLANE = gaussianMixture({
  weights: [0.5, 0.5],
  means: [
    [-1.5, 0],
    [1.5, 0.5],
  ],
  variances: [0.4, 0.6],
});

/** Largest error of J(x)·v against central differences. */
async function jacobianError(map: TransportMap, x: NdArray, h: number, call: object): Promise<number> {
  const v: NdArray = { ...x, data: x.data.map((_, at) => Math.sin(at + 1)) };
  const along = (step: number): NdArray => ({
    ...x,
    data: x.data.map((value, at) => value + step * v.data[at]),
  });
  const [ahead, behind] = [await map.apply(along(h), call), await map.apply(along(-h), call)];
  const product = await map.jacobianVector(x, v, call);
  const expected: NdArray = {
    ...x,
    data: ahead.data.map((value, at) => (value - behind.data[at]) / (2 * h)),
  };
  return largestDifference(product, expected);
}

for (const place of places) {
  const name = `${place.backend} ${place.dtype}`;
  const exact = place.dtype === 'float64';

  test(`${name}: decoding a layer's features is moving those before it`, async (t) => {
    const { points } = twoMoons(90, { dtype: place.dtype, noise: 0.1 });
    const call = { backend: place.backend };
    for (const featureNoise of ['lifted', 'isotropic'] as const) {
      const stack: StackedDae = await trainStackedDae(points, {
        ...call,
        widths: [13, 7, 10],
        noises: [0.05, 0.03, 0.04],
        epochs: 4,
        featureNoise,
        activation: 'softplus',
      });
      const trajectory = await stack.trajectory(points, call);
      t.is(trajectory.length, 4);
      t.deepEqual(trajectory[0].data, points.data);
      t.is(largestDifference(trajectory[3], await stack.apply(points, call)), 0);
      for (const [layer, g] of stack.layers.entries()) {
        const features = await stack.encode(points, { ...call, layer });
        t.deepEqual(features.shape, [90, [2, 13, 7][layer]]);
        const moved = await stack.decode(await g.apply(features, call), { ...call, layer });
        t.true(largestDifference(moved, trajectory[layer + 1]) < (exact ? 1e-12 : 2e-5));
      }
      const h = exact ? 1e-5 : 1e-2;
      t.true((await jacobianError(stack, points, h, call)) < (exact ? 1e-7 : 5e-3));
    }
  });

  test(`${name}: a composition is its layers one after the other`, async (t) => {
    const { points } = twoMoons(90, { dtype: place.dtype, noise: 0.1 });
    const call = { backend: place.backend };
    const map = await trainComposedDae(points, { ...call, width: 9, layers: 3, T: 0.12, epochs: 4 });
    const trajectory = await map.trajectory(points, call);
    for (const [l, layer] of map.layers.entries())
      t.is(largestDifference(await layer.apply(trajectory[l], call), trajectory[l + 1]), 0);
    t.is(largestDifference(await map.apply(points, call), trajectory[3]), 0);
    const h = exact ? 1e-5 : 1e-2;
    t.true((await jacobianError(map, points, h, call)) < (exact ? 1e-7 : 5e-3));
    // The first layer is what it would be alone, and the second is trained on what that made.
    const alone = await trainDae(points, { ...call, width: 9, noise: 0.12 / 3, epochs: 4 });
    t.deepEqual(alone.network.C.data, map.layers[0].network.C.data);
  });
}

test('stacked, composed and exact autoencoders draw nearer as width grows', async (t) => {
  const points = await PLANE.sample(2000, { seed: 1, dtype: 'float32' });
  const seen: number[] = [];
  const { runs, exact, noises } = await compareStacking(points, {
    layers: 2,
    T: 0.3,
    widths: [2, 64],
    epochs: 50,
    seed: 3,
    backend,
    optimiser: { kind: 'adam', rate: 0.006 },
    onProgress: (fraction) => seen.push(fraction),
  });
  t.deepEqual(noises, [0.15, 0.15]);
  t.is(exact.length, 3);
  const [narrow, wide] = runs;
  t.true(narrow.decodingError < 1e-5 && wide.decodingError < 1e-5);
  for (const key of ['stackedFromComposed', 'stackedFromExact', 'composedFromExact'] as const) {
    const [before, after] = [narrow[key], wide[key]];
    t.is(after.layers.length, 3);
    t.is(after.layers[0], 0);
    t.true(after.layers[2] < 0.6 * before.layers[2], `${key}: ${before.layers[2]}, ${after.layers[2]}`);
    t.true(after.endClouds <= after.layers[2]);
  }
  t.true(wide.stackedFromComposed.layers[1] < 1e-5);
  t.true(seen.every((fraction, i) => i === 0 || fraction >= seen[i - 1]) && seen.at(-1)! <= 1);
});

test('the distances of stacked, composed and exact trajectories shrink with every width, over seeds', async (t) => {
  const widths = [2, 8, 48];
  const keys = ['stackedFromComposed', 'stackedFromExact', 'composedFromExact'] as const;
  const sums = keys.map(() => widths.map(() => ({ trajectories: 0, endClouds: 0 })));
  for (const seed of [0, 1, 2]) {
    const points = await PLANE.sample(1200, { seed, dtype: 'float32' });
    const { runs } = await compareStacking(points, {
      ...{ layers: 2, T: 0.3, widths, epochs: 60, seed, backend },
      optimiser: { kind: 'adam', rate: 0.006 },
    });
    for (const [k, key] of keys.entries()) {
      for (const [w, run] of runs.entries()) {
        sums[k][w].trajectories += run[key].layers[2] / 3;
        sums[k][w].endClouds += run[key].endClouds / 3;
      }
    }
  }
  for (const [k, key] of keys.entries()) {
    for (const measure of ['trajectories', 'endClouds'] as const) {
      const [narrow, middle, wide] = sums[k].map((sum) => sum[measure]);
      t.log(`${key}, ${measure}: ${narrow}, ${middle}, ${wide}`);
      t.true(middle < 0.8 * narrow && wide < 0.8 * middle, `${key}, ${measure}`);
    }
  }
});

test('the same seed gives the same bits; another one others', async (t) => {
  const { points } = twoMoons(80, { noise: 0.05 });
  const train = async (seed: number) =>
    (await trainStackedDae(points, { widths: 8, noises: [0.1, 0.1], epochs: 3, seed, backend })).layers[1]
      .network.C.data;
  const first = await train(1);
  t.deepEqual(await train(1), first);
  t.notDeepEqual(await train(2), first);
});

test('what cannot be stacked, composed or compared is said', async (t) => {
  const { points } = twoMoons(30);
  const stack = { widths: 4, noises: [0.1, 0.1], epochs: 1, backend };
  const wrong: [Partial<Parameters<typeof trainStackedDae>[1]>, string][] = [
    [{ widths: [4] }, 'INVALID_ARGUMENT'],
    [{ widths: 0 }, 'INVALID_ARGUMENT'],
    [{ noises: [] }, 'INVALID_ARGUMENT'],
    [{ noises: [0.1, -1] }, 'INVALID_ARGUMENT'],
    [{ layers: 2 }, 'INVALID_ARGUMENT'],
    [{ featureNoise: 'none' as 'lifted' }, 'INVALID_ARGUMENT'],
    [{ signal: AbortSignal.abort() }, 'ABORTED'],
  ];
  for (const [change, code] of wrong)
    await t.throwsAsync(trainStackedDae(points, { ...stack, ...change }), { code });
  await t.throwsAsync(trainComposedDae(points, { width: 4, backend }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(compareStacking(points, { widths: [], layers: 2, T: 1 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(compareStacking(points, { widths: [1.5], layers: 2, T: 1 }), {
    code: 'INVALID_ARGUMENT',
  });
  const trained = await trainStackedDae(points, stack);
  await t.throwsAsync(trained.encode(points, { layer: 3 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(trained.decode(points), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(trajectoryDistance([points], [points, points]), { code: 'INVALID_ARGUMENT' });
});

test('an abort stops training between and within layers', async (t) => {
  const { points } = twoMoons(2000, { noise: 0.1 });
  const controller = new AbortController();
  const options = { widths: 16, noises: [0.1, 0.1], epochs: 100_000, signal: controller.signal, backend };
  const training = trainStackedDae(points, {
    ...options,
    onEpoch: ({ epoch }) => epoch === 3 && controller.abort(),
  });
  await t.throwsAsync(training, { code: 'ABORTED' });
});
