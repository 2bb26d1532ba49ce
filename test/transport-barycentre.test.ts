import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import {
  displacementInterpolation,
  exactTransport,
  fixedSupportBarycentre,
  freeSupportBarycentre,
  interpolateAlongMap,
} from '../ts/transport/index.js';
import { backendNames, exactly } from './native.js';

function normals(n: number, d: number, seed: number, shift = 0): NdArray & { data: Float64Array } {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data: data.map((v) => v + shift), shape: [n, d] };
}

const moved = (cloud: NdArray, by: number[]): NdArray => {
  const data = Float64Array.from(cloud.data, (v, i) => v + by[i % by.length]);
  return { data, shape: cloud.shape };
};

exactly('displacement interpolation is a geodesic of constant speed', async (t) => {
  const [a, b] = [normals(30, 2, 1), normals(20, 2, 2, 3)];
  const { cost, plan } = await exactTransport(a, b);
  const whole = Math.sqrt(cost);
  const at = (s: number) => displacementInterpolation(a, b, s, plan);
  const distance = async (s: number, u: number) => {
    const [from, to] = [at(s), at(u)];
    const options = { weightsA: from.weights, weightsB: to.weights };
    return Math.sqrt((await exactTransport(from.points, to.points, options)).cost);
  };
  for (const [s, u] of [
    [0, 1],
    [0, 0.25],
    [0.3, 0.8],
  ]) {
    t.true(Math.abs((await distance(s, u)) - (u - s) * whole) < 1e-9);
  }
  t.true(Math.abs(at(0.5).weights.reduce((sum, w) => sum + w, 0) - 1) < 1e-12);
  const image = moved(a, [2, -1]);
  t.deepEqual(interpolateAlongMap(a, image, 1), image);
  const middle = interpolateAlongMap(a, image, 0.5);
  middle.data.forEach((v, i) => t.true(Math.abs(v - a.data[i] - (i % 2 ? -0.5 : 1)) < 1e-14));
});

exactly('the barycentre of shifted copies is the copy at the mean shift', async (t) => {
  const cloud = normals(40, 2, 3);
  const clouds = [moved(cloud, [5, 0]), moved(cloud, [0, 5]), moved(cloud, [-5, -8])];
  const weights = [0.5, 0.3, 0.2];
  const { points, objective, converged } = await freeSupportBarycentre(clouds, { weights, initial: cloud });
  t.true(converged);
  const expected = moved(cloud, [1.5, -0.1]);
  points.data.forEach((v, i) => t.true(Math.abs(v - expected.data[i]) < 1e-9));
  const spread = [
    [5, 0],
    [0, 5],
    [-5, -8],
  ].reduce((sum, [x, y], s) => sum + weights[s] * ((x - 1.5) ** 2 + (y + 0.1) ** 2), 0);
  t.true(Math.abs((await objectiveOf(points, clouds, weights)) - spread) < 1e-9);
  t.true(objective >= spread - 1e-9);
});

async function objectiveOf(points: NdArray, clouds: NdArray[], weights: number[]): Promise<number> {
  let sum = 0;
  for (const [s, cloud] of clouds.entries()) sum += weights[s] * (await exactTransport(points, cloud)).cost;
  return sum;
}

exactly('on the line the barycentre averages quantiles, from any start and for any sizes', async (t) => {
  const [a, b] = [normals(24, 1, 4), normals(48, 1, 5, 2)];
  const { points } = await freeSupportBarycentre([a, b], { weights: [0.25, 0.75], initial: 24, seed: 3 });
  const sorted = (data: ArrayLike<number>) => Float64Array.from(data).sort();
  const [x, y] = [sorted(a.data), sorted(b.data)];
  sorted(points.data).forEach((v, i) => {
    t.true(Math.abs(v - (0.25 * x[i] + (0.75 * (y[2 * i] + y[2 * i + 1])) / 2)) < 1e-9);
  });
});

exactly('the objective falls with iterations, also with entropic plans', async (t) => {
  const clouds = [normals(30, 2, 6), normals(40, 2, 7, 2), normals(25, 2, 8, -2)];
  for (const epsilon of [undefined, 0.05]) {
    const at = async (maximumIterations: number) => {
      const options = { maximumIterations, tolerance: 1e-12, initial: 20, seed: 1, epsilon };
      return objectiveOf((await freeSupportBarycentre(clouds, options)).points, clouds, [
        1 / 3,
        1 / 3,
        1 / 3,
      ]);
    };
    const [one, three, ten] = [await at(1), await at(3), await at(10)];
    t.true(one >= three - 1e-9 && three >= ten - (epsilon ? 1e-3 : 1e-9), `${one}, ${three}, ${ten}`);
  }
});

const grid = (n: number, dtype: 'float32' | 'float64' = 'float64') =>
  ndarray(
    Array.from({ length: n }, (_, i) => i / (n - 1)),
    [n, 1],
    dtype,
  );
function bump(n: number, centre: number, deviation: number): Float64Array {
  const values = Float64Array.from({ length: n }, (_, i) =>
    Math.exp(-((i / (n - 1) - centre) ** 2) / (2 * deviation ** 2)),
  );
  const sum = values.reduce((total, v) => total + v, 0);
  return values.map((v) => v / sum);
}
function moments(masses: Float64Array): { mean: number; deviation: number } {
  const n = masses.length;
  const mean = masses.reduce((sum, w, i) => sum + (w * i) / (n - 1), 0);
  const variance = masses.reduce((sum, w, i) => sum + w * (i / (n - 1) - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(variance) };
}

for (const backend of backendNames) {
  test(`${backend}: on fixed sites the barycentre of bumps has their mean place and width`, async (t) => {
    const n = 80;
    const measures = [bump(n, 0.3, 0.04), bump(n, 0.7, 0.08)];
    const sites = grid(n, 'float32');
    const epsilon = 0.002;
    const call = { backend, epsilon, weights: [0.25, 0.75], tolerance: 1e-5 };
    // Debiased, the barycentre of Gaussians averages their deviations; by counting each is blurred by ε/2 first, and of
    // OT_ε itself the barycentre is the sharper.
    const sharp = await fixedSupportBarycentre(sites, measures, { ...call, debiased: true });
    const { mean, deviation } = moments(sharp.masses);
    t.true(sharp.converged);
    t.true(Math.abs(mean - 0.6) < 2e-3, `${mean}`);
    t.true(Math.abs(deviation - 0.07) < 1.5e-3, `${deviation}`);
    const blurred = await fixedSupportBarycentre(sites, measures, { ...call, reference: 'counting' });
    t.true(Math.abs(blurred.masses.reduce((sum, w) => sum + w, 0) - 1) < 1e-9);
    const wide = moments(blurred.masses);
    t.true(Math.abs(wide.mean - 0.6) < 2e-3 && wide.deviation > deviation + 1e-3);
    const own = moments((await fixedSupportBarycentre(sites, measures, { ...call, tolerance: 1e-3 })).masses);
    t.true(Math.abs(own.mean - 0.6) < 5e-3 && own.deviation < deviation - 1e-3);
  });
}

exactly('the debiased barycentre of one measure is the measure', async (t) => {
  const measure = bump(60, 0.4, 0.06);
  const { masses } = await fixedSupportBarycentre(grid(60), [measure], {
    epsilon: 0.003,
    debiased: true,
    tolerance: 1e-9,
    maximumIterations: 5000,
  });
  t.true(masses.reduce((sum, w, i) => sum + Math.abs(w - measure[i]), 0) < 0.01);
});

test('bad input is refused with its code', async (t) => {
  const [a, b] = [
    ndarray([
      [0, 1],
      [2, 3],
    ]),
    ndarray([
      [1, 1],
      [4, 3],
    ]),
  ];
  const plan = { rows: Int32Array.of(0, 1), columns: Int32Array.of(0, 1), masses: Float64Array.of(0.5, 0.5) };
  const refuse = (code: string, call: () => unknown) => t.throws(call, { code });
  for (const time of [-0.1, 1.1, NaN])
    refuse('INVALID_ARGUMENT', () => displacementInterpolation(a, b, time, plan));
  refuse('INVALID_ARGUMENT', () =>
    displacementInterpolation(a, b, 0.5, { ...plan, rows: Int32Array.of(0, 2) }),
  );
  refuse('INVALID_ARGUMENT', () => displacementInterpolation(a, b, 0.5, { ...plan, rows: Int32Array.of(0) }));
  refuse('INVALID_ARGUMENT', () => displacementInterpolation(a, b, 0.5, undefined as never));
  refuse('INVALID_SHAPE', () => displacementInterpolation(a, ndarray([[1], [2]]), 0.5, plan));
  refuse('INVALID_SHAPE', () => interpolateAlongMap(a, ndarray([[1, 2]]), 0.5));
  const rejects = (code: string, call: Promise<unknown>) => t.throwsAsync(call, { code });
  await rejects('EMPTY_CLOUD', freeSupportBarycentre([]));
  await rejects('INVALID_ARGUMENT', freeSupportBarycentre(a as never));
  await rejects('INVALID_SHAPE', freeSupportBarycentre([a, ndarray([[1], [2]])]));
  await rejects('INVALID_ARGUMENT', freeSupportBarycentre([a, b], { weights: [0.4, 0.4] }));
  await rejects('INVALID_ARGUMENT', freeSupportBarycentre([a, b], { initial: 0 }));
  await rejects('INVALID_ARGUMENT', freeSupportBarycentre([a, b], { epsilon: -1 }));
  await rejects('INVALID_ARGUMENT', freeSupportBarycentre([a, b], { pointWeights: [[0.5, 0.5]] }));
  await rejects(
    'NON_FINITE',
    freeSupportBarycentre([
      a,
      ndarray([
        [NaN, 1],
        [0, 1],
      ]),
    ]),
  );
  await rejects('ABORTED', freeSupportBarycentre([a, b], { signal: AbortSignal.abort() }));
  const options = { epsilon: 0.1 };
  await rejects('EMPTY_CLOUD', fixedSupportBarycentre(a, [], options));
  await rejects('INVALID_SHAPE', fixedSupportBarycentre(a, [[0.5, 0.25, 0.25]], options));
  await rejects('INVALID_ARGUMENT', fixedSupportBarycentre(a, [[0.5, 0.6]], options));
  await rejects('INVALID_ARGUMENT', fixedSupportBarycentre(a, [[1.5, -0.5]], options));
  await rejects('INVALID_ARGUMENT', fixedSupportBarycentre(a, [[0.5, 0.5]], { epsilon: 0 }));
  await rejects(
    'ABORTED',
    fixedSupportBarycentre(a, [[0.5, 0.5]], { ...options, signal: AbortSignal.abort() }),
  );
});
