import test, { type ExecutionContext } from 'ava';
import type { DType, NdArray } from '../ts/core/array.js';
import { type Contraction, type Depth, transportCloud } from '../ts/dae/index.js';
import { largestDifference } from './clouds.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

function cloudOf(rows: readonly (readonly number[])[], dtype: DType = 'float64'): NdArray {
  const values = rows.flat();
  const data = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  return { data, shape: [rows.length, rows[0].length] };
}

function rowsOf({ data, shape: [n, d] }: NdArray): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));
}

const normalRows = (n: number, d: number, seed: number) => {
  const random = new Random(seed);
  return Array.from({ length: n }, () => random.normals(d));
};

const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0);

/** (s x + t Σ w_i x_i)/(s + t), w_i ∝ exp(−|x − x_i|²/2(s + t)), by plain loops. */
function shallowMap(rows: readonly number[][], s: number, t: number): number[][] {
  return rows.map((x) => {
    const weights = rows.map((y) => Math.exp(-squared(x, y) / (2 * (s + t))));
    const total = weights.reduce((a, b) => a + b);
    return x.map((value, k) => {
      const mean = weights.reduce((sum, weight, i) => sum + weight * rows[i][k], 0) / total;
      return (s * value + t * mean) / (s + t);
    });
  });
}

for (const { backend, dtype } of places) {
  const tolerance = dtype === 'float64' ? 1e-11 : 1e-5;

  test(`${backend} ${dtype}: one layer is the closed form of a smoothed cloud`, async (t) => {
    for (const [n, d, s, T] of [
      [2, 1, 1, 0.3],
      [50, 1, 0.1, 0.4],
      [97, 2, 0.3, 5],
      [60, 5, 2, 0.01],
      [40, 70, 20, 20],
    ]) {
      const rows = normalRows(n, d, n);
      const { positions, snapshots } = await transportCloud(cloudOf(rows, dtype), {
        depth: 1,
        T,
        smoothing: s,
        backend,
      });
      const expected = cloudOf(shallowMap(rows, s, T));
      const difference = largestDifference(expected, positions);
      t.true(difference < tolerance, `n = ${n}, d = ${d}, s = ${s}, T = ${T}: off by ${difference}`);
      t.deepEqual(positions.shape, [n, d]);
      t.is(positions.data.constructor.name, dtype === 'float64' ? 'Float64Array' : 'Float32Array');
      t.deepEqual(snapshots.times, [0, T]);
    }
  });

  test(`${backend} ${dtype}: two far-apart points collapse at s/2`, async (t) => {
    for (const s of [1e-3, 1, 50]) {
      const far = cloudOf(
        [
          [0, 0],
          [1000, 0],
        ],
        dtype,
      );
      const options = { depth: 'continuous' as const, smoothing: s, backend };
      const error = await t.throwsAsync(transportCloud(far, { ...options, T: 0.7 * s }), {
        code: 'COLLAPSED',
        message: /collapses at time .*choose T below/,
      });
      const { collapseTime, T } = (error as unknown as { details: Record<string, number> }).details;
      t.true(Math.abs(collapseTime / (s / 2) - 1) < 1e-5, `s = ${s}: ${collapseTime}`);
      t.is(T, 0.7 * s);
      const { positions, smoothing } = await transportCloud(far, { ...options, T: 0.49 * s });
      t.true(Math.abs(smoothing / (s - 0.98 * s) - 1) < 1e-2, `s = ${s}: ${smoothing}`);
      t.true(largestDifference(positions, far) < 1e-3);
    }
  });
}

exactly('composed layers of a Gaussian cloud have the known variances', async (t) => {
  // Quantiles of N(0, ½), smoothed by ½: N(0, 1). The table of variances at T = 0.3.
  const n = 1500;
  const random = new Random(1);
  const half = Array.from({ length: n / 2 }, (_, i) => normalQuantile((i + 0.5) / n) * Math.SQRT1_2);
  const rows = [...half, ...half.map((x) => -x)].map((x) => [x]).sort(() => random.uniform() - 0.5);
  const variance = (points: NdArray) => rowsOf(points).reduce((sum, [x]) => sum + x * x, 0) / n;
  const before = variance(cloudOf(rows));
  const table: [Depth, number][] = [
    [1, 0.591716],
    [2, 0.526525],
    [4, 0.477015],
    [8, 0.443744],
    [16, 0.423597],
    ['continuous', 0.4],
  ];
  for (const [depth, expected] of table) {
    const { positions, smoothing } = await transportCloud(cloudOf(rows), { depth, T: 0.3, smoothing: 0.5 });
    t.true(Math.abs(variance(positions) / before - expected) < 2e-3, `depth ${depth}`);
    t.true(Math.abs(2 * smoothing - expected) < 2e-3, `depth ${depth}: smoothing ${smoothing}`);
  }
});

exactly('a cloud on a line in space moves, and its smoothing contracts, as on the line alone', async (t) => {
  // Of N(0, 1) smoothed as above; in d dimensions d − 1 directions hold nothing. Few enough to ask every point.
  const n = 600;
  const line = Array.from({ length: n }, (_, i) => [normalQuantile((i + 0.5) / n) * Math.SQRT1_2]);
  for (const direction of [
    [1, 0, 0],
    [2, -3, 6],
    [1, 2, 2, 4, 5, 1],
  ]) {
    const length = Math.hypot(...direction);
    const unit = direction.map((value) => value / length);
    const rows = line.map(([x]) => unit.map((value) => 3 + value * x));
    for (const depth of [1, 4, 'continuous'] as const) {
      const options = { depth, T: 0.3, smoothing: 0.5 };
      const alone = await transportCloud(cloudOf(line), options);
      const inSpace = await transportCloud(cloudOf(rows), options);
      t.true(
        Math.abs(inSpace.smoothing / alone.smoothing - 1) < 1e-6,
        `depth ${depth}: ${inSpace.smoothing}`,
      );
      const there = rowsOf(alone.positions).map(([x]) => unit.map((value) => 3 + value * x));
      t.true(largestDifference(inSpace.positions, cloudOf(there)) < 1e-5, `depth ${depth}`);
      // By the mean over all directions the empty ones decide: the continuous run would collapse before T.
      if (depth === 'continuous') continue;
      const trace = await transportCloud(cloudOf(rows), { ...options, contraction: 'trace' });
      t.true(trace.smoothing < 0.8 * alone.smoothing, `depth ${depth}: ${trace.smoothing}`);
    }
  }
});

exactly(
  'the contraction is measured at some of many points: near what all of them say, the same by a seed',
  async (t) => {
    const n = 3000;
    const d = 24;
    const random = new Random(11);
    // A plane of 4 dimensions in 24, with little across.
    const rows = Array.from({ length: n }, () => random.normals(d).map((x, k) => (k < 4 ? x : 0.02 * x)));
    const run = (seed: number, depth: Depth = 4) =>
      transportCloud(cloudOf(rows), { depth, T: 0.1, smoothing: 0.25, seed, snapshots: 1 });
    const own = (
      await transportCloud(cloudOf(rows.map((row) => row.slice(0, 4))), { depth: 4, T: 0.1, smoothing: 0.25 })
    ).smoothing;
    const some = await Promise.all([1, 2, 3, 4].map(async (seed) => (await run(seed)).smoothing));
    for (const smoothing of some)
      t.true(Math.abs(Math.log(smoothing / own)) < 0.05, `${smoothing}, in the plane ${own}`);
    t.true(new Set(some).size === 4);
    t.is((await run(1)).smoothing, some[0]);
  },
);

/** By bisection on the error function's series, good to 1e-9 in the range used. */
function normalQuantile(p: number): number {
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const distribution = (x: number) => {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density(x) * sum;
  };
  let [low, high] = [-6, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (distribution(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

exactly('the shallow map is an optimal coupling', async (t) => {
  for (const [n, d, s, T] of [
    [80, 2, 0.2, 0.3],
    [80, 5, 1, 10],
  ]) {
    const rows = normalRows(n, d, 2);
    const { positions } = await transportCloud(cloudOf(rows), { depth: 1, T, smoothing: s });
    const images = rowsOf(positions);
    // No swap, and no cycle of three, lowers the cost.
    const gain = (cycle: number[]) =>
      cycle.reduce((sum, i, c) => {
        const next = cycle[(c + 1) % cycle.length];
        return sum + squared(rows[i], images[i]) - squared(rows[i], images[next]);
      }, 0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        if (gain([i, j]) > 1e-12) t.fail(`swap ${i} ${j}`);
        const third = (i + 7 * j) % n;
        if (third !== i && third !== j && gain([i, j, third]) > 1e-12) t.fail(`cycle ${i} ${j} ${third}`);
      }
    }
  }
  // Of all couplings of few points.
  const rows = normalRows(6, 2, 3);
  const { positions } = await transportCloud(cloudOf(rows), { depth: 1, T: 2, smoothing: 0.5 });
  const images = rowsOf(positions);
  const cheapest = (left: number[], i: number): number =>
    left.length === 0
      ? 0
      : Math.min(
          ...left.map(
            (j) =>
              squared(rows[i], images[j]) +
              cheapest(
                left.filter((other) => other !== j),
                i + 1,
              ),
          ),
        );
  const own = rows.reduce((sum, row, i) => sum + squared(row, images[i]), 0);
  t.true(Math.abs(cheapest([0, 1, 2, 3, 4, 5], 0) - own) < 1e-13);
});

exactly('composed maps converge to the continuous one at first order in 1/depth', async (t) => {
  const cloud = cloudOf(normalRows(60, 2, 4));
  const options = { T: 0.2, smoothing: 0.5 };
  const limit = await transportCloud(cloud, { ...options, depth: 'continuous' });
  const depths = [32, 64, 128, 256];
  const errors: number[] = [];
  for (const depth of depths) {
    const { positions, smoothing, action } = await transportCloud(cloud, { ...options, depth });
    errors.push(largestDifference(positions, limit.positions));
    t.true(Math.abs(smoothing - limit.smoothing) < 0.1 / depth);
    t.true(Math.abs(action / limit.action - 1) < 10 / depth);
  }
  const logs = depths.map((depth, i) => [Math.log(depth), Math.log(errors[i])]);
  const [meanX, meanY] = [0, 1].map((k) => logs.reduce((sum, row) => sum + row[k], 0) / logs.length);
  const order =
    -logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  t.true(Math.abs(order - 1) < 0.05, `order ${order}, errors ${errors.join(' ')}`);
});

exactly('the continuous map solves dx/dt = ∇log μ_t(x): a plain fine Euler method agrees', async (t) => {
  for (const contraction of ['spread', 'trace'] as const) await agreesWithEuler(t, contraction);
});

async function agreesWithEuler(t: ExecutionContext, contraction: Contraction): Promise<void> {
  const rows = normalRows(12, 2, 5);
  const [s, T, steps] = [0.4, 0.15, 4000];
  const { positions, smoothing, action } = await transportCloud(cloudOf(rows), {
    depth: 'continuous',
    T,
    smoothing: s,
    contraction,
  });
  let points = rows;
  let variance = s;
  let plainAction = 0;
  for (let step = 0; step < steps; step++) {
    const h = T / steps;
    let rate = 0;
    const velocity = points.map((x) => {
      const weights = points.map((y) => Math.exp(-squared(x, y) / (2 * variance)));
      const total = weights.reduce((a, b) => a + b);
      const mean = x.map((_, k) => weights.reduce((sum, w, i) => sum + w * points[i][k], 0) / total);
      const covariance = (k: number, l: number) =>
        weights.reduce((sum, w, i) => sum + w * (points[i][k] - mean[k]) * (points[i][l] - mean[l]), 0) /
        total;
      const [a, b, c] = [covariance(0, 0), covariance(0, 1), covariance(1, 1)];
      // A mean of the posterior covariance's eigenvalues: by themselves, or all alike.
      const eigenvalue = contraction === 'spread' ? (a * a + 2 * b * b + c * c) / (a + c) : (a + c) / 2;
      rate += (2 * (eigenvalue / variance - 1)) / variance / points.length;
      return x.map((value, k) => (mean[k] - value) / variance);
    });
    plainAction += (h * velocity.flat().reduce((sum, v) => sum + v * v, 0)) / points.length;
    points = points.map((x, i) => x.map((value, k) => value + h * velocity[i][k]));
    variance *= Math.exp(h * rate);
  }
  t.true(largestDifference(positions, cloudOf(points)) < 3e-4);
  t.true(Math.abs(smoothing / variance - 1) < 1e-3);
  t.true(Math.abs(action / plainAction - 1) < 1e-3);
}

exactly('the continuous map never collapses before s/2, and says when it does', async (t) => {
  const clouds = {
    pair: [[0], [0.5]],
    coincident: [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
    dense: normalRows(50, 2, 6).map((row) => row.map((x) => 0.1 * x)),
    isolated: normalRows(20, 3, 7).map((row) => row.map((x) => 100 * x)),
  };
  for (const [name, rows] of Object.entries(clouds)) {
    for (const dtype of ['float64', 'float32'] as const) {
      const run = (T: number) =>
        transportCloud(cloudOf(rows, dtype), { depth: 'continuous', smoothing: 1, T, snapshots: 1 });
      const { positions, smoothing } = await run(0.4999);
      t.true(positions.data.every(Number.isFinite) && smoothing > 0, name);
      const error = await t.throwsAsync(run(1e6), { code: 'COLLAPSED' }, name);
      const { collapseTime } = (error as unknown as { details: { collapseTime: number } }).details;
      t.true(collapseTime > 0.499999, `${name}: ${collapseTime}`);
      await t.notThrowsAsync(run(0.999 * collapseTime), name);
      await t.throwsAsync(run(1.001 * collapseTime), { code: 'COLLAPSED' }, name);
      // Layers have no such end.
      const layered = await transportCloud(cloudOf(rows, dtype), { depth: 4, smoothing: 1, T: 1e6 });
      t.true(layered.positions.data.every(Number.isFinite), name);
    }
  }
});

exactly('coincident points stay together, and the other points feel both', async (t) => {
  const rows = normalRows(10, 3, 8);
  const twice = [...rows, ...rows];
  for (const depth of [1, 4, 'continuous'] as const) {
    const options = { depth, T: 0.2, smoothing: 0.5 };
    const single = await transportCloud(cloudOf(rows), options);
    const double = rowsOf((await transportCloud(cloudOf(twice), options)).positions);
    // Doubling every point does not change the measure.
    const first = cloudOf(double.slice(0, 10));
    t.true(largestDifference(first, single.positions) < 1e-12, String(depth));
    t.true(largestDifference(first, cloudOf(double.slice(10))) < 1e-12, String(depth));
  }
});

exactly('snapshots go from the cloud itself to its end', async (t) => {
  const cloud = cloudOf(normalRows(20, 2, 9));
  for (const [depth, asked, expected] of [
    [1, 8, 2],
    [5, 5, 6],
    [32, 4, 5],
    [32, undefined, 17],
    [3, 1, 2],
    ['continuous', 6, 7],
    ['continuous', 3, 4],
    ['continuous', 1, 2],
  ] as const) {
    const result = await transportCloud(cloud, { depth, T: 0.2, smoothing: 0.5, snapshots: asked });
    const { times, positions } = result.snapshots;
    t.is(times.length, expected, `depth ${depth}, ${asked} snapshots`);
    t.is(positions.length, expected);
    t.is(times[0], 0);
    t.is(times.at(-1), 0.2);
    t.true(times.every((time, i) => i === 0 || time > times[i - 1]));
    t.deepEqual(positions[0].data, cloud.data);
    t.deepEqual(positions.at(-1)?.data, result.positions.data);
  }
  // A snapshot is where a shorter run would have ended.
  const { snapshots } = await transportCloud(cloud, { depth: 4, T: 0.2, smoothing: 0.5 });
  const shorter = await transportCloud(cloud, { depth: 2, T: 0.1, smoothing: 0.5 });
  t.true(largestDifference(snapshots.positions[2], shorter.positions) < 1e-14);
});

exactly('bad input is refused with its code', async (t) => {
  const cloud = cloudOf(normalRows(5, 2, 10));
  const good = { depth: 2, T: 0.1, smoothing: 0.5 };
  const refuse = (code: string, points: unknown, options: object) =>
    t.throwsAsync(transportCloud(points as NdArray, options as typeof good), { code });
  for (const bad of [0, -1, NaN, Infinity, '1', undefined, null]) {
    await refuse('INVALID_ARGUMENT', cloud, { ...good, T: bad });
    await refuse('INVALID_ARGUMENT', cloud, { ...good, smoothing: bad });
    await refuse('INVALID_ARGUMENT', cloud, { ...good, depth: bad });
  }
  for (const depth of [1.5, 'deep', 2n, [2]]) await refuse('INVALID_ARGUMENT', cloud, { ...good, depth });
  for (const snapshots of [0, -1, 1.5, null]) await refuse('INVALID_ARGUMENT', cloud, { ...good, snapshots });
  await refuse('EMPTY_CLOUD', cloudOf([[1, 2]]), good);
  await refuse('INVALID_SHAPE', { data: cloud.data, shape: [10] }, good);
  await refuse('INVALID_DTYPE', cloud, { ...good, dtype: 'float16' });
  await refuse('UNSUPPORTED', cloud, { ...good, backend: 'tfjs-wasm' });
  await refuse('INVALID_ARGUMENT', cloud, { ...good, backend: 'gpu' });
  for (const depth of [1, 'continuous']) {
    const spoilt = cloudOf([
      [1, 2],
      [3, NaN],
    ]);
    const error = await t.throwsAsync(transportCloud(spoilt, { ...good, depth: depth as Depth }), {
      code: 'NON_FINITE',
    });
    t.like(error, { details: { parameter: 'points', row: 1, column: 1 } });
    await refuse('ABORTED', cloud, { ...good, depth, signal: AbortSignal.abort() });
  }
});
