import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { loadBackend } from '../ts/kernel/backend.js';
import { loadAddon } from '../ts/kernel/native/addon.js';
import { directionSet, projectCloud, projectedDensity, projectedExtents } from '../ts/radon/index.js';
import { Random } from './reference/random.js';

function cloudOf(seed: number, n: number, d: number): NdArray {
  const random = new Random(seed);
  const cloud = zeros([n, d], 'float64');
  cloud.data.forEach((_, i) => (cloud.data[i] = random.normal()));
  return cloud;
}

for (const backend of ['native', 'tfjs-cpu'] as const) {
  const dtype = backend === 'native' ? 'float64' : 'float32';
  const allowed = backend === 'native' ? 1e-12 : 1e-5;
  test(`${backend} projectedExtents: the ends of the projections, whole or in parts`, async (t) => {
    const cloud = cloudOf(91, 700, 3);
    const directions = directionSet(5, 3, { dtype });
    const { data } = await projectCloud(cloud, { directions, dtype, backend });
    const parts = [
      { data: cloud.data.subarray(0, 300), shape: [100, 3] },
      { points: zeros([0, 3], 'float64'), weights: [] },
      { points: { data: cloud.data.subarray(300), shape: [600, 3] } },
    ];
    for (const given of [cloud, { points: cloud }, parts]) {
      const { least, greatest } = await projectedExtents(given, { directions, dtype, backend });
      for (let line = 0; line < 5; line++) {
        const values = Array.from(data.subarray(line * 700, (line + 1) * 700));
        t.true(Math.abs(least[line] - Math.min(...values)) <= allowed);
        t.true(Math.abs(greatest[line] - Math.max(...values)) <= allowed);
      }
    }
  });

  test(`${backend} projectCloud: into memory that is there`, async (t) => {
    const cloud = cloudOf(92, 40, 3);
    const directions = directionSet(6, 3, { dtype });
    const into = zeros([6, 40], dtype);
    const result = await projectCloud(cloud, { directions, dtype, into, backend });
    t.is(result, into);
    t.deepEqual(into, await projectCloud(cloud, { directions, dtype, backend }));
  });
}

test('ten thousand dimensions', async (t) => {
  const [n, d] = [40, 10000];
  const cloud = cloudOf(93, n, d);
  for (const kind of ['uniform', 'orthogonal'] as const) {
    const directions = directionSet(3, d, { kind, dtype: 'float64' });
    const options = { directions, bins: { count: 40, spacing: 0.2 }, dtype: 'float32' } as const;
    const { density, positions } = await projectedDensity(cloud, options);
    for (let line = 0; line < 3; line++) {
      // The mean of the histogram is the projection of the mean, to within the width of a bin.
      let mean = 0;
      for (let i = 0; i < n; i++)
        for (let k = 0; k < d; k++) mean += (directions.data[line * d + k] * cloud.data[i * d + k]) / n;
      const binned = positions.reduce((sum, p, k) => sum + p * density.data[line * 40 + k] * 0.2, 0);
      t.true(Math.abs(mean - binned) < 0.1, `${mean}, binned ${binned}`);
    }
  }
});

test('a stream of parts, none of which is kept', async (t) => {
  const part = zeros([1000, 2], 'float32');
  const random = new Random(94);
  async function* stream() {
    for (let i = 0; i < 30; i++) {
      part.data.forEach((_, k) => (part.data[k] = random.normal()));
      await Promise.resolve();
      yield part;
    }
  }
  const directions = directionSet(4, 2, { kind: 'fibonacci' });
  const { density, positions } = await projectedDensity(stream(), {
    directions,
    bins: { count: 60, spacing: 0.2 },
  });
  for (let line = 0; line < 4; line++) {
    const variance = positions.reduce((sum, p, k) => sum + p * p * density.data[line * 60 + k] * 0.2, 0);
    t.true(Math.abs(variance - 1) < 0.03, `${variance}`);
  }
});

test('bad input has its code', async (t) => {
  const cloud = cloudOf(95, 5, 2);
  const directions = directionSet(3, 2, { dtype: 'float64' });
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  await fails(projectedExtents(zeros([0, 2]), { directions }), 'EMPTY_CLOUD');
  await fails(projectedExtents([], { directions }), 'EMPTY_CLOUD');
  await fails(projectedExtents([zeros([0, 2])], { directions }), 'EMPTY_CLOUD');
  await fails(projectedExtents(cloudOf(95, 5, 3), { directions }), 'INVALID_SHAPE');
  await fails(projectedExtents(ndarray([[1, NaN]]), { directions }), 'NON_FINITE');
  await fails(projectedExtents(cloud, { directions: ndarray([[1, Infinity]]) }), 'NON_FINITE');
  await fails(projectedExtents(null as unknown as NdArray, { directions }), 'INVALID_ARGUMENT');
  await fails(projectedExtents(cloud, { directions, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(projectCloud(cloud, { directions, into: zeros([5, 3], 'float64') }), 'INVALID_SHAPE');
  await fails(projectCloud(cloud, { directions, into: zeros([3, 5], 'float32') }), 'INVALID_DTYPE');
});

test('the addon refuses arguments that do not fit, and does not crash', (t) => {
  const addon = loadAddon();
  const good = {
    n: 2,
    d: 3,
    count: 4,
    points: new Float32Array(6),
    directions: new Float32Array(12),
    first: 0,
    spacing: 1,
    width: 5,
    sums: new Float64Array(20),
    extents: new Float64Array(8),
  };
  for (const changes of [
    { n: 3 },
    { d: 0 },
    { count: 5 },
    { points: new Float64Array(6) },
    { directions: 1 },
  ]) {
    t.throws(() => addon.binProjections({ ...good, ...changes }), { instanceOf: TypeError });
    t.throws(() => addon.projectionExtents({ ...good, ...changes }), { instanceOf: TypeError });
  }
  for (const changes of [
    { spacing: 0 },
    { first: NaN },
    { width: 2 ** 21 },
    { sums: new Float64Array(19) },
    { weights: new Float64Array(3) },
  ])
    t.throws(() => addon.binProjections({ ...good, ...changes }), { instanceOf: TypeError });
});

// Alone: the work of other tests on this thread would hold the timer up.
test.serial('an abort stops the call, and progress ends at 1', async (t) => {
  await loadBackend('native');
  const cloud = zeros([20000, 50]);
  const directions = directionSet(64, 50);
  const bins = { count: 64, spacing: 0.1 };
  const fractions: number[] = [];
  const onProgress = (fraction: number) => fractions.push(fraction);
  await projectedDensity(cloud, { directions, bins, onProgress });
  t.is(fractions.at(-1), 1);
  t.true(fractions.every((fraction, i) => fraction <= 1 && (i === 0 || fraction >= fractions[i - 1])));
  const many = directionSet(20000, 50, { kind: 'uniform' });
  const call = projectedDensity(cloud, { directions: many, bins, signal: AbortSignal.timeout(20) });
  t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, 'ABORTED');
});
