import test, { type ExecutionContext } from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  type ComposedDaeOptions,
  type TransportMap,
  composedDae,
  continuousDae,
  daeMap,
  transportCloud,
} from '../ts/dae/index.js';
import {
  type GaussianMixture,
  type Measure,
  empirical,
  gaussian,
  gaussianMixture,
  smoothed,
} from '../ts/measure/index.js';
import { slicedWasserstein } from '../ts/transport/index.js';
import { backends } from './conformance-backends.js';
import {
  cloudOf,
  distance,
  errorCode,
  lineMixture as mixture,
  measureCases,
  rowsOf,
} from './reference/dae-maps.js';
import { squaredDistance } from './reference/kernels.js';
import { identity, randomCovariance, randomWeights } from './reference/mixtures.js';
import { Random } from './reference/random.js';

test('composed layers of a Gaussian have the variances of MATH.md, and each is the DAE of the measure before', async (t) => {
  const row = [[1, 0.591716], [2, 0.526525], [4, 0.477015], [8, 0.443744], [16, 0.423597], [64, 0.406293], [256, 0.401601]]; // prettier-ignore
  for (const [layers, variance] of row) {
    const deep = await composedDae(gaussian({ mean: [0], variance: 1 }), { layers, T: 0.3 });
    const image = await deep.measureAfter(layers);
    t.true(Math.abs((await image.covariance())[0] - variance) < 1e-6);
    const { data } = await deep.apply(ndarray([[1]], undefined, 'float64'));
    t.true(Math.abs(data[0] ** 2 - variance) < 1e-6);
  }
  const random = new Random(1);
  const measure = gaussian({ mean: random.normals(3), covariance: randomCovariance(random, 3) });
  const noises = [0.1, 0.4, 0.2];
  const deep = await composedDae(measure, { noises });
  const x = cloudOf(random, 4, 3);
  let points = x;
  for (const [layer, noise] of noises.entries()) {
    points = await daeMap(await deep.measureAfter(layer), { noise }).apply(points);
  }
  t.true(distance((await deep.apply(x)).data, [...points.data]) < 1e-12);
  t.deepEqual(deep.noises, noises);
});

test('composed maps converge to the continuous one at first order', async (t) => {
  const random = new Random(2);
  const measure = gaussian({ mean: [1, 0, -1], covariance: randomCovariance(random, 3) });
  const T = 0.6 * measure.collapseTime;
  const x = cloudOf(random, 6, 3);
  const limit = [...(await continuousDae(measure, { to: T }).apply(x)).data];
  const gaussianErrors = await errorsOf([32, 64, 128], limit, async (layers) =>
    (await composedDae(measure, { layers, T })).apply(x),
  );
  const points = cloudOf(random, 60, 2);
  const options = { T: 0.1, smoothing: 0.5 };
  const continuous = await transportCloud(points, { ...options, depth: 'continuous', dtype: 'float64' });
  const cloud = smoothed({ points, variance: options.smoothing });
  const cloudErrors = await errorsOf([16, 32, 64], [...continuous.positions.data], async (layers) =>
    (await composedDae(cloud, { layers, T: options.T })).apply(points),
  );
  for (const errors of [gaussianErrors, cloudErrors]) {
    t.true(errors[0] < 0.05);
    errors.slice(1).forEach((error, i) => t.true(Math.abs(errors[i] / error - 2) < 0.1, String(errors)));
  }
});

async function errorsOf(depths: number[], limit: number[], run: (layers: number) => Promise<NdArray>) {
  const errors: number[] = [];
  for (const depth of depths) errors.push(distance((await run(depth)).data, limit));
  return errors;
}

test('a composed smoothed cloud moves its points as transportCloud does, on every backend', async (t) => {
  const points = ndarray(new Random(3).normals(80), [40, 2]);
  const cloud = smoothed({ points, variance: 0.3 });
  for (const { name } of backends) {
    const deep = await composedDae(cloud, { layers: 5, T: 0.2, backend: name });
    const expected = await transportCloud(points, { depth: 5, T: 0.2, smoothing: 0.3, backend: name });
    const moved = await deep.apply(points, { backend: name });
    t.true(distance(moved.data, [...expected.positions.data]) < 2e-6, name);
    const image = (await deep.measureAfter(5)) as GaussianMixture;
    t.deepEqual(image.means.data, expected.positions.data);
    t.is(image.isotropicVariance, expected.smoothing);
  }
});

test('an empirical measure composes to blurring mean shift, by weight', async (t) => {
  const random = new Random(4);
  const points = cloudOf(random, 12, 2);
  const weights = randomWeights(random, 12);
  const noises = [0.3, 0.1, 0.6];
  const deep = await composedDae(empirical({ points, weights }), { noises });
  let rows = rowsOf(points);
  for (const noise of noises) {
    rows = rows.map((x) => {
      const shares = rows.map((y, i) => weights[i] * Math.exp(-squaredDistance(x, y) / (2 * noise)));
      const total = shares.reduce((a, b) => a + b);
      return x.map((_, k) => shares.reduce((sum, share, i) => sum + (share * rows[i][k]) / total, 0));
    });
  }
  t.true(distance((await deep.apply(points)).data, rows.flat()) < 1e-12);
  t.true(distance((await deep.pushforward(points)).points.data, rows.flat()) < 1e-12);
  // A point of weight 2/n is two points.
  const twice = await composedDae(empirical({ points: [[0], [0], [1]] }), { noises });
  const once = await composedDae(empirical({ points: [[0], [1]], weights: [2 / 3, 1 / 3] }), { noises });
  const x = ndarray([[0.2], [0.9]], undefined, 'float64');
  t.true(distance((await twice.apply(x)).data, [...(await once.apply(x)).data]) < 1e-12);
});

test('the smoothing of a weighted cloud contracts by the weighted mean', async (t) => {
  const measure = (points: number[][], weights?: number[]) => smoothed({ points, weights, variance: 0.5 });
  const twice = await composedDae(measure([[0], [0], [1]]), { layers: 3, T: 0.3 });
  const once = await composedDae(measure([[0], [1]], [2 / 3, 1 / 3]), { layers: 3, T: 0.3 });
  const variances = [twice, once].map(
    async (deep) => ((await deep.measureAfter(3)) as GaussianMixture).isotropicVariance!,
  );
  const [a, b] = await Promise.all(variances);
  t.true(Math.abs(a - b) < 1e-12 && a < 0.4);
});

test('a mixture composes by particles, the first layer exactly', async (t) => {
  const x = ndarray([[-2], [-1], [0], [0.5], [1], [2], [3.5]], undefined, 'float64');
  const one = await composedDae(mixture, { layers: 1, T: 0.6 });
  const shallow = await daeMap(mixture, { noise: 0.6 }).apply(x);
  t.deepEqual(await one.apply(x), shallow);
  t.is(await one.measureAfter(0), mixture);

  // The truth: the mixture as atoms on a fine grid, moved layer by layer.
  const nodes = Array.from({ length: 1501 }, (_, i) => -5 + (12.5 * i) / 1500);
  const { logDensity } = await mixture.evaluate(ndarray(nodes, [1501, 1], 'float64'), { logDensity: true });
  const masses = logDensity!.map(Math.exp);
  let [atoms, queries] = [nodes, [...x.data]];
  for (let layer = 0; layer < 4; layer++) {
    const map = (query: number) => {
      const shares = atoms.map((atom, i) => masses[i] * Math.exp(-((query - atom) ** 2) / 0.15));
      const total = shares.reduce((a, b) => a + b);
      return shares.reduce((sum, share, i) => sum + (share * atoms[i]) / total, 0);
    };
    [atoms, queries] = [atoms.map(map), queries.map(map)];
  }
  const options: ComposedDaeOptions = { layers: 4, T: 0.3, samples: 8192, smoothing: 0.1, seed: 1 };
  const deep = await composedDae(mixture, options);
  const { data } = await deep.apply(x);
  data.forEach((value, i) => t.true(Math.abs(value - queries[i]) < 0.05, `${value} for ${queries[i]}`));
  const whole = await daeMap(mixture, { noise: 0.3 }).apply(x);
  t.true(queries.some((value, i) => Math.abs(value - whole.data[i]) > 0.1));
  t.deepEqual(await (await composedDae(mixture, options)).apply(x), { data, shape: [7, 1] });
});

test('Jacobians of deep maps are derivatives of the map', async (t) => {
  const d = 2;
  const random = new Random(6);
  const x = cloudOf(random, 5, d);
  for (const { name, measure } of measureCases(random, d)) {
    const noises = [0.1, 0.2];
    const deep = await composedDae(measure, { noises, samples: name === 'mixture' ? 200 : undefined });
    await checkJacobian(t, deep, x, `${name}, composed`);
    if (name === 'empirical') continue;
    await checkJacobian(
      t,
      continuousDae(measure, { to: 0.5 * measure.collapseTime }),
      x,
      `${name}, continuous`,
    );
  }
});

async function checkJacobian(t: ExecutionContext, map: TransportMap, x: NdArray, what: string) {
  const d = map.dimension;
  const step = 1e-4;
  for (const [k, axis] of identity(d).entries()) {
    const v = ndarray(Array.from({ length: x.shape[0] }, () => axis).flat(), x.shape, 'float64');
    const moved = (sign: number) =>
      map.apply({ data: x.data.map((value, at) => value + sign * step * v.data[at]), shape: x.shape });
    const [up, down] = [await moved(1), await moved(-1)];
    const slopes = Array.from(up.data, (value, at) => (value - down.data[at]) / (2 * step));
    t.true(distance((await map.jacobianVector(x, v)).data, slopes) < 1e-5, `${what}, axis ${k}`);
  }
}

test('samples are pushed to the measure that the theory says', async (t) => {
  const random = new Random(7);
  const n = 4000;
  const one = gaussian({ mean: [1, -1, 0], covariance: randomCovariance(random, 3) });
  const deep = await composedDae(one, { layers: 4, T: 1 });
  const pairs: [TransportMap, Measure, Measure][] = [
    [deep, one, await deep.measureAfter(4)],
    ...[
      one,
      gaussianMixture({
        means: [
          [0, 2],
          [3, 0],
        ],
        variances: [0.5, 0.9],
      }),
    ].map((measure): [TransportMap, Measure, Measure] => {
      // prettier-ignore
      const flow = continuousDae(measure, { to: 0.7 * measure.collapseTime });
      return [flow, measure, flow.measureAt(flow.to)];
    }),
  ];
  for (const [map, from, to] of pairs) {
    const options = { dtype: 'float64' } as const;
    const samples = await from.sample(n, { ...options, seed: 1 });
    const moved = await map.apply(samples);
    const [a, b] = [await to.sample(n, { ...options, seed: 2 }), await to.sample(n, { ...options, seed: 3 })];
    const noise = (await slicedWasserstein(a, b)).value;
    t.true((await slicedWasserstein(moved, a)).value < 1.5 * noise);
    t.true((await slicedWasserstein(samples, a)).value > 2 * noise);
  }
});

test('float32 and float64, and all backends, agree', async (t) => {
  const random = new Random(8);
  for (const { name, measure } of measureCases(random, 3, 'float32')) {
    const x = ndarray(random.normals(15), [5, 3]);
    const build = async (options: object): Promise<TransportMap[]> => {
      const composed = await composedDae(measure, { layers: 3, T: 0.3, samples: name === 'mixture' ? 300 : undefined, ...options }); // prettier-ignore
      return name === 'empirical' ? [composed] : [composed, continuousDae(measure, { to: 0.6 * measure.collapseTime })]; // prettier-ignore
    };
    const exact = await build({ dtype: 'float64' });
    for (const { name: backend } of backends) {
      const maps = await build({ dtype: 'float32', backend });
      for (const [i, map] of maps.entries()) {
        const expected = await exact[i].apply(x, { dtype: 'float64' });
        const actual = await map.apply(x, { backend });
        t.true(actual.data instanceof Float32Array);
        const error = distance(actual.data, [...expected.data]);
        t.true(error < 1e-4, `${name}, ${backend}, map ${i}: ${error}`);
      }
    }
  }
});

test('progress rises to 1, and aborts stop the work', async (t) => {
  const points = cloudOf(new Random(9), 3000, 2);
  const cloud = smoothed({ points, variance: 0.3 });
  const fractions: number[] = [];
  const deep = await composedDae(cloud, { layers: 3, T: 0.1, onProgress: (f) => fractions.push(f) });
  await deep.apply(points, { onProgress: (f) => fractions.push(1 + f) });
  t.deepEqual(fractions, [...fractions].sort((a, b) => a - b)); // prettier-ignore
  t.true(fractions.includes(1) && fractions.at(-1) === 2);
  const signal = AbortSignal.abort();
  const attempts = [
    () => composedDae(cloud, { layers: 3, T: 0.1, signal }),
    () => composedDae(mixture, { layers: 3, T: 0.1, signal }),
    () => deep.apply(points, { signal }),
    () => continuousDae(cloud, { to: 0.1 }).apply(points, { signal }),
  ];
  for (const attempt of attempts) {
    const error = await t.throwsAsync<RidgeflowError>(attempt, { instanceOf: RidgeflowError });
    t.is(error?.code, 'ABORTED');
  }
});

test('bad input to composed maps is refused', async (t) => {
  const one = gaussian({ mean: [0, 0], variance: [0.5, 2] });
  const points = ndarray([[0, 0], [1, 1]], undefined, 'float64'); // prettier-ignore
  const refused: [Measure, object | undefined, ErrorCode][] = [
    [one, undefined, 'INVALID_ARGUMENT'],
    [one, {}, 'INVALID_ARGUMENT'],
    [one, { layers: 0, T: 1 }, 'INVALID_ARGUMENT'],
    [one, { layers: 1.5, T: 1 }, 'INVALID_ARGUMENT'],
    [one, { layers: 2 }, 'INVALID_ARGUMENT'],
    [one, { layers: 2, T: -1 }, 'INVALID_ARGUMENT'],
    [one, { layers: 2, T: 1, noises: [1] }, 'INVALID_ARGUMENT'],
    [one, { noises: [] }, 'INVALID_ARGUMENT'],
    [one, { noises: [0.1, 0] }, 'INVALID_ARGUMENT'],
    [one, { noises: 3 }, 'INVALID_ARGUMENT'],
    [mixture, { layers: 2, T: 1, samples: 0 }, 'INVALID_ARGUMENT'],
    [mixture, { layers: 2, T: 1, smoothing: 0.5 }, 'INVALID_ARGUMENT'],
    [mixture, { layers: 2, T: 1, smoothing: 0 }, 'INVALID_ARGUMENT'],
    [empirical({ points }), { layers: 2, T: 1, samples: 10 }, 'UNSUPPORTED'],
    [null as unknown as Measure, { layers: 2, T: 1 }, 'INVALID_ARGUMENT'],
  ];
  for (const [measure, options, code] of refused) {
    const error = await t.throwsAsync(composedDae(measure, options as ComposedDaeOptions));
    t.is(errorCode(error), code, error?.message);
  }
  const deep = await composedDae(gaussian({ mean: [0, 0], covariance: [[1, 0.2], [0.2, 2]] }), { layers: 9, T: 1e6 }); // prettier-ignore
  t.is(errorCode(await t.throwsAsync(deep.measureAfter(9))), 'COLLAPSED');
  t.is(errorCode(await t.throwsAsync(deep.measureAfter(10))), 'INVALID_ARGUMENT');
  t.true((await deep.apply(points)).data.every((value) => Math.abs(value) < 1e-6));
});
