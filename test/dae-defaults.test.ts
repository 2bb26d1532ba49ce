import type { NdArray } from '../ts/core/array.js';
import { defaultNoise, defaultSmoothing } from '../ts/dae/index.js';
import { mapCloud, plainNormalCloud, toFloat32 } from './clouds.js';
import { exactly } from './native.js';
import { squaredDistance, toRows } from './reference/kernels.js';

/** The cloud with the first `count` points put where the first is. */
function withCoincident(cloud: NdArray, count: number): NdArray {
  const data = cloud.data.slice();
  const d = cloud.shape[1];
  for (let i = 1; i < count; i++) data.copyWithin(i * d, 0, d);
  return { data, shape: cloud.shape };
}

/** Mean entropy of the weights w_i ∝ exp(−|x − x_i|²/2s) over the points x, by plain loops. */
function meanWeightEntropy({ data, shape: [n, d] }: NdArray, s: number): number {
  const rows = toRows({ data, rows: n, columns: d });
  const entropies = rows.map((x) => {
    const weights = rows.map((y) => Math.exp(-squaredDistance(x, y) / (2 * s)));
    const total = weights.reduce((a, b) => a + b);
    return weights.reduce((sum, w) => (w > 0 ? sum - (w / total) * Math.log(w / total) : sum), 0);
  });
  return entropies.reduce((a, b) => a + b) / n;
}

exactly("the weights' mean entropy at the default smoothing is that of n^(2/3) points", async (t) => {
  for (const [n, d] of [
    [2, 3],
    [3, 1],
    [50, 1],
    [150, 2],
    [150, 20],
  ]) {
    const cloud = plainNormalCloud(n, d, n + d);
    const entropy = meanWeightEntropy(cloud, await defaultSmoothing(cloud));
    t.true(Math.abs(entropy - (2 / 3) * Math.log(n)) < 2e-3, `n = ${n}, d = ${d}: ${entropy}`);
  }
});

exactly('where points coincide, the rule is that of the distinct ones', async (t) => {
  const cloud = plainNormalCloud(40, 2, 1);
  // Every point three times: the same measure.
  const thrice = { data: Float64Array.from([...cloud.data, ...cloud.data, ...cloud.data]), shape: [120, 2] };
  t.true(Math.abs((await defaultSmoothing(thrice)) / (await defaultSmoothing(cloud)) - 1) < 2e-3);
  // Most points in one place, more than n^(2/3) of them.
  for (const [n, d, count] of [
    [100, 1, 90],
    [100, 5, 99],
    [30, 2, 12],
  ]) {
    const crowd = withCoincident(plainNormalCloud(n, d, 2), count);
    const least = (count / n) * Math.log(count);
    const target = least + (2 / 3) * (Math.log(n) - least);
    const s = await defaultSmoothing(crowd);
    t.true(Math.abs(meanWeightEntropy(crowd, s) - target) < 2e-3, `${count} of ${n}: ${s}`);
    const single = await defaultSmoothing(toFloat32(crowd));
    t.true(Math.abs(single / s - 1) < 3e-3, `${count} of ${n} in float32: ${single}, ${s}`);
  }
});

exactly('the rule scales with the square of the unit and does not see the origin', async (t) => {
  const cloud = plainNormalCloud(200, 3, 3);
  const s = await defaultSmoothing(cloud);
  for (const unit of [1000, 1e-3, 1e100, 1e-100]) {
    const scaled = await defaultSmoothing(mapCloud(cloud, (x) => unit * x));
    t.true(Math.abs(scaled / unit ** 2 / s - 1) < 1e-9, `unit ${unit}`);
  }
  for (const unit of [1000, 1e-15, 1e15]) {
    const scaled = await defaultSmoothing(toFloat32(mapCloud(cloud, (x) => unit * x)));
    t.true(Math.abs(scaled / unit ** 2 / s - 1) < 2e-3, `unit ${unit} in float32`);
  }
  t.true(Math.abs((await defaultSmoothing(mapCloud(cloud, (x) => x + 1e4))) / s - 1) < 1e-6);
  // A constant column adds nothing.
  const rows = toRows({ data: cloud.data, rows: 200, columns: 3 });
  const wider = { data: Float64Array.from(rows.flatMap((row) => [...row, 0.1])), shape: [200, 4] };
  t.true(Math.abs((await defaultSmoothing(wider)) / s - 1) < 2e-3);
});

exactly('a large cloud is judged by a sample of its points, the same for the same seed', async (t) => {
  const cloud = plainNormalCloud(3000, 2, 4);
  const s = await defaultSmoothing(cloud);
  t.is(await defaultSmoothing(cloud, { seed: 0 }), s);
  const others = await Promise.all([1, 2, 3].map((seed) => defaultSmoothing(cloud, { seed })));
  t.true(new Set([s, ...others]).size > 1);
  t.true(
    others.every((other) => Math.abs(other / s - 1) < 0.05),
    others.join(' '),
  );
});

exactly('dtypes and backends agree', async (t) => {
  const cloud = plainNormalCloud(150, 6, 5);
  const s = await defaultSmoothing(cloud);
  const single = await defaultSmoothing(toFloat32(cloud));
  t.is(await defaultSmoothing(cloud, { dtype: 'float32' }), single);
  const onTfjs = await defaultSmoothing(toFloat32(cloud), { backend: 'tfjs-wasm' });
  for (const other of [single, onTfjs]) t.true(Math.abs(other / s - 1) < 2e-3, `${other}, ${s}`);
});

exactly('bad input is refused with its code', async (t) => {
  const cloud = plainNormalCloud(10, 2, 6);
  const refuse = (code: string, points: unknown, options?: object) =>
    t.throwsAsync(defaultSmoothing(points as NdArray, options), { code });
  await refuse('EMPTY_CLOUD', { data: new Float64Array(2), shape: [1, 2] });
  for (const value of [0, 0.1, -1e9]) {
    await refuse('DEGENERATE_CLOUD', { data: new Float64Array(21).fill(value), shape: [7, 3] });
    await refuse('DEGENERATE_CLOUD', { data: new Float32Array(21).fill(value), shape: [7, 3] });
  }
  await refuse(
    'NON_FINITE',
    mapCloud(cloud, (x, i) => (i === 3 ? Infinity : x)),
  );
  await refuse('INVALID_SHAPE', { data: cloud.data, shape: [20] });
  await refuse('INVALID_DTYPE', cloud, { dtype: 'half' });
  await refuse('ABORTED', cloud, { signal: AbortSignal.abort() });
  t.is(defaultNoise(2), 0.8);
});
