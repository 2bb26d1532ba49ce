import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { slicedWasserstein, uniformDirections } from '../ts/transport/index.js';
import { mapCloud, normalCloud, toFloat32 } from './clouds.js';
import { exactly } from './native.js';

function sumOf(values: ArrayLike<number>, of: (value: number, index: number) => number): number {
  return Array.from(values, of).reduce((a, b) => a + b, 0);
}

/** Mean squared difference of sorted values: W₂² on the line. */
function squaredDistanceOnLine(a: NdArray, b: NdArray): number {
  const [u, v] = [a.data.slice().sort(), b.data.slice().sort()];
  return sumOf(u, (value, i) => (value - v[i]) ** 2) / u.length;
}

exactly('between a cloud and its shift by c, SW₂² is |c|²/d within its standard error', async (t) => {
  for (const d of [2, 5, 40]) {
    const cloud = normalCloud(100, d, 1);
    const c = Array.from({ length: d }, (_, k) => 1 + 0.1 * k);
    const { value, standardError } = await slicedWasserstein(
      cloud,
      mapCloud(cloud, (x, i) => x + c[i % d]),
      { directions: 1000 },
    );
    const expected = Math.sqrt(c.reduce((sum, x) => sum + x * x, 0) / d);
    t.true(Math.abs(value - expected) < 3 * standardError, `d = ${d}: ${value} ± ${standardError}`);
    t.true(standardError < 0.05 * expected);
  }
});

exactly('the standard error is the spread over seeds', async (t) => {
  const cloud = normalCloud(30, 3, 2);
  const shifted = mapCloud(cloud, (x, i) => (i % 3 ? x : x + 1));
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, seed) => slicedWasserstein(cloud, shifted, { seed, directions: 64 })),
  );
  const mean = results.reduce((sum, { value }) => sum + value, 0) / results.length;
  const spread = Math.sqrt(results.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 199);
  const claimed = results.reduce((sum, { standardError }) => sum + standardError, 0) / results.length;
  t.true(Math.abs(spread / claimed - 1) < 0.2, `${spread}, claimed ${claimed}`);
});

exactly('between isotropic Gaussians, SW₂² is |m₁ − m₂|²/d + (σ₁ − σ₂)²', async (t) => {
  const [d, n] = [4, 4000];
  const mean = [1, -2, 0.5, 0];
  const a = normalCloud(n, d, 3);
  const b = mapCloud(normalCloud(n, d, 4), (x, i) => mean[i % d] + 2.5 * x);
  const { value, standardError } = await slicedWasserstein(a, b, { directions: 300 });
  const expected = Math.sqrt((1 + 4 + 0.25) / d + 1.5 ** 2);
  // A sample's mean is off by σ/√n, its deviation by σ/√(2n).
  const sampling = (1 + 2.5) / Math.sqrt(n);
  t.true(
    Math.abs(value - expected) < 3 * (standardError + sampling),
    `${value} ± ${standardError}, ${expected}`,
  );
});

exactly('on the line the distance is W₂ exactly, whatever the seed and the directions', async (t) => {
  const [a, b] = [normalCloud(101, 1, 5), mapCloud(normalCloud(101, 1, 6), (x) => 3 * x + 1)];
  const expected = Math.sqrt(squaredDistanceOnLine(a, b));
  for (const options of [{}, { seed: 5 }, { directions: 3 }]) {
    const { value, standardError } = await slicedWasserstein(a, b, options);
    t.true(Math.abs(value / expected - 1) < 1e-14);
    t.is(standardError, 0);
  }
  const small = await slicedWasserstein(ndarray([[0], [1]]), ndarray([[5], [3]]));
  t.is(small.value, Math.sqrt((3 ** 2 + 4 ** 2) / 2));
});

exactly('it is the mean over directions of W₂² of the projections', async (t) => {
  const d = 3;
  // More directions than are projected at a time, and not a multiple of that.
  const [directions, seed] = [37, 8];
  const [a, b] = [normalCloud(50, d, 7), mapCloud(normalCloud(50, d, 8), (x) => 2 * x)];
  const axes = uniformDirections(directions, d, seed, 'float64');
  const project = (cloud: NdArray, r: number): NdArray => ({
    data: Float64Array.from({ length: 50 }, (_, i) =>
      [0, 1, 2].reduce((sum, k) => sum + cloud.data[i * d + k] * axes.data[r * d + k], 0),
    ),
    shape: [50],
  });
  let sum = 0;
  for (let r = 0; r < directions; r++) sum += squaredDistanceOnLine(project(a, r), project(b, r));
  const { value } = await slicedWasserstein(a, b, { directions, seed });
  t.true(Math.abs(value / Math.sqrt(sum / directions) - 1) < 1e-13);
});

exactly('the distance is symmetric, and zero between a cloud and its rows in another order', async (t) => {
  const [a, b] = [normalCloud(64, 5, 9), normalCloud(64, 5, 10)];
  t.deepEqual(await slicedWasserstein(a, b), await slicedWasserstein(b, a));
  const backwards = { data: a.data.slice(), shape: a.shape };
  for (let i = 0; i < 64; i++) backwards.data.set(a.data.subarray(i * 5, (i + 1) * 5), (63 - i) * 5);
  t.true((await slicedWasserstein(a, backwards)).value < 1e-14);
  t.deepEqual(await slicedWasserstein(a, a), { value: 0, standardError: 0 });
  const one = ndarray([[1, 2]], undefined, 'float64');
  t.true((await slicedWasserstein(one, ndarray([[3, 5]], undefined, 'float64'))).value > 0);
});

exactly('weights stand for points that are repeated, and sizes may differ', async (t) => {
  const [a, b] = [normalCloud(30, 3, 9), normalCloud(40, 3, 10)];
  const repeated = { data: Float64Array.from([...a.data, ...a.data.subarray(0, 30)]), shape: [40, 3] };
  const weightsA = Float64Array.from({ length: 30 }, (_, i) => (i < 10 ? 2 / 40 : 1 / 40));
  for (const p of [1, 2, 2.5]) {
    const { value, standardError } = await slicedWasserstein(a, b, { weightsA, p });
    const expected = await slicedWasserstein(repeated, b, { p });
    t.true(Math.abs(value / expected.value - 1) < 1e-12);
    t.true(Math.abs(standardError / expected.standardError - 1) < 1e-10);
  }
  // Of equal weights and unequal sizes the quantiles run in steps of 1/30 and 1/40.
  const third = (cloud: NdArray, times: number): NdArray => ({
    data: Float64Array.from(Array.from({ length: times }, () => Array.from(cloud.data)).flat()),
    shape: [times * cloud.shape[0], 3],
  });
  const { value } = await slicedWasserstein(a, b);
  t.true(Math.abs(value / (await slicedWasserstein(third(a, 4), third(b, 3))).value - 1) < 1e-12);
});

exactly('√d · SW₂ is a lower bound of W₂', async (t) => {
  for (const d of [2, 3, 17]) {
    const a = normalCloud(200, d, 11);
    const noise = normalCloud(200, d, 12);
    const b = mapCloud(a, (x, i) => x + 0.3 * noise.data[i]);
    // Any pairing bounds W₂ from above, so also this one.
    const pairing = Math.sqrt(sumOf(noise.data, (x) => (0.3 * x) ** 2) / 200);
    const { value } = await slicedWasserstein(a, b);
    t.true(value > 0 && Math.sqrt(d) * value < pairing);
  }
});

exactly('the same seed gives the same bits, another seed another value', async (t) => {
  const [a, b] = [normalCloud(40, 3, 13), normalCloud(40, 3, 14)];
  const first = await slicedWasserstein(a, b, { seed: 7 });
  t.deepEqual(await slicedWasserstein(a, b, { seed: 7 }), first);
  t.not((await slicedWasserstein(a, b, { seed: 8 })).value, first.value);
  t.deepEqual(await slicedWasserstein(a, b), await slicedWasserstein(a, b, { seed: 0, directions: 256 }));
});

exactly('data × 1000 is 1000 times as far; a common shift changes nothing', async (t) => {
  const [a, b] = [normalCloud(100, 4, 15), mapCloud(normalCloud(100, 4, 16), (x) => x + 1)];
  const { value } = await slicedWasserstein(a, b);
  const scaled = await slicedWasserstein(
    mapCloud(a, (x) => 1000 * x),
    mapCloud(b, (x) => 1000 * x),
  );
  t.true(Math.abs(scaled.value / (1000 * value) - 1) < 1e-12);
  const shifted = await slicedWasserstein(
    mapCloud(a, (x) => x + 50),
    mapCloud(b, (x) => x + 50),
  );
  t.true(Math.abs(shifted.value / value - 1) < 1e-10);
});

exactly('dtypes and backends agree', async (t) => {
  const [a, b] = [normalCloud(300, 6, 17), mapCloud(normalCloud(300, 6, 18), (x) => 1.5 * x + 0.5)];
  const { value } = await slicedWasserstein(a, b);
  const single = await slicedWasserstein(toFloat32(a), toFloat32(b));
  t.true(Math.abs(single.value / value - 1) < 1e-5);
  t.deepEqual(await slicedWasserstein(a, b, { dtype: 'float32' }), single);
  const onTfjs = await slicedWasserstein(toFloat32(a), toFloat32(b), { backend: 'tfjs-wasm' });
  t.true(Math.abs(onTfjs.value / value - 1) < 1e-4);
  await t.throwsAsync(slicedWasserstein(a, b, { backend: 'tfjs-wasm' }), { code: 'UNSUPPORTED' });
});

exactly('inputs are left alone', async (t) => {
  const [a, b] = [normalCloud(30, 1, 19), normalCloud(30, 1, 20)];
  const before = structuredClone({ a, b });
  await slicedWasserstein(a, b);
  t.deepEqual({ a, b }, before);
});

exactly('bad input is refused with its code', async (t) => {
  const cloud = normalCloud(10, 2, 21);
  const refuse = (code: string, a: unknown, b: unknown, options?: object) =>
    t.throwsAsync(slicedWasserstein(a as NdArray, b as NdArray, options), { code });
  await refuse('INVALID_SHAPE', cloud, normalCloud(10, 3, 22));
  await refuse('INVALID_SHAPE', cloud, { data: cloud.data, shape: [20] });
  await refuse('INVALID_DTYPE', cloud, toFloat32(cloud));
  await refuse('EMPTY_CLOUD', { data: new Float64Array(0), shape: [0, 2] }, cloud);
  await refuse('INVALID_ARGUMENT', cloud, undefined);
  for (const directions of [0, -1, 1.5, NaN, '3']) {
    await refuse('INVALID_ARGUMENT', cloud, cloud, { directions });
    await refuse('INVALID_ARGUMENT', normalCloud(4, 1, 23), normalCloud(4, 1, 24), { directions });
  }
  await refuse('OUT_OF_MEMORY', cloud, cloud, { directions: 2 ** 52 });
  await refuse('INVALID_ARGUMENT', cloud, cloud, { seed: -1 });
  for (const p of [0.5, NaN, Infinity, '2']) await refuse('INVALID_ARGUMENT', cloud, cloud, { p });
  await refuse('INVALID_ARGUMENT', cloud, cloud, { weightsA: new Float64Array(10).fill(0.2) });
  await refuse('INVALID_SHAPE', cloud, cloud, { weightsB: [1] });
  await refuse('INVALID_ARGUMENT', cloud, cloud, { directions: ndarray([[1, 1]], undefined, 'float64') });
  await refuse('INVALID_SHAPE', cloud, cloud, { directions: ndarray([[1, 0, 0]], undefined, 'float64') });
  await refuse('INVALID_DTYPE', cloud, cloud, { dtype: 'int8' });
  await refuse('ABORTED', cloud, cloud, { signal: AbortSignal.abort() });
  const spoilt = mapCloud(cloud, (x, i) => (i === 7 ? NaN : x));
  const error = await t.throwsAsync(slicedWasserstein(cloud, spoilt), { code: 'NON_FINITE' });
  t.like(error, { details: { parameter: 'b', row: 3, column: 1 } });
  await refuse('NON_FINITE', spoilt, cloud);
});

test('directions are of unit length, uniform, and the same for the same seed', (t) => {
  for (const [d, dtype] of [
    [1, 'float64'],
    [2, 'float32'],
    [7, 'float64'],
  ] as const) {
    const count = 4000;
    const { data, shape } = uniformDirections(count, d, 3, dtype);
    t.deepEqual(shape, [count, d]);
    const mean = new Float64Array(d);
    const squares = new Float64Array(d);
    for (let i = 0; i < count; i++) {
      const row = data.subarray(i * d, (i + 1) * d);
      const length = Math.sqrt(sumOf(row, (x) => x * x));
      if (Math.abs(length - 1) > 3e-7) t.fail(`length ${length}`);
      row.forEach((x, k) => {
        mean[k] += x / count;
        squares[k] += x ** 2 / count;
      });
    }
    // E u² = 1/d, and Var u² = 2(d − 1)/(d²(d + 2)).
    const spread = Math.sqrt((2 * (d - 1)) / (d * d * (d + 2) * count));
    t.true(mean.every((x) => Math.abs(x) < 4 / Math.sqrt(d * count)));
    t.true(squares.every((x) => Math.abs(x - 1 / d) < 4 * spread + 1e-6));
    t.deepEqual(uniformDirections(count, d, 3, dtype).data, data);
    t.notDeepEqual(uniformDirections(count, d, 4, dtype).data, data);
  }
  for (const count of [0, -1, 0.5]) {
    t.throws(() => uniformDirections(count, 2, 0, 'float32'), { code: 'INVALID_ARGUMENT' });
    t.throws(() => uniformDirections(2, count, 0, 'float32'), { code: 'INVALID_ARGUMENT' });
  }
  t.throws(() => uniformDirections(2 ** 50, 3, 0, 'float32'), { code: 'OUT_OF_MEMORY' });
});

// Alone, because other tests would hold up the event loop.
test.serial('a long call reports progress, lets the event loop turn, and stops when aborted', async (t) => {
  const [a, b] = [25, 26].map((seed) => toFloat32(normalCloud(20_000, 4, seed)));
  // Loading the backend is not what is looked at.
  await slicedWasserstein(ndarray([[1, 2]]), ndarray([[2, 1]]));
  const controller = new AbortController();
  const seen: number[] = [];
  const finished = t.throwsAsync(
    slicedWasserstein(a, b, {
      directions: 20_000,
      signal: controller.signal,
      onProgress: (fraction) => seen.push(fraction),
    }),
    { code: 'ABORTED', name: 'AbortError' },
  );
  let turns = 0;
  for (const end = performance.now() + 10_000; seen.length < 3 && performance.now() < end; turns++) {
    await sleep(1);
  }
  controller.abort();
  await finished;
  t.true(turns > 3, `${turns} turns`);
  t.true(seen.length >= 3 && seen.every((f, i) => f > (seen[i - 1] ?? -1) && f < 1), seen.join(' '));
  const all: number[] = [];
  await slicedWasserstein(a, b, { directions: 40, onProgress: (fraction) => all.push(fraction) });
  t.is(all.at(-1), 1);
  t.true(all.every((f, i) => f >= (all[i - 1] ?? 0)));
});
