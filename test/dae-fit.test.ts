import { join } from 'node:path';
import test from 'ava';
import { activation } from '../ts/core/activation.js';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import {
  type FitDaeOptions,
  type TrainedComposition,
  type TrainedDae,
  daeMap,
  fineTune,
  fitComposedDae,
  fitDae,
  fitStackedDae,
  readDae,
  trainDae,
  writeDae,
} from '../ts/dae/index.js';
import { normalQuantile } from '../ts/dae/training/noise.js';
import { gaussianMixture, twoMoons } from '../ts/measure/index.js';
import type { Measure } from '../ts/measure/index.js';
import { randomUnits } from '../ts/network/units.js';
import { largestDifference } from './clouds.js';
import { emptyFolder } from './command-line.js';
import { backendNames, exactly, places } from './native.js';

const [backend] = backendNames;

/** Corrupted copies of the points as the noise is defined, by plain loops. */
function corruptedCopies(points: NdArray, { noise, seed, copies = 1 }: FitDaeOptions): number[][] {
  const [n, d] = points.shape;
  const factor = [
    [0.5, 0],
    [0.3, 0.4],
  ];
  return Array.from({ length: copies * n }, (_, i) => {
    const [copy, row] = [Math.floor(i / n) + 1, i % n];
    const z = new Float64Array(d);
    new RandomStream(seed, 'noise', copy).fillNormal(z, row * d);
    return Array.from(z, (value, k) => {
      const x = points.data[row * d + k];
      if (typeof noise === 'number') return x + Math.sqrt(noise) * value;
      if ('masking' in noise) return value < normalQuantile(noise.masking) ? 0 : x;
      return x + factor[k][0] * z[0] + factor[k][1] * z[1];
    });
  });
}

/** |(G + λI)C − S| / |S| and the mean of the residual, with G, S and λ by plain loops over the corrupted copies. */
function residualOf(
  g: TrainedDae,
  points: NdArray,
  options: FitDaeOptions,
): { equations: number; mean: number } {
  const [n, d] = points.shape;
  const { A, b, C, bias, width: m, activation: eta } = g.network;
  const inputs = corruptedCopies(points, options);
  const features = inputs.map((x) =>
    Array.from({ length: m }, (_, j) =>
      eta.value(x.reduce((sum, value, k) => sum + value * A.data[j * d + k], -b.data[j])),
    ),
  );
  const targets = inputs.map((x, i) =>
    x.map((value, k) => points.data[(i % n) * d + k] - (g.residual ? value : 0)),
  );
  const count = inputs.length;
  const meanOf = (rows: number[][], j: number) => rows.reduce((sum, row) => sum + row[j], 0) / count;
  const [h, y] = [features, targets].map((rows) => rows[0].map((_, j) => meanOf(rows, j)));
  const gram = (i: number, j: number) =>
    features.reduce((sum, row) => sum + (row[i] - h[i]) * (row[j] - h[j]), 0) / count;
  const side = (j: number, k: number) =>
    features.reduce((sum, row, i) => sum + (row[j] - h[j]) * (targets[i][k] - y[k]), 0) / count;
  let trace = 0;
  for (let j = 0; j < m; j++) trace += gram(j, j);
  const lambda = (g.regression!.ridge * trace) / m;
  let [error, size, mean] = [0, 0, 0];
  for (let k = 0; k < d; k++) {
    for (let i = 0; i < m; i++) {
      const right = side(i, k);
      let left = lambda * C.data[i * d + k];
      for (let j = 0; j < m; j++) left += gram(i, j) * C.data[j * d + k];
      error += (left - right) ** 2;
      size += right ** 2;
    }
    const fitted = h.reduce((sum, value, j) => sum + value * C.data[j * d + k], bias.data[k]);
    mean = Math.max(mean, Math.abs(fitted - y[k]));
  }
  return { equations: Math.sqrt(error / size), mean };
}

const NOISES: FitDaeOptions['noise'][] = [
  0.3,
  [
    [0.25, 0.15],
    [0.15, 0.25],
  ],
  { masking: 0.3 },
];

for (const place of places) {
  const name = `${place.backend} ${place.dtype}`;
  const precise = place.dtype === 'float64';

  test(`${name}: the output layer solves the normal equations, for every noise`, async (t) => {
    const { points: moons } = twoMoons(23, { dtype: place.dtype, noise: 0.1 });
    const points = { ...moons, data: moons.data.map((value, at) => 2 * value + (at % 2) + 3) };
    for (const [i, noise] of NOISES.entries()) {
      for (const residual of [true, false]) {
        const units = i === 0 ? randomUnits(points, { width: 7, seed: 3 }) : ('pairs' as const);
        const options: FitDaeOptions = {
          ...{ noise, residual, units, width: 7, copies: 5, ridge: 1e-3, seed: 9 },
          activation: i === 1 ? 'step' : 'softplus',
          backend: place.backend,
        };
        const g = await fitDae(points, options);
        t.deepEqual(g.regression, { ridge: 1e-3, copies: 5 });
        t.is(g.reason, 'ridge regression');
        if (typeof units === 'object') {
          const far = Math.max(...units.a.data.map((value, at) => Math.abs(value - g.network.A.data[at])));
          t.true(far < (precise ? 1e-14 : 1e-5), 'units that are given are kept');
        }
        const { equations, mean } = residualOf(g, points, options);
        t.true(equations < (precise ? 1e-10 : 2e-3), `residual ${equations}`);
        t.true(mean < (precise ? 1e-12 : 2e-4), `mean ${mean}`);
        t.is(g.history.length, 1);
      }
    }
  });

  test(`${name}: it is the map that training makes: derivatives, stacks, compositions`, async (t) => {
    const { points } = twoMoons(120, { dtype: place.dtype, noise: 0.1 });
    const call = { backend: place.backend };
    const composed = await fitComposedDae(points, { ...call, width: 20, layers: 3, T: 0.15 });
    const stacked = await fitStackedDae(points, {
      ...call,
      widths: [20, 15, 18],
      noises: [0.05, 0.05, 0.05],
    });
    const trajectory = await composed.trajectory(points, call);
    for (const [l, layer] of composed.layers.entries())
      t.is(largestDifference(await layer.apply(trajectory[l], call), trajectory[l + 1]), 0);
    const decoded = await stacked.trajectory(points, call);
    for (const [layer, g] of stacked.layers.entries()) {
      const features = await stacked.encode(points, { ...call, layer });
      const moved = await stacked.decode(await g.apply(features, call), { ...call, layer });
      // Output weights are larger than those of training, and so is rounding.
      t.true(largestDifference(moved, decoded[layer + 1]) < (precise ? 1e-8 : 5e-2));
    }
    const h = precise ? 1e-5 : 1e-2;
    const v: NdArray = { ...points, data: points.data.map((_, at) => Math.sin(at + 1)) };
    const along = (step: number): NdArray => ({
      ...points,
      data: points.data.map((value, at) => value + step * v.data[at]),
    });
    const single = await fitDae(points, { ...call, width: 20, noise: 0.05, ridge: 1e-4 });
    const [ahead, behind] = [await single.apply(along(h), call), await single.apply(along(-h), call)];
    const slopes = { ...ahead, data: ahead.data.map((value, at) => (value - behind.data[at]) / (2 * h)) };
    const error = largestDifference(await single.jacobianVector(points, v, call), slopes);
    t.true(error < (precise ? 1e-6 : 2e-2), `${error}`);
  });
}

/** Mean over seeds of how far a fitted map is from the posterior mean of the measure, over how far that moves points. */
async function distance(measure: Measure, noise: number, width: number, n = 10_000): Promise<number> {
  const errors = [0, 1, 2].map(async (seed) => {
    const points = await measure.sample(n, { seed: 10 + seed, dtype: 'float32' });
    const g = await fitDae(points, { width, noise, seed });
    const x = await measure.heat(noise / 2).sample(2000, { seed: 20 + seed, dtype: 'float32' });
    const [fitted, exact] = [await g.apply(x), await daeMap(measure, { noise }).apply(x)];
    let [error, size] = [0, 0];
    fitted.data.forEach((value, at) => {
      error += (value - exact.data[at]) ** 2;
      size += (exact.data[at] - x.data[at]) ** 2;
    });
    return Math.sqrt(error / size) / 3;
  });
  return (await Promise.all(errors)).reduce((sum, error) => sum + error, 0);
}

const LINE = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
const PLANE = gaussianMixture({
  weights: [0.5, 0.5],
  means: [
    [-1.5, 0],
    [1.5, 0.5],
  ],
  variances: [0.4, 0.6],
});

exactly('a fitted DAE tends to the posterior mean with width, on the line and in the plane', async (t) => {
  for (const [measure, noise, widths, last] of [
    [LINE, 0.6, [1, 4, 32], 0.1],
    [PLANE, 0.5, [2, 12, 100], 0.12],
  ] as const) {
    const errors: number[] = [];
    for (const width of widths) errors.push(await distance(measure, noise, width));
    t.true(errors[1] < 0.7 * errors[0] && errors[2] < 0.5 * errors[1], errors.join());
    t.true(errors[2] < last, errors.join());
  }
});

exactly('a fitted DAE tends to the posterior mean with points', async (t) => {
  const few = await distance(PLANE, 0.5, 60, 40);
  const many = await distance(PLANE, 0.5, 60, 8000);
  t.true(many < 0.4 * few, `${few}, ${many}`);
});

test('of several ridges the one with the least loss on points held out is taken', async (t) => {
  const { points } = twoMoons(40, { noise: 0.1, dtype: 'float32' });
  const options = { width: 100, noise: 0.02, heldOut: 0.3, copies: 6, seed: 1, backend };
  const ridges = [1e-8, 1e-4, 1e-2, 1];
  const losses: number[] = [];
  for (const ridge of ridges) losses.push((await fitDae(points, { ...options, ridge })).history[0].heldOut!);
  const chosen = await fitDae(points, { ...options, ridge: ridges });
  const best = losses.indexOf(Math.min(...losses));
  t.is(chosen.history[0].heldOut, losses[best]);
  t.true(best > 0, 'with as many units as this, the least penalty fits the points too closely');
  // Without points held out, fresh noise of the points that are fitted judges.
  const { history } = await fitDae(points, { ...options, heldOut: 0, ridge: ridges });
  t.is(history[0].heldOut, undefined);
  t.true(history[0].training > 0);
});

test('a fit is as good as training, and where training can go on from', async (t) => {
  const { points } = twoMoons(300, { noise: 0.1, dtype: 'float32' });
  const fitted = await fitDae(points, { width: 64, noise: 0.05, backend });
  const trained = await trainDae(points, {
    ...{ width: 64, noise: 0.05, epochs: 60, backend },
    earlyStopping: { patience: 60 },
  });
  const least = Math.min(...trained.history.map(({ heldOut }) => heldOut!));
  t.true(fitted.history[0].heldOut! < 1.3 * least, `${fitted.history[0].heldOut}, ${least}`);
  const composed = await fitComposedDae(points, { width: 24, layers: 2, T: 0.1, backend });
  const { dae, history } = await fineTune<TrainedComposition>(composed, points, {
    ...{ noise: 0.1, epochs: 30, backend },
  });
  t.is(dae.layers.length, 2);
  t.true(history[29].training < history[0].training);
  const steps = await fitComposedDae(points, { width: 24, layers: 2, T: 0.1, backend, activation: 'step' });
  await t.throwsAsync(fineTune(steps, points, { noise: 0.1, backend }), { code: 'INVALID_ARGUMENT' });
});

test('a fit is read back as it was written, with its ridge', async (t) => {
  const path = join(emptyFolder(t), 'dae.safetensors');
  const { points } = twoMoons(50, { noise: 0.1, dtype: 'float32' });
  const g = await fitDae(points, { width: 9, noise: 0.05, activation: 'cosine', backend });
  await writeDae(path, g);
  const read = (await readDae(path)) as TrainedDae;
  t.deepEqual(read.regression, g.regression);
  t.is(read.reason, 'ridge regression');
  t.deepEqual(read.history, g.history);
  t.deepEqual((await read.apply(points, { backend })).data, (await g.apply(points, { backend })).data);
});

test('the same seed gives the same bits, another one others; progress only rises', async (t) => {
  const { points } = twoMoons(200, { noise: 0.05, dtype: 'float32' });
  const seen: number[] = [];
  const fit = async (seed: number) =>
    (await fitDae(points, { width: 16, noise: 0.1, seed, backend, onProgress: (part) => seen.push(part) }))
      .network.C.data;
  const first = await fit(1);
  t.is(seen.at(-1), 1);
  t.true(seen.every((part, i) => i === 0 || part >= seen[i - 1]));
  t.deepEqual(await fit(1), first);
  t.notDeepEqual(await fit(2), first);
});

test('what cannot be fitted is said', async (t) => {
  const { points } = twoMoons(50);
  const options: FitDaeOptions = { width: 4, noise: 0.1, copies: 1, backend };
  const units = (rows: number, d: number) => ({
    a: ndarray(Array.from({ length: rows }, () => new Array<number>(d).fill(1))),
    b: ndarray([0, 0]),
  });
  const cases: [Partial<FitDaeOptions> | undefined, string][] = [
    [{ width: 0 }, 'INVALID_ARGUMENT'],
    [{ width: undefined }, 'INVALID_ARGUMENT'],
    [{ noise: -1 }, 'INVALID_ARGUMENT'],
    [{ noise: undefined }, 'INVALID_ARGUMENT'],
    [{ noise: { masking: 0 } }, 'INVALID_ARGUMENT'],
    [{ noise: [[1]] }, 'INVALID_SHAPE'],
    [{ activation: 'swish' as 'relu' }, 'INVALID_ARGUMENT'],
    [{ ridge: -1 }, 'INVALID_ARGUMENT'],
    [{ ridge: [] }, 'INVALID_ARGUMENT'],
    [{ ridge: NaN }, 'INVALID_ARGUMENT'],
    [{ copies: 0 }, 'INVALID_ARGUMENT'],
    [{ copies: 1.5 }, 'INVALID_ARGUMENT'],
    [{ heldOut: 1 }, 'INVALID_ARGUMENT'],
    [{ heldOut: NaN }, 'INVALID_ARGUMENT'],
    [{ units: 'none' as 'pairs' }, 'INVALID_ARGUMENT'],
    [{ units: units(2, 3), width: undefined }, 'INVALID_SHAPE'],
    [{ units: units(3, 2), width: undefined }, 'INVALID_SHAPE'],
    [{ scale: [2, 1] }, 'INVALID_ARGUMENT'],
    [{ width: 2 ** 30 }, 'INVALID_ARGUMENT'],
    [{ signal: AbortSignal.abort() }, 'ABORTED'],
  ];
  for (const [change, code] of cases)
    await t.throwsAsync(fitDae(points, { ...options, ...change }), { code }, JSON.stringify(change));
  const one = ndarray([
    [1, 1],
    [1, 1],
  ]);
  await t.throwsAsync(fitDae(one, options), { code: 'DEGENERATE_CLOUD' });
  await t.throwsAsync(fitDae({ data: Float32Array.of(1, NaN), shape: [2, 1] }, options), {
    code: 'NON_FINITE',
  });
  await t.throwsAsync(fitDae({ data: new Float32Array(0), shape: [0, 2] }, options), { code: 'EMPTY_CLOUD' });
  await t.throwsAsync(fitDae(points, undefined as unknown as FitDaeOptions), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(trainDae(points, undefined as unknown as FitDaeOptions & { width: number }), {
    code: 'INVALID_ARGUMENT',
  });
  await t.throwsAsync(fitStackedDae(points, { widths: [3], noises: [0.1, 0.1], backend }), {
    code: 'INVALID_ARGUMENT',
  });
  await t.throwsAsync(fitComposedDae(points, { width: 3, backend }), { code: 'INVALID_ARGUMENT' });
});

test('an abort stops a fit of endless copies', async (t) => {
  const { points } = twoMoons(500);
  const controller = new AbortController();
  const fit = fitDae(points, {
    ...{ width: 64, noise: 0.1, copies: 1_000_000, backend, signal: controller.signal },
    onProgress: () => controller.abort(),
  });
  await t.throwsAsync(fit, { code: 'ABORTED' });
});

test('activations are those of the formula in a fitted network', async (t) => {
  const { points } = twoMoons(30, { dtype: 'float32' });
  const g = await fitDae(points, {
    width: 5,
    noise: 0.1,
    copies: 2,
    activation: 'gaussian',
    backend,
    residual: true,
  });
  const { A, b, C, bias } = g.network;
  const eta = activation('gaussian');
  const moved = await g.apply(points, { backend });
  points.data.forEach((value, at) => {
    const [i, k] = [Math.floor(at / 2), at % 2];
    let expected = value + bias.data[k];
    for (let j = 0; j < 5; j++) {
      const z = A.data[2 * j] * points.data[2 * i] + A.data[2 * j + 1] * points.data[2 * i + 1] - b.data[j];
      expected += C.data[2 * j + k] * eta.value(z);
    }
    t.true(Math.abs(moved.data[at] - expected) < 1e-2 * (1 + Math.abs(expected)));
  });
});
