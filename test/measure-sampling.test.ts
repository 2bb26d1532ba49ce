import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import {
  type Measure,
  type SampleSet,
  checkerboard,
  circles,
  empirical,
  gaussian,
  gaussianGrid,
  gaussianMixture,
  sCurve,
  smoothed,
  swissRoll,
  twoMoons,
} from '../ts/measure/index.js';
import { backends } from './conformance-backends.js';
import { randomCovariance, randomWeights } from './reference/mixtures.js';
import { Random } from './reference/random.js';

function measures(d: number): Record<string, Measure> {
  const random = new Random(d);
  const means = Array.from({ length: 3 }, () => random.normals(d));
  const weights = randomWeights(random, 3);
  const [mean] = means;
  return {
    full: gaussian({ mean, covariance: randomCovariance(random, d) }),
    diagonal: gaussian({ mean, variance: mean.map((value) => 1 + Math.abs(value)) }),
    mixture: gaussianMixture({ weights, means, covariances: means.map(() => randomCovariance(random, d)) }),
    tied: gaussianMixture({ means, variances: 0.3 }),
    smoothed: smoothed({ points: means, weights, variance: 0.3 }),
    heated: gaussian({ mean, covariance: randomCovariance(random, d) }).heat(0.4),
    cooled: gaussian({ mean, covariance: randomCovariance(random, d) }).heat(-0.2),
    empirical: empirical({ points: means, weights }),
    'empirical with equal weights': empirical({ points: means }),
  };
}

function moments({ data, shape: [n, d] }: NdArray): { mean: number[]; covariance: number[] } {
  const mean = Array.from({ length: d }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += data[i * d + k];
    return sum / n;
  });
  const covariance = Array.from({ length: d * d }, (_, at) => {
    const [k, l] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (data[i * d + k] - mean[k]) * (data[i * d + l] - mean[l]);
    return sum / n;
  });
  return { mean, covariance };
}

for (const d of [1, 3, 10]) {
  test(`samples have the mean and covariance of their measure, d = ${d}`, async (t) => {
    const n = 40000;
    for (const [name, measure] of Object.entries(measures(d))) {
      const sample = moments(await measure.sample(n, { seed: 7, dtype: 'float64' }));
      const mean = measure.mean();
      const covariance = await measure.covariance();
      for (let k = 0; k < d; k++) {
        // Five standard errors; fourth moments of a mixture are at most a few times those of its Gaussian.
        const allowed = 5 * Math.sqrt(covariance[k * d + k] / n);
        t.true(Math.abs(sample.mean[k] - mean[k]) < allowed, `${name} mean ${k}`);
        for (let l = 0; l < d; l++) {
          const scale = Math.sqrt((3 * covariance[k * d + k] * covariance[l * d + l]) / n);
          const difference = sample.covariance[k * d + l] - covariance[k * d + l];
          t.true(Math.abs(difference) < 5 * scale, `${name} covariance ${k}, ${l}`);
        }
      }
    }
  });
}

test('a seed gives the same bits on every backend, and row i whatever the number of rows', async (t) => {
  for (const d of [1, 3]) {
    for (const [name, measure] of Object.entries(measures(d))) {
      const expected = await measure.sample(100, { seed: 3 });
      t.deepEqual(expected.shape, [100, d]);
      t.true(expected.data instanceof Float32Array);
      for (const kernels of backends) {
        // Whatever else the backend has computed before.
        if (name !== 'empirical' && !name.startsWith('empirical ')) {
          await measure.evaluate(expected, { score: true }, { backend: kernels.name });
        }
        const again = await measure.sample(100, { seed: 3, backend: kernels.name });
        t.deepEqual(again.data, expected.data, `${name} ${kernels.name}`);
      }
      const fewer = await measure.sample(17, { seed: 3 });
      t.deepEqual(fewer.data, expected.data.slice(0, 17 * d), name);
      const other = await measure.sample(100, { seed: 4 });
      t.notDeepEqual(other.data, expected.data, name);
    }
  }
});

test('samples take the type of what the measure was made from', async (t) => {
  const points = ndarray([[1, 2]], undefined, 'float64');
  t.true((await smoothed({ points, variance: 1 }).sample(2)).data instanceof Float64Array);
  t.true((await empirical({ points }).sample(2)).data instanceof Float64Array);
  t.true(
    (await gaussian({ mean: Float64Array.of(1, 2), variance: 1 }).sample(2)).data instanceof Float64Array,
  );
  t.true((await gaussian({ mean: [1, 2], variance: 1 }).sample(2)).data instanceof Float32Array);
});

test('points of weight 0 are never drawn and do not limit the heat flow', async (t) => {
  const sample = await empirical({ points: [0, 5, 7], weights: [0, 1, 0] }).sample(500);
  t.true(sample.data.every((value) => value === 5));
  const mixture = gaussianMixture({ weights: [0, 1], means: [[0], [5]], variances: [0.001, 1] });
  t.is(mixture.collapseTime, 0.5);
});

test('weighted clouds far from the origin keep the digits of their covariance', async (t) => {
  const points = ndarray([1e6, 1e6 + 1, 1e6 + 3], [3, 1], 'float64');
  const measure = empirical({ points, weights: [0.5, 0.25, 0.25] });
  t.true(Math.abs(measure.mean()[0] - (1e6 + 1)) < 1e-9);
  const [variance] = await measure.covariance();
  t.true(Math.abs(variance - (0.5 + 0 + 0.25 * 4)) < 1e-6);
  t.is((await empirical({ points: [[3, 4]] }).covariance()).join(), '0,0,0,0');
});

test('long sampling can be aborted and reports its progress', async (t) => {
  const d = 200;
  const covariance = randomCovariance(new Random(1), d);
  const measure = gaussian({ mean: new Float64Array(d), covariance });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 30);
  await t.throwsAsync(measure.sample(1e6, { signal: controller.signal }), { code: 'ABORTED' });
  const fractions: number[] = [];
  await measure.sample(20000, { onProgress: (fraction) => fractions.push(fraction) });
  t.is(fractions.at(-1), 1);
  t.deepEqual(
    fractions,
    fractions.toSorted((a, b) => a - b),
  );
});

const SETS: Record<string, (n: number, options?: object) => SampleSet> = {
  swissRoll,
  sCurve,
  twoMoons,
  circles,
  checkerboard,
  gaussianGrid,
};

/** How far a noiseless point is from the set it should be on. */
const OFF_THE_SET: Record<string, (p: number[], label: number) => number> = {
  swissRoll: ([x, y, z], label) => {
    const t = Math.hypot(x, z);
    const quarter = Math.floor((4 * (t / (1.5 * Math.PI) - 1)) / 2);
    const beyond = Math.max(0, -y, y - 21, 1.5 * Math.PI - t, t - 4.5 * Math.PI);
    return Math.hypot(x - t * Math.cos(t), z - t * Math.sin(t)) + beyond + Math.abs(quarter - label);
  },
  sCurve: ([x, y, z], label) => {
    // z ≤ 0 on the upper half t > 0, z ≥ 0 on the lower: both are circles of radius 1 around (0, ∓1).
    const beyond = Math.max(0, -y, y - 2);
    return Math.abs(Math.hypot(x, Math.abs(z) - 1) - 1) + beyond + (z < 0 === label >= 2 ? 0 : 1);
  },
  twoMoons: ([x, y], label) =>
    label === 0
      ? Math.abs(Math.hypot(x, y) - 1) + Math.max(0, -y)
      : Math.abs(Math.hypot(x - 1, y - 0.5) - 1) + Math.max(0, y - 0.5),
  circles: ([x, y], label) => Math.abs(Math.hypot(x, y) - [1, 0.8][label]),
  checkerboard: ([x, y], label) => {
    const [i, j] = [Math.floor(x / 2) + 2, Math.floor(y / 2) + 2];
    const inside = i >= 0 && i < 4 && j >= 0 && j < 4 && (i + j) % 2 === 0;
    return inside && label === 2 * j + Math.floor(i / 2) ? 0 : 1;
  },
  gaussianGrid: ([x, y], label) => Math.hypot(x - (2 * (label % 5) - 4), y - (2 * Math.floor(label / 5) - 4)),
};

for (const [name, set] of Object.entries(SETS)) {
  test(`${name}: points lie on the set, in their class`, (t) => {
    const n = 601;
    const { points, labels } = set(n, { noise: 0, dtype: 'float64' });
    const d = points.shape[1];
    t.is(points.shape[0], n);
    t.true(points.data instanceof Float64Array);
    for (let i = 0; i < n; i++) {
      const off = OFF_THE_SET[name](Array.from(points.data.subarray(i * d, (i + 1) * d)), labels[i]);
      t.true(off < 1e-9, `point ${i} is off by ${off}`);
    }
    const counts = new Map<number, number>();
    labels.forEach((label) => counts.set(label, (counts.get(label) ?? 0) + 1));
    const classes = { swissRoll: 4, sCurve: 4, twoMoons: 2, circles: 2, checkerboard: 8, gaussianGrid: 25 }[
      name
    ]!;
    t.is(counts.size, classes);
    for (const count of counts.values()) t.true(Math.abs(count - n / classes) < 5 * Math.sqrt(n / classes));
  });

  test(`${name}: noise is Gaussian, by the seed, and the set is a measure`, async (t) => {
    const n = 4000;
    const clean = set(n, { noise: 0, seed: 5, dtype: 'float64' });
    const noisy = set(n, { noise: 0.3, seed: 5, dtype: 'float64' });
    t.deepEqual(noisy.labels, clean.labels);
    const difference = noisy.points.data.map((value, i) => value - clean.points.data[i]);
    const { mean, covariance } = moments({ data: difference, shape: clean.points.shape });
    const d = mean.length;
    mean.forEach((value) => t.true(Math.abs(value) < (5 * 0.3) / Math.sqrt(n)));
    covariance.forEach((value, at) => {
      t.true(Math.abs(value - (at % (d + 1) === 0 ? 0.09 : 0)) < (5 * 0.09 * Math.SQRT2) / Math.sqrt(n));
    });
    t.deepEqual(set(n, { noise: 0.3, seed: 5, dtype: 'float64' }), noisy);
    t.notDeepEqual(set(n, { noise: 0.3, seed: 6, dtype: 'float64' }).points, noisy.points);
    t.is(empirical(set(10)).dimension, d);
  });

  test(`${name}: refuses what makes no sense`, (t) => {
    t.throws(() => set(0), { code: 'INVALID_ARGUMENT', message: /for n / });
    t.throws(() => set(2.5), { code: 'INVALID_ARGUMENT', message: /for n / });
    t.throws(() => set(10, { noise: -1 }), { code: 'INVALID_ARGUMENT', message: /for noise / });
    t.throws(() => set(10, { noise: NaN }), { code: 'INVALID_ARGUMENT', message: /for noise / });
    t.throws(() => set(10, { seed: -1 }), { code: 'INVALID_ARGUMENT', message: /for seed / });
    t.throws(() => set(10, { dtype: 'int8' }), { code: 'INVALID_DTYPE', message: /for dtype / });
  });
}

test('sample sets take their own parameters', (t) => {
  const ring = circles(100, { factor: 0, dtype: 'float64' });
  t.is(ring.points.data.filter((value, at) => ring.labels[at >> 1] === 1 && value !== 0).length, 0);
  t.throws(() => circles(10, { factor: 1 }), { code: 'INVALID_ARGUMENT' });
  const board = checkerboard(2000, { squares: 3, size: 1, dtype: 'float64' });
  t.is(new Set(board.labels).size, 5);
  board.labels.forEach((label, i) => {
    const [x, y] = [board.points.data[2 * i], board.points.data[2 * i + 1]];
    const cell = Math.floor(x + 1.5) + 3 * Math.floor(y + 1.5);
    t.is(cell, 2 * label);
  });
  t.throws(() => checkerboard(10, { squares: 1 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => gaussianGrid(10, { spacing: 0 }), { code: 'INVALID_ARGUMENT' });
  t.is(gaussianGrid(10, { side: 1, noise: 0 }).points.data.filter((value) => value !== 0).length, 0);
  t.is(twoMoons(1).labels[0], 1);
});
