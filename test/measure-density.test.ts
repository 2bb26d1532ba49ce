import test from 'ava';
import { type FloatData, type NdArray, ndarray } from '../ts/core/array.js';
import { gaussian, gaussianMixture, smoothed, type Measure } from '../ts/measure/index.js';
import { backends, combinations } from './conformance-backends.js';
import { dot } from './reference/kernels.js';
import {
  type Component,
  diagonal,
  identity,
  randomCovariance,
  randomWeights,
  referenceDensity,
} from './reference/mixtures.js';
import { Random } from './reference/random.js';

const DIMENSIONS = [1, 2, 3, 10, 100];
const WANT_ALL = { logDensity: true, score: true, divergence: true };

interface Case {
  name: string;
  measure: Measure;
  components: Component[];
}

/** A measure of every kind, with the components that define it. */
function cases(d: number): Case[] {
  const random = new Random(d);
  const place = () => random.normals(d).map((value) => 2 * value);
  const places = (count: number) => Array.from({ length: count }, place);
  const variance = () => 0.5 + random.uniform();
  const variances = (count: number) => Array.from({ length: count }, variance);
  const mixture = (means: number[][], weights: number[], covariances: number[][][]) =>
    means.map((mean, k) => ({ weight: weights[k], mean, covariance: covariances[k] }));
  const single = (mean: number[], covariance: number[][]) => [{ weight: 1, mean, covariance }];

  const [mean] = places(1);
  const covariance = randomCovariance(random, d);
  const axes = variances(d);
  const means = places(4);
  const weights = randomWeights(random, 4);
  const covariances = means.map(() => randomCovariance(random, d));
  const diagonals = means.map(() => variances(d));
  const points = places(40);
  const shares = randomWeights(random, 40);
  return [
    { name: 'full', measure: gaussian({ mean, covariance }), components: single(mean, covariance) },
    {
      name: 'diagonal',
      measure: gaussian({ mean, standardDeviations: axes.map(Math.sqrt) }),
      components: single(mean, diagonal(axes)),
    },
    {
      name: 'isotropic',
      measure: gaussian({ mean, variance: 0.7 }),
      components: single(mean, identity(d, 0.7)),
    },
    {
      name: 'mixture of full',
      measure: gaussianMixture({ weights, means, covariances }),
      components: mixture(means, weights, covariances),
    },
    {
      name: 'mixture of one covariance',
      measure: gaussianMixture({ means, covariances: ndarray(covariance, undefined, 'float64') }),
      components: mixture(means, [0.25, 0.25, 0.25, 0.25], [covariance, covariance, covariance, covariance]),
    },
    {
      name: 'mixture of diagonal',
      measure: gaussianMixture({ weights, means, variances: diagonals }),
      components: mixture(means, weights, diagonals.map(diagonal)),
    },
    {
      name: 'mixture of isotropic, two alike',
      measure: gaussianMixture({ weights, means, variances: [0.5, 0.9, 0.5, 2] }),
      components: mixture(
        means,
        weights,
        [0.5, 0.9, 0.5, 2].map((value) => identity(d, value)),
      ),
    },
    {
      name: 'smoothed cloud',
      measure: smoothed({ points, weights: shares, variance: 0.6 }),
      components: mixture(
        points,
        shares,
        points.map(() => identity(d, 0.6)),
      ),
    },
  ];
}

/** The largest difference, relative to the largest expected value. */
function distance(actual: FloatData, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i] - value))) / scale;
}

function rounded(values: readonly number[][], dtype: 'float32' | 'float64'): [NdArray, number[][]] {
  const array = ndarray(values, undefined, dtype);
  const d = values[0].length;
  return [array, values.map((_, i) => Array.from(array.data.subarray(i * d, (i + 1) * d)))];
}

test('the reference derivatives are those of the reference density', (t) => {
  for (const { components } of cases(3)) {
    const x = [0.3, -0.8, 1.1];
    const [{ score, hessian }] = referenceDensity(components, [x]);
    const step = 1e-4;
    for (let k = 0; k < 3; k++) {
      const moved = [1, -1].map((sign) => x.map((value, l) => (l === k ? value + sign * step : value)));
      const [up, down] = referenceDensity(components, moved);
      t.true(Math.abs((up.logDensity - down.logDensity) / (2 * step) - score[k]) < 1e-6);
      t.true(up.score.every((s, l) => Math.abs((s - down.score[l]) / (2 * step) - hessian[k][l]) < 1e-6));
    }
  }
});

for (const { kernels, dtype, title } of combinations) {
  const tolerance = dtype === 'float64' ? 1e-11 : 1e-4;
  test(`${title}: densities, scores, divergences and Hessians are those of their definition`, async (t) => {
    for (const d of DIMENSIONS) {
      const random = new Random(1000 + d);
      const raw = Array.from({ length: 7 }, () => random.normals(d).map((value) => 2 * value));
      const [x, points] = rounded(raw, dtype);
      const [v, vectors] = rounded(
        points.map(() => random.normals(d)),
        dtype,
      );
      const options = { backend: kernels.name };
      for (const { name, measure, components } of cases(d)) {
        const expected = referenceDensity(components, points);
        const { logDensity, score, divergence } = await measure.evaluate(x, WANT_ALL, options);
        const product = await measure.hessianVector(x, v, options);
        const errors = {
          logDensity: distance(
            logDensity!,
            expected.map((e) => e.logDensity),
          ),
          score: distance(
            score!.data,
            expected.flatMap((e) => e.score),
          ),
          divergence: distance(
            divergence!,
            expected.map((e) => e.divergence),
          ),
          hessianVector: distance(
            product.data,
            expected.flatMap((e, i) => e.hessian.map((row) => dot(row, vectors[i]))),
          ),
        };
        for (const [what, error] of Object.entries(errors)) {
          t.true(error < tolerance, `${name} d=${d} ${what}: ${error}`);
        }
        t.is(score!.data.constructor, x.data.constructor);
        t.deepEqual(product.shape, [7, d]);
      }
    }
  });

  test(`${title}: scores are finite and right a thousand deviations away`, async (t) => {
    const options = { backend: kernels.name };
    const x = ndarray([[-1000], [1000], [-1e4]], undefined, dtype);
    const mixture = gaussianMixture({ weights: [0.3, 0.7], means: [-1, 2], variances: [0.5, 0.8] });
    const far = await mixture.evaluate(x, WANT_ALL, options);
    const expected = [-(-1000 - 2) / 0.8, -(1000 - 2) / 0.8, (1e4 + 2) / 0.8];
    t.true(distance(far.score!.data, expected) < 1e-6);
    t.true(distance(far.divergence!, [-1.25, -1.25, -1.25]) < 1e-4);
    t.true(
      distance(far.logDensity!, [(-1002 * 1002) / 1.6, (-998 * 998) / 1.6, (-10002 * 10002) / 1.6]) < 1e-5,
    );
    const cloud = await smoothed({ points: [-1, 2], variance: 0.8 }).evaluate(x, WANT_ALL, options);
    t.true(distance(cloud.score!.data, [-(-1000 + 1) / 0.8, -(1000 - 2) / 0.8, (1e4 - 1) / 0.8]) < 1e-6);
    const v = ndarray([[1], [1], [1]], undefined, dtype);
    const curvature = await mixture.hessianVector(x, v, options);
    t.true(distance(curvature.data, [-1.25, -1.25, -1.25]) < 1e-4);
  });

  test(`${title}: the number of the mixture in the mathematics comes out`, async (t) => {
    const mixture = gaussianMixture({ weights: [0.3, 0.7], means: [-1, 2], variances: [0.5, 0.8] });
    const noise = 0.6;
    const x = ndarray([[0.37]], undefined, dtype);
    const { score } = await mixture.heat(noise / 2).evaluate(x, { score: true }, { backend: kernels.name });
    const moved = x.data[0] + noise * score!.data[0];
    t.true(Math.abs(moved - 0.5664401404) < (dtype === 'float64' ? 1e-10 : 1e-6), String(moved));
  });
}

const native = backends.find(({ dtypes }) => dtypes.includes('float64'));
const exactly = native ? test : test.skip;

exactly('many points are evaluated in tiles, with the same answers', async (t) => {
  const d = 100;
  const random = new Random(5);
  const { measure } = cases(d)[3];
  const x = ndarray(random.normals(1500 * d), [1500, d], 'float64');
  const whole = await measure.evaluate(x, WANT_ALL);
  for (const row of [0, 1309, 1310, 1311, 1499]) {
    const one = { data: x.data.slice(row * d, (row + 1) * d), shape: [1, d] };
    const alone = await measure.evaluate(one, WANT_ALL);
    t.true(Math.abs(whole.logDensity![row] - alone.logDensity![0]) < 1e-9);
    t.true(Math.abs(whole.divergence![row] - alone.divergence![0]) < 1e-9);
    t.true(distance(whole.score!.data.slice(row * d, (row + 1) * d), Array.from(alone.score!.data)) < 1e-12);
  }
});

exactly('Hessians of a cloud cover many tiles of queries and centres', async (t) => {
  const random = new Random(6);
  const points = Array.from({ length: 2100 }, () => random.normals(2));
  const x = Array.from({ length: 150 }, () => random.normals(2));
  const v = x.map(() => random.normals(2));
  const components = points.map((mean) => ({ weight: 1 / 2100, mean, covariance: identity(2, 0.05) }));
  const product = await smoothed({ points, variance: 0.05 }).hessianVector(
    ndarray(x, undefined, 'float64'),
    ndarray(v, undefined, 'float64'),
  );
  const expected = referenceDensity(components, x).flatMap((e, i) => e.hessian.map((row) => dot(row, v[i])));
  t.true(distance(product.data, expected) < 1e-11);
});

exactly('heat flow is a semigroup, and takes back what it gave', async (t) => {
  const x = ndarray([[0.4, -1, 0.2]], undefined, 'float64');
  for (const { name, measure } of cases(3)) {
    const once = await measure.heat(0.3).evaluate(x, WANT_ALL);
    const twice = await measure.heat(0.1).heat(0.2).evaluate(x, WANT_ALL);
    t.true(distance(once.score!.data, Array.from(twice.score!.data)) < 1e-12, name);
    t.true(distance(once.divergence!, Array.from(twice.divergence!)) < 1e-12, name);
    const back = await measure.heat(0.3).heat(-0.3).evaluate(x, WANT_ALL);
    const start = await measure.evaluate(x, WANT_ALL);
    t.true(distance(back.score!.data, Array.from(start.score!.data)) < 1e-10, name);
    t.true(Math.abs(measure.heat(0.3).collapseTime - measure.collapseTime - 0.3) < 1e-12, name);
  }
});

exactly('heat flow solves the heat equation', async (t) => {
  // ∂_t log μ = Δ log μ + |∇log μ|².
  const x = ndarray([[0.4, -1, 0.2]], undefined, 'float64');
  const step = 1e-5;
  for (const { name, measure } of cases(3)) {
    const at = (time: number) => measure.heat(time).evaluate(x, WANT_ALL);
    const [before, here, after] = [await at(-step), await at(0), await at(step)];
    const rate = (after.logDensity![0] - before.logDensity![0]) / (2 * step);
    const expected = here.divergence![0] + dot(Array.from(here.score!.data), Array.from(here.score!.data));
    t.true(Math.abs(rate - expected) < 1e-6 * (1 + Math.abs(expected)), name);
  }
});

exactly('narrow and badly scaled covariances keep their digits', async (t) => {
  const [a, b] = [1e4, 1e-6];
  const covariance = [
    [(a + b) / 2, (a - b) / 2],
    [(a - b) / 2, (a + b) / 2],
  ];
  const measure = gaussian({ mean: [0, 0], covariance });
  const { score } = await measure.evaluate(ndarray([[100, 100]], undefined, 'float64'), { score: true });
  t.true(distance(score!.data, [-1e-2, -1e-2]) < 1e-5);
  t.true(Math.abs(measure.collapseTime / (b / 2) - 1) < 1e-5);
});
