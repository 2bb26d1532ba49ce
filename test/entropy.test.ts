import test from 'ava';
import { type NdArray, ndarray, toDtype } from '../ts/core/array.js';
import type { BackendName } from '../ts/core/options.js';
import { RandomStream } from '../ts/core/random.js';
import { entropyFromDistances, nearestNeighbourEntropy } from '../ts/entropy/index.js';
import { nearestNeighbours } from '../ts/entropy/nearest-neighbours.js';
import { digammaInteger, logUnitBallVolume } from '../ts/entropy/special.js';
import { mapCloud, normalCloud } from './clouds.js';
import { exactly } from './native.js';

const NORMAL_ENTROPY = 0.5 * Math.log(2 * Math.PI * Math.E);

/** −∫ p log p by the trapezoidal rule, for a density on the line that vanishes beyond ±12. */
function entropyOfDensity(p: (x: number) => number): number {
  const step = 1e-3;
  let sum = 0;
  for (let x = -12; x <= 12; x += step) if (p(x) > 0) sum -= step * p(x) * Math.log(p(x));
  return sum;
}

for (const d of [1, 2, 10]) {
  exactly(`the estimate is within three standard errors of a Gaussian's entropy, d = ${d}`, async (t) => {
    // Not too far from each other: in 10 dimensions a ball around a point would not fit into a narrow direction.
    const deviations = Array.from({ length: d }, (_, k) => 3 + 0.05 * k);
    const cloud = mapCloud(normalCloud(3000, d, 1), (value, i) => 7 + deviations[i % d] * value);
    const { value, standardError } = await nearestNeighbourEntropy(cloud);
    const expected = d * NORMAL_ENTROPY + deviations.reduce((sum, s) => sum + Math.log(s), 0);
    t.true(Math.abs(value - expected) < 3 * standardError, `${value} ± ${standardError}, not ${expected}`);
    t.true(standardError < 0.05);
  });

  exactly(`the estimate is within three standard errors of a mixture's entropy, d = ${d}`, async (t) => {
    // Two Gaussians along the first axis, a standard one along the others.
    const [weight, left, right] = [0.3, { mean: -1.5, s: 0.9 }, { mean: 1.5, s: 1.1 }];
    const cloud = mapCloud(normalCloud(3000, d, 2), (value, i) => {
      if (i % d > 0) return value;
      const { mean, s } = i / d < weight * 3000 ? left : right;
      return mean + s * value;
    });
    const normal = (x: number, { mean, s }: typeof left) =>
      Math.exp(-((x - mean) ** 2) / (2 * s * s)) / (s * Math.sqrt(2 * Math.PI));
    const expected =
      entropyOfDensity((x) => weight * normal(x, left) + (1 - weight) * normal(x, right)) +
      (d - 1) * NORMAL_ENTROPY;
    const { value, standardError } = await nearestNeighbourEntropy(cloud);
    t.true(Math.abs(value - expected) < 3 * standardError, `${value} ± ${standardError}, not ${expected}`);
  });
}

exactly(
  'the entropy of a uniform cube is 0: within three standard errors in low dimension, from above in high',
  async (t) => {
    const estimate = (n: number, d: number) => {
      const data = new Float64Array(n * d);
      new RandomStream(3, 'sample').fillUniform(data);
      return nearestNeighbourEntropy({ data, shape: [n, d] }, { k: 1 });
    };
    for (const d of [1, 2]) {
      const { value, standardError } = await estimate(4000, d);
      t.true(Math.abs(value) < 3 * standardError, `d = ${d}: ${value} ± ${standardError}`);
    }
    // Most balls around a point stick out of a cube of 10 dimensions.
    const [few, many] = [await estimate(500, 10), await estimate(4000, 10)];
    t.true(many.value > 0 && many.value < few.value && few.value < 4, `${few.value}, ${many.value}`);
  },
);

exactly('H(aX + c) = H(X) + d log a, to rounding', async (t) => {
  for (const d of [1, 3, 12]) {
    const cloud = normalCloud(300, d, 4);
    const { value, standardError } = await nearestNeighbourEntropy(cloud);
    for (const a of [2 ** -30, 2 ** 10, 1e3, 1e-3]) {
      const scaled = await nearestNeighbourEntropy(mapCloud(cloud, (x) => a * x));
      const tolerance = Number.isInteger(Math.log2(a)) ? 1e-13 : 1e-11;
      t.true(Math.abs(scaled.value - (value + d * Math.log(a))) < d * tolerance * 30, `d = ${d}, a = ${a}`);
      t.true(Math.abs(scaled.standardError / standardError - 1) < 1e-9);
    }
    const shifted = await nearestNeighbourEntropy(mapCloud(cloud, (x) => x + 1000));
    t.true(Math.abs(shifted.value - value) < 1e-9, `d = ${d}, shifted by ${shifted.value - value}`);
    const single = { data: Float32Array.from(cloud.data), shape: cloud.shape };
    const thousandfold = { data: single.data.map((x) => 1000 * x), shape: cloud.shape };
    const difference =
      (await nearestNeighbourEntropy(thousandfold)).value - (await nearestNeighbourEntropy(single)).value;
    t.true(Math.abs(difference - d * Math.log(1000)) < 1e-4 * d, `float32, d = ${d}: ${difference}`);
  }
});

exactly('the estimate is the formula on the distances to the k-th neighbours', async (t) => {
  const cloud = ndarray([[0], [1], [3], [7]], undefined, 'float64');
  const logs = (distances: number[]) => distances.reduce((sum, e) => sum + Math.log(e), 0) / 4;
  // ψ(4) − ψ(1) = 1 + 1/2 + 1/3; ψ(4) − ψ(2) = 1/2 + 1/3; V₁ = 2.
  const first = await nearestNeighbourEntropy(cloud, { k: 1 });
  t.true(Math.abs(first.value - (11 / 6 + Math.log(2) + logs([1, 1, 2, 4]))) < 1e-14);
  const second = await nearestNeighbourEntropy(cloud, { k: 2 });
  t.true(Math.abs(second.value - (5 / 6 + Math.log(2) + logs([3, 2, 3, 6]))) < 1e-14);
  const stored = entropyFromDistances(Float64Array.of(1, 3, 1, 2, 2, 3, 4, 6), {
    n: 4,
    d: 1,
    k: 1,
    stride: 2,
  });
  t.deepEqual(stored, first);
  // By default the third neighbour, or the last there is.
  t.deepEqual(await nearestNeighbourEntropy(cloud), await nearestNeighbourEntropy(cloud, { k: 3 }));
  const two = { data: cloud.data.subarray(0, 2), shape: [2, 1] };
  t.true(Math.abs((await nearestNeighbourEntropy(two)).value - (1 + Math.log(2))) < 1e-14);
});

exactly('more than k coincident points make the entropy −∞', async (t) => {
  for (const d of [1, 2, 30]) {
    const cloud = normalCloud(400, d, 5);
    for (let copy = 1; copy <= 3; copy++) cloud.data.copyWithin(copy * d, 0, d);
    const { value, standardError } = await nearestNeighbourEntropy(cloud, { k: 3 });
    t.is(value, -Infinity);
    t.is(standardError, NaN);
    t.true(Number.isFinite((await nearestNeighbourEntropy(cloud, { k: 4 })).value));
  }
});

exactly('dtype asks for the precision of the computation', async (t) => {
  const cloud = normalCloud(200, 3, 6);
  const single = { data: Float32Array.from(cloud.data), shape: cloud.shape };
  t.deepEqual(
    await nearestNeighbourEntropy(cloud, { dtype: 'float32' }),
    await nearestNeighbourEntropy(single),
  );
  const { value } = await nearestNeighbourEntropy(single, { dtype: 'float64' });
  t.is(value, (await nearestNeighbourEntropy(toDtype(single, 'float64'))).value);
  const onTfjs = { backend: 'tfjs-wasm' as const };
  await t.throwsAsync(nearestNeighbourEntropy(cloud, onTfjs), { code: 'UNSUPPORTED' });
  const there = await nearestNeighbourEntropy(cloud, { ...onTfjs, dtype: 'float32' });
  t.true(Math.abs(there.value - value) < 1e-4);
});

exactly('bad input is refused with its code', async (t) => {
  const cloud = normalCloud(20, 2, 7);
  const refuse = (code: string, points: unknown, options?: object) =>
    t.throwsAsync(nearestNeighbourEntropy(points as NdArray, options), { code }, JSON.stringify(options));
  await refuse('EMPTY_CLOUD', { data: new Float32Array(0), shape: [0, 2] });
  await refuse('EMPTY_CLOUD', { data: new Float32Array(2), shape: [1, 2] });
  await refuse('INVALID_SHAPE', { data: cloud.data, shape: [40] });
  await refuse('INVALID_SHAPE', { data: cloud.data, shape: [20, 3] });
  await refuse('INVALID_DTYPE', { data: new Int32Array(40), shape: [20, 2] });
  await refuse('INVALID_ARGUMENT', undefined);
  for (const k of [0, -1, 20, 1.5, NaN, '3']) await refuse('INVALID_ARGUMENT', cloud, { k });
  await refuse('INVALID_ARGUMENT', cloud, { backend: 'gpu' as BackendName });
  await refuse('INVALID_DTYPE', cloud, { dtype: 'float16' });
  await refuse('ABORTED', cloud, { signal: AbortSignal.abort() });
  for (const bad of [NaN, Infinity, -Infinity]) {
    const spoilt = mapCloud(cloud, (x, i) => (i === 13 ? bad : x));
    const error = await t.throwsAsync(nearestNeighbourEntropy(spoilt), { code: 'NON_FINITE' });
    t.like(error, { details: { parameter: 'points', row: 6, column: 1 } });
  }
  const distances = new Float64Array(10);
  for (const shape of [
    { n: 5, d: 1, k: 0, stride: 2 },
    { n: 5, d: 1, k: 3, stride: 2 },
    { n: 6, d: 1, k: 1, stride: 2 },
  ]) {
    t.throws(() => entropyFromDistances(distances, shape), { code: 'INVALID_SHAPE' });
  }
});

exactly('nearestNeighbours finds neighbours in the cloud itself and in another one', async (t) => {
  const line = ndarray([[0], [1], [3], [7]], undefined, 'float64');
  const own = await nearestNeighbours(line, undefined, { k: 2 });
  t.deepEqual([...own.indices], [1, 2, 0, 2, 1, 0, 2, 1]);
  t.deepEqual(own.distances, { data: Float64Array.of(1, 3, 1, 2, 2, 3, 4, 6), shape: [4, 2] });
  const other = await nearestNeighbours(ndarray([[2.9], [100]], undefined, 'float64'), line, { k: 1 });
  t.deepEqual([...other.indices], [2, 3]);
  // A cloud among itself, without skipping: every point is its own neighbour.
  t.deepEqual([...(await nearestNeighbours(line, line, { k: 1 })).indices], [0, 1, 2, 3]);
  t.true(
    (await nearestNeighbours(line, line, { k: 1, dtype: 'float32' })).distances.data instanceof Float32Array,
  );
});

exactly('nearestNeighbours refuses bad input with its code', async (t) => {
  const line = ndarray([[0], [1], [3]]);
  const one = ndarray([[0]]);
  const refuse = (code: string, queries: NdArray, points: NdArray | undefined, options: object | undefined) =>
    t.throwsAsync(nearestNeighbours(queries, points, options as { k: number }), { code });
  await refuse('EMPTY_CLOUD', one, undefined, { k: 1 });
  await refuse('INVALID_ARGUMENT', line, undefined, { k: 3 });
  await refuse('INVALID_ARGUMENT', line, line, { k: 4 });
  await refuse('INVALID_ARGUMENT', line, line, undefined);
  await refuse('INVALID_SHAPE', line, ndarray([[1, 2]]), { k: 1 });
  await refuse('INVALID_DTYPE', line, ndarray([[1]], undefined, 'float64'), { k: 1 });
  await refuse('NON_FINITE', line, ndarray([[NaN]]), { k: 1 });
  await refuse('NON_FINITE', ndarray([[NaN]]), line, { k: 1 });
});

test('the volume of the unit ball and the digamma function have their known values', (t) => {
  const volumes: [number, number][] = [
    [1, Math.log(2)],
    [2, Math.log(Math.PI)],
    [3, Math.log((4 / 3) * Math.PI)],
    [10, Math.log(Math.PI ** 5 / 120)],
    [11, Math.log((64 * Math.PI ** 5) / 10395)],
    // π⁵⁰/50!
    [100, 50 * Math.log(Math.PI) - 148.47776695177302],
  ];
  for (const [d, expected] of volumes) {
    t.true(Math.abs(logUnitBallVolume(d) - expected) < 1e-13 * Math.max(1, Math.abs(expected)), `d = ${d}`);
  }
  const values: [number, number][] = [
    [1, -0.5772156649015329],
    [2, 0.42278433509846713],
    [10, 2.251752589066721],
    [100, 4.600161852738087],
    [1e6, 13.815510057964191],
  ];
  for (const [n, expected] of values) {
    t.true(Math.abs(digammaInteger(n) - expected) < 4e-15 * Math.max(1, expected), `ψ(${n})`);
  }
  for (let n = 1; n < 60; n++) {
    t.true(Math.abs(digammaInteger(n + 1) - digammaInteger(n) - 1 / n) < 2e-14, `ψ(${n} + 1) − ψ(${n})`);
  }
});
