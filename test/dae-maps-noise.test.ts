import test from 'ava';
import { Matrix } from 'ml-matrix';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  type NoiseDensity,
  daeMap,
  laplaceNoise,
  noiseFromDensity,
  uniformBallNoise,
} from '../ts/dae/index.js';
import { empirical } from '../ts/measure/index.js';
import { combinations } from './conformance-backends.js';
import { distance, errorCode, rounded, rowsOf } from './reference/dae-maps.js';
import { dot, squaredDistance } from './reference/kernels.js';
import { identity, randomWeights } from './reference/mixtures.js';
import { Random } from './reference/random.js';

/** Student's t in any dimension with 3 degrees of freedom, without its constant. */
const studentNoise = noiseFromDensity({
  name: "Student's t noise",
  logDensity: (differences) => {
    const rows = rowsOf(differences);
    return rows.map((row) => -((3 + row.length) / 2) * Math.log1p(dot(row, row) / 3));
  },
  score: async (differences) =>
    rowsOf(differences).flatMap((row) =>
      row.map((value) => (-(3 + row.length) * value) / (3 + dot(row, row))),
    ),
});

/** Densities by their definitions. */
const cases: { noise: NoiseDensity; density: (difference: number[]) => number }[] = [
  {
    noise: laplaceNoise({ scale: 0.8 }),
    density: (e) => Math.exp(-e.reduce((sum, value) => sum + Math.abs(value), 0) / 0.8),
  },
  {
    noise: uniformBallNoise({ radius: 6 }),
    density: (e) => (Math.hypot(...e) <= 6 ? 1 : 0),
  },
  { noise: studentNoise, density: (e) => (1 + dot(e, e) / 3) ** (-(3 + e.length) / 2) },
];

function someRows(random: Random, n: number, d: number): number[][] {
  return Array.from({ length: n }, () => random.normals(d));
}

for (const { kernels, dtype, title } of combinations) {
  test(`${title}: maps for any density are ratios of sums over the points`, async (t) => {
    for (const d of [1, 2, 3, 10]) {
      const random = new Random(d);
      const [cloud, centres] = rounded(someRows(random, 17, d), dtype);
      const [x, points] = rounded(someRows(random, 5, d), dtype);
      const weights = randomWeights(random, 17);
      for (const { noise, density } of cases) {
        const expected = points.flatMap((point) => {
          const shares = centres.map((c, i) => weights[i] * density(point.map((value, k) => value - c[k])));
          const total = shares.reduce((a, b) => a + b);
          return point.map(
            (_, k) => shares.reduce((sum, share, i) => sum + share * centres[i][k], 0) / total,
          );
        });
        const g = daeMap(empirical({ points: cloud, weights }), { noise });
        const { data } = await g.apply(x, { backend: kernels.name });
        t.is(data.constructor, x.data.constructor);
        const error = distance(data, expected);
        t.true(error < (dtype === 'float64' ? 1e-12 : 1e-6), `${noise.name}, d = ${d}: off by ${error}`);
      }
    }
  });
}

test('the map of points on a fine grid is that of the density they stand for', async (t) => {
  // N(0, 1) and Laplace noise of scale b by the trapezoidal rule, against the integral in closed form by erfc.
  const nodes = Array.from({ length: 4001 }, (_, i) => -10 + i / 200);
  const masses = nodes.map((y) => Math.exp((-y * y) / 2));
  const total = masses.reduce((a, b) => a + b);
  const measure = empirical({ points: nodes, weights: masses.map((mass) => mass / total) });
  const b = 0.7;
  const x = ndarray([[0.3], [-1.4], [2.5]], undefined, 'float64');
  const { data } = await daeMap(measure, { noise: laplaceNoise({ scale: b }) }).apply(x);
  // e^{∓(x−y)/b} times N(y; 0, 1) is N(y; ±1/b, 1) up to a factor: two truncated normals.
  rowsOf(x).forEach(([value], i) => {
    const left = piece(-Infinity, value, 1 / b, Math.exp(-value / b));
    const right = piece(value, Infinity, -1 / b, Math.exp(value / b));
    const expected = (left.first + right.first) / (left.mass + right.mass);
    t.true(Math.abs(data[i] - expected) < 1e-5);
  });
});

/** Mass and first moment of scale · N(mean, 1) on an interval, by Simpson's rule. */
function piece(from: number, to: number, mean: number, scale: number): { mass: number; first: number } {
  const [a, b] = [Math.max(from, mean - 9), Math.min(to, mean + 9)];
  let [mass, first] = [0, 0];
  const n = 4000;
  for (let i = 0; i <= n; i++) {
    const y = a + ((b - a) * i) / n;
    const weight = i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2;
    const value = weight * scale * Math.exp(-((y - mean) ** 2) / 2);
    mass += value;
    first += value * y;
  }
  return { mass: mass * (b - a), first: first * (b - a) };
}

test('a Gaussian density is Gaussian noise, Jacobian and divergence included', async (t) => {
  const random = new Random(3);
  const variance = 0.4;
  // Far from the origin, and weighted.
  const rows = someRows(random, 40, 3).map((row) => row.map((value) => value + 1000));
  const measure = empirical({
    points: ndarray(rows, undefined, 'float64'),
    weights: randomWeights(random, 40),
  });
  const noise = noiseFromDensity({
    dimension: 3,
    logDensity: (differences) => rowsOf(differences).map((row) => -dot(row, row) / (2 * variance)),
    score: ({ data }) => data.map((value) => -value / variance),
  });
  const x = ndarray(rows.slice(0, 4).map((row) => row.map((value) => value + 0.1)), undefined, 'float64'); // prettier-ignore
  const v = ndarray(someRows(random, 4, 3), undefined, 'float64');
  const [a, b] = [daeMap(measure, { noise }), daeMap(measure, { noise: variance })];
  t.true(distance((await a.apply(x)).data, [...(await b.apply(x)).data]) < 1e-12);
  t.true(distance((await a.jacobianVector(x, v)).data, [...(await b.jacobianVector(x, v)).data]) < 1e-9);
  t.true(distance(await a.divergence(x), [...(await b.divergence(x))]) < 1e-9);
});

test('Jacobians and divergences are those of the map', async (t) => {
  const d = 2;
  const random = new Random(4);
  const points = ndarray(someRows(random, 25, d), undefined, 'float64');
  const x = ndarray(someRows(random, 5, d), undefined, 'float64');
  for (const { noise } of cases) {
    const g = daeMap(empirical({ points }), { noise });
    const sums = new Float64Array(5);
    for (const [k, axis] of identity(d).entries()) {
      const step = 1e-6;
      const moved = (sign: number) =>
        g.apply(ndarray(x.data.map((value, at) => value + (at % d === k ? sign * step : 0)), x.shape)); // prettier-ignore
      const [up, down] = [await moved(1), await moved(-1)];
      const slopes = new Matrix(rowsOf(up)).sub(new Matrix(rowsOf(down))).div(2 * step);
      const v = ndarray(Array.from({ length: 5 }, () => axis), undefined, 'float64'); // prettier-ignore
      const jacobian = await g.jacobianVector(x, v);
      jacobian.data.forEach((value, at) =>
        t.true(Math.abs(value - slopes.to1DArray()[at]) < 1e-6, noise.name),
      );
      slopes.getColumn(k).forEach((value, i) => (sums[i] += value));
    }
    (await g.divergence(x)).forEach((value, i) => t.true(Math.abs(value - sums[i]) < 1e-6, noise.name));
  }
});

test('many points and rows pass through in tiles, with progress and in time', async (t) => {
  const random = new Random(6);
  const points = ndarray(someRows(random, 40_000, 1), undefined, 'float64');
  const x = ndarray([[0], [1]], undefined, 'float64');
  const noise = uniformBallNoise({ radius: 0.5 });
  const largest: number[] = [];
  const watched = noiseFromDensity({
    logDensity: (differences: NdArray) => {
      largest.push(differences.shape[0]);
      return noise.logDensity(differences);
    },
  });
  const { data } = await daeMap(empirical({ points }), { noise: watched }).apply(x);
  rowsOf(x).forEach((row, i) => {
    const near = rowsOf(points).filter((point) => squaredDistance(point, row) <= 0.25);
    t.true(Math.abs(data[i] - near.reduce((sum, [y]) => sum + y, 0) / near.length) < 1e-12);
  });
  t.true(Math.max(...largest) <= 2 ** 15 && largest.length === 4);

  const controller = new AbortController();
  const fractions: number[] = [];
  const run = daeMap(empirical({ points }), { noise }).apply(points, {
    signal: controller.signal,
    onProgress: (fraction) => {
      fractions.push(fraction);
      controller.abort();
    },
  });
  const error = await t.throwsAsync<RidgeflowError>(run, { instanceOf: RidgeflowError });
  t.is(error?.code, 'ABORTED');
  t.true(fractions[0] > 0 && fractions[0] < 1);
});

test('an abort does not wait for a density of the user', async (t) => {
  const controller = new AbortController();
  const stuck = noiseFromDensity({
    logDensity: () => {
      setImmediate(() => controller.abort());
      return new Promise(() => undefined);
    },
  });
  const points = ndarray([[0], [1]], undefined, 'float64');
  const work = daeMap(empirical({ points }), { noise: stuck }).apply(points, { signal: controller.signal });
  await t.throwsAsync(work, { code: 'ABORTED' });
});

test('bad noise is refused', async (t) => {
  for (const value of [0, -1, NaN, Infinity, '1']) {
    t.is(errorCode(t.throws(() => laplaceNoise({ scale: value as number }))), 'INVALID_ARGUMENT');
    t.is(errorCode(t.throws(() => uniformBallNoise({ radius: value as number }))), 'INVALID_ARGUMENT');
  }
  const log = () => [0];
  for (const density of [
    undefined,
    {},
    { logDensity: 1 },
    { logDensity: log, score: 1 },
    { logDensity: log, dimension: 0 },
  ]) {
    // prettier-ignore
    t.is(errorCode(t.throws(() => noiseFromDensity(density as never))), 'INVALID_ARGUMENT');
  }
  const points = ndarray([[0, 0], [1, 1]], undefined, 'float64'); // prettier-ignore
  const measure = empirical({ points });
  t.is(
    errorCode(
      t.throws(() => daeMap(measure, { noise: noiseFromDensity({ dimension: 3, logDensity: log }) })),
    ),
    'INVALID_SHAPE',
  );

  const density = (logDensity: NoiseDensity['logDensity'], score?: NoiseDensity['score']) =>
    daeMap(measure, { noise: noiseFromDensity({ logDensity, score }) });
  const flat = () => [0, 0];
  const failures: [() => Promise<unknown>, ErrorCode, Record<string, unknown>?][] = [
    [() => daeMap(measure, { noise: uniformBallNoise({ radius: 2 }) }).apply(ndarray([[0, 0], [9, 9]])), 'DEGENERATE_CLOUD', { row: 1 }], // prettier-ignore
    [() => density(() => [0, NaN]).apply(points), 'NON_FINITE', { row: 0, point: 1 }],
    [() => density(() => [Infinity, 0]).apply(points), 'NON_FINITE', { row: 0, point: 0 }],
    [() => density(() => [0]).apply(points), 'INVALID_SHAPE'],
    [() => density(() => undefined as never).apply(points), 'INVALID_SHAPE'],
    [() => density(flat).jacobianVector(points, points), 'UNSUPPORTED'],
    [() => density(flat).divergence(points), 'UNSUPPORTED'],
    [() => density(flat).potential(points), 'UNSUPPORTED'],
    [() => density(flat, () => [0, 0, 0]).divergence(points), 'INVALID_SHAPE'],
    [() => density(flat, () => [0, NaN, 0, 0]).divergence(points), 'NON_FINITE'],
    [() => density(flat, () => [0, NaN, 0, 0]).jacobianVector(points, points), 'NON_FINITE'],
  ];
  for (const [call, code, details] of failures) {
    const error = await t.throwsAsync<RidgeflowError>(call, { instanceOf: RidgeflowError });
    t.is(error?.code, code, error?.message);
    if (details) t.deepEqual(error?.details, details);
  }
});
