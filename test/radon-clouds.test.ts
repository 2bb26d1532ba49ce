import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  type DirectionKind,
  directionSet,
  heatSlices,
  projectCloud,
  projectMixture,
  projectedDensity,
} from '../ts/radon/index.js';
import { sobolPoints } from '../ts/radon/sobol.js';
import { Random } from './reference/random.js';

const BACKENDS = ['native', 'tfjs-cpu'] as const;

const rowsOf = ({ data, shape }: NdArray) =>
  Array.from({ length: shape[0] }, (_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1])));
const product = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, k) => sum + value * b[k], 0);
const largest = (values: Iterable<number>) => Array.from(values).reduce((a, b) => Math.max(a, b), 0);

function cloudOf(seed: number, n: number, d: number, dtype: 'float32' | 'float64' = 'float64'): NdArray {
  const cloud = zeros([n, d], dtype);
  cloud.data.set(new Random(seed).normals(n * d));
  return cloud;
}

/** The kernel density of a cloud's projections, from its definition. */
function kernelDensity(
  cloud: NdArray,
  weights: readonly number[],
  u: readonly number[],
  p: number,
  bandwidth: number,
) {
  const total = weights.reduce((a, b) => a + b);
  return rowsOf(cloud).reduce((sum, x, i) => {
    const z = (p - product(u, x)) / bandwidth;
    return sum + (weights[i] / total) * (Math.exp(-0.5 * z * z) / (bandwidth * Math.sqrt(2 * Math.PI)));
  }, 0);
}

test('directionSet: every kind has unit rows and averages (u·v)² to |v|²/d', (t) => {
  for (const [kind, d, count] of [
    ['uniform', 5, 40000],
    ['orthogonal', 5, 40],
    ['orthogonal', 1, 3],
    ['sobol', 2, 1024],
    ['sobol', 21, 4096],
    ['fibonacci', 2, 7],
    ['fibonacci', 3, 500],
  ] as [DirectionKind, number, number][]) {
    const set = directionSet(count, d, { kind, dtype: 'float64' });
    t.deepEqual(set.shape, [count, d]);
    const rows = rowsOf(set);
    t.true(largest(rows.map((u) => Math.abs(product(u, u) - 1))) < 1e-14, kind);
    const v = Array.from({ length: d }, (_, k) => Math.cos(3 * k + 1));
    const mean = rows.reduce((sum, u) => sum + product(u, v) ** 2, 0) / count;
    const expected = product(v, v) / d;
    const allowed = { uniform: 0.03, orthogonal: 1e-12, sobol: 0.02, fibonacci: 1e-4 }[kind];
    t.true(
      Math.abs(mean - expected) <= allowed * expected,
      `${kind} d = ${d}: ${mean}, expected ${expected}`,
    );
  }
});

test('directionSet: blocks are orthonormal, and seeds give the same bits', (t) => {
  const rows = rowsOf(directionSet(10, 4, { dtype: 'float64', seed: 3 }));
  for (let i = 0; i < 10; i++) {
    for (let j = i - (i % 4); j < i; j++) t.true(Math.abs(product(rows[i], rows[j])) < 1e-15);
  }
  t.deepEqual(directionSet(10, 4, { dtype: 'float64', seed: 3 }).data, Float64Array.from(rows.flat()));
  t.notDeepEqual(directionSet(10, 4, { dtype: 'float64', seed: 4 }).data, Float64Array.from(rows.flat()));
});

test('directionSet: in the plane, Fibonacci directions divide the half turn', (t) => {
  const angles = rowsOf(directionSet(6, 2, { kind: 'fibonacci', dtype: 'float64' })).map(([x, y]) =>
    Math.atan2(y, x),
  );
  angles.forEach((angle, i) => t.true(Math.abs(angle - (Math.PI * i) / 6) < 1e-14));
});

test('sobolPoints: point 300 in 21 dimensions is that of SciPy 1.17', (t) => {
  const scaled = Array.from(sobolPoints(300, 21).subarray(-21), (value) => value * 512);
  t.deepEqual(
    scaled,
    [
      187.0, 23.0, 147.0, 175.0, 39.0, 271.0, 259.0, 463.0, 331.0, 297.0, 129.0, 247.0, 433.0, 509.0, 415.0,
      89.0, 233.0, 33.0, 65.0, 297.0, 377.0,
    ],
  );
});

test('directionSet: bad input', (t) => {
  const code = (...args: Parameters<typeof directionSet>) =>
    t.throws(() => directionSet(...args), { instanceOf: RidgeflowError }).code;
  t.is(code(0, 2), 'INVALID_ARGUMENT');
  t.is(code(3, 0), 'INVALID_ARGUMENT');
  t.is(code(3, 22, { kind: 'sobol' }), 'INVALID_ARGUMENT');
  t.is(code(3, 4, { kind: 'fibonacci' }), 'INVALID_ARGUMENT');
  t.is(code(3, 4, { kind: 'grid' as DirectionKind }), 'INVALID_ARGUMENT');
  t.is(code(3, 4, { seed: -1 }), 'INVALID_ARGUMENT');
});

for (const backend of BACKENDS) {
  test(`${backend} projectCloud: inner products`, async (t) => {
    const cloud = cloudOf(61, 37, 6, 'float32');
    const directions = directionSet(9, 6);
    const { data, shape } = await projectCloud(cloud, { directions, backend });
    t.deepEqual(shape, [9, 37]);
    rowsOf(directions).forEach((u, i) =>
      rowsOf(cloud).forEach((x, j) => t.true(Math.abs(data[i * 37 + j] - product(u, x)) < 2e-6)),
    );
  });

  test(`${backend} projectedDensity: a histogram counts weights`, async (t) => {
    const points = ndarray([[0.1], [0.2], [-0.6], [5], [1.4]]);
    const weights = [1, 2, 4, 8, 1];
    const directions = ndarray([[1], [-1]]);
    const bins = { count: 3, spacing: 1 };
    const { density, positions } = await projectedDensity({ points, weights }, { directions, bins, backend });
    t.deepEqual(Array.from(positions), [-1, 0, 1]);
    t.deepEqual(Array.from(density.data), [4 / 16, 3 / 16, 1 / 16, 1 / 16, 3 / 16, 4 / 16]);
  });

  test(`${backend} projectedDensity: kernels agree with their sum, near the ends too`, async (t) => {
    const cloud = cloudOf(62, 50, 3, 'float32');
    const weights = Array.from({ length: 50 }, (_, i) => i % 4);
    const directions = directionSet(5, 3);
    for (const [bandwidth, allowed] of [
      [0.2, 1e-4],
      [0.4, 1e-5],
    ]) {
      const bins = { count: 21, spacing: 0.1, offset: 0.4 };
      const options = { directions, bins, bandwidth, backend };
      const { density, positions } = await projectedDensity({ points: cloud, weights }, options);
      const peak = 1 / (bandwidth * Math.sqrt(2 * Math.PI));
      rowsOf(directions).forEach((u, i) =>
        positions.forEach((p, k) => {
          const expected = kernelDensity(cloud, weights, u, p, bandwidth);
          const difference = Math.abs(density.data[i * 21 + k] - expected);
          t.true(difference < allowed * peak, `${difference} at ${p}`);
        }),
      );
    }
  });

  test(`${backend} heatSlices: a Gaussian's slices widen, and narrow backwards`, async (t) => {
    const dtype = backend === 'native' ? 'float64' : 'float32';
    const mixture = gaussianMixture({
      weights: [0.3, 0.7],
      means: [
        [-1, 0],
        [1, 0.5],
      ],
      variances: [0.2, 0.2],
    });
    const directions = rowsOf(directionSet(4, 2, { kind: 'fibonacci', dtype: 'float64' }));
    const positions = Array.from({ length: 240 }, (_, k) => (k - 119.5) / 20);
    const slices = (time: number) => {
      const exact = projectMixture(mixture.heat(time), { directions, positions });
      return { data: dtype === 'float64' ? exact.data : Float32Array.from(exact.data), shape: exact.shape };
    };
    for (const time of [0.15, 0, -0.05]) {
      const amplification = dtype === 'float64' ? 1e8 : 1e2;
      const later = await heatSlices(slices(0), { time, spacing: 1 / 20, amplification, backend });
      const expected = slices(time);
      const error = largest(later.data.map((value, i) => Math.abs(value - expected.data[i])));
      t.true(error < (dtype === 'float64' ? 1e-6 : 5e-3), `time ${time}: ${error}`);
    }
  });
}

test('projectedDensity: parts make the same density as the whole', async (t) => {
  const cloud = cloudOf(63, 300, 4);
  const options = { directions: directionSet(7, 4, { dtype: 'float64' }), bins: { count: 30, spacing: 0.3 } };
  const whole = await projectedDensity(cloud, options);
  async function* parts() {
    for (const [from, to] of [
      [0, 1],
      [1, 120],
      [120, 120],
      [120, 300],
    ]) {
      yield { data: cloud.data.subarray(4 * from, 4 * to), shape: [to - from, 4] };
    }
  }
  t.deepEqual((await projectedDensity(parts(), options)).density, whole.density);
});

test('projectedDensity: a large sample of a Gaussian has its projections', async (t) => {
  const measure = gaussian({ mean: [0.5, -1, 0], variance: [1, 2, 0.5] });
  const directions = directionSet(6, 3, { dtype: 'float64' });
  const bins = { count: 60, spacing: 0.2 };
  const { density, positions } = await projectedDensity(await measure.sample(40000), { directions, bins });
  const exact = projectMixture(measure, { directions: rowsOf(directions), positions });
  t.true(largest(density.data.map((value, i) => Math.abs(value - exact.data[i]))) < 0.03);
});

test('projectedDensity and heatSlices: bad input', async (t) => {
  const cloud = cloudOf(64, 5, 2);
  const options = { directions: directionSet(3, 2, { dtype: 'float64' }), bins: { count: 8, spacing: 1 } };
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  await fails(projectedDensity(zeros([0, 2]), options), 'EMPTY_CLOUD');
  await fails(projectedDensity([], options), 'EMPTY_CLOUD');
  await fails(projectedDensity({ points: cloud, weights: [0, 0, 0, 0, 0] }, options), 'EMPTY_CLOUD');
  await fails(projectedDensity({ points: cloud, weights: [1] }, options), 'INVALID_SHAPE');
  await fails(projectedDensity({ points: cloud, weights: [1, 1, -1, 1, 1] }, options), 'INVALID_ARGUMENT');
  await fails(projectedDensity(cloudOf(64, 5, 3), options), 'INVALID_SHAPE');
  await fails(projectedDensity(ndarray([[1, NaN]]), options), 'NON_FINITE');
  await fails(projectedDensity(cloud, { ...options, bandwidth: 1 }), 'INVALID_ARGUMENT');
  await fails(projectedDensity(cloud, { ...options, bins: { count: 0, spacing: 1 } }), 'INVALID_ARGUMENT');
  await fails(projectedDensity(cloud, { ...options, bins: { count: 8, spacing: 0 } }), 'INVALID_ARGUMENT');
  await fails(projectedDensity(cloud, { ...options, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(projectCloud(cloud, { directions: directionSet(3, 3) }), 'INVALID_SHAPE');
  const slices = zeros([2, 9], 'float64');
  await fails(heatSlices(slices, { time: NaN }), 'INVALID_ARGUMENT');
  await fails(heatSlices(slices, { time: 1, spacing: 0 }), 'INVALID_ARGUMENT');
  await fails(heatSlices(slices, { time: -1, amplification: 1 }), 'INVALID_ARGUMENT');
  await fails(heatSlices(slices, { time: 1e18 }), 'OUT_OF_MEMORY');
  await fails(heatSlices(zeros([4]), { time: 1 }), 'INVALID_SHAPE');
  await fails(heatSlices(ndarray([[Infinity]]), { time: 1 }), 'NON_FINITE');
});

test('projections are not written over the points or directions that they are made of', async (t) => {
  for (const Storage of [Float32Array, Float64Array]) {
    const shared = new Storage(40).map((_, i) => Math.cos(i));
    const points = { data: shared.subarray(4, 16), shape: [6, 2] };
    const directions = { data: shared.subarray(20, 24), shape: [2, 2] };
    const at = (first: number) => ({ data: shared.subarray(first, first + 12), shape: [2, 6] });
    const before = shared.slice();
    for (const first of [4, 0, 15, 9, 10, 23]) {
      await t.throwsAsync(projectCloud(points, { directions, into: at(first) }), {
        code: 'INVALID_ARGUMENT',
        message: /apart .* for into/,
      });
    }
    t.deepEqual(shared, before);
    const expected = await projectCloud(points, { directions });
    // Storage of the same buffer that only touches them is apart.
    const { data } = await projectCloud(points, { directions, into: at(24) });
    t.deepEqual(data, expected.data);
  }
});
