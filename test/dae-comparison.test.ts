import type { NdArray } from '../ts/core/array.js';
import {
  type DepthComparison,
  type DepthComparisonOptions,
  type DepthRun,
  DEFAULT_DEPTHS,
  compareDepths,
  defaultNoise,
  defaultSmoothing,
  transportCloud,
} from '../ts/dae/index.js';
import { largestDifference, mapCloud, plainNormalCloud, toFloat32 } from './clouds.js';
import { exactly } from './native.js';
import { Random } from './reference/random.js';

/** Three Gaussians around different places, and which of them each point is of. */
function clusters(n: number, d: number, seed: number): { cloud: NdArray; labels: Int32Array } {
  const random = new Random(seed);
  const centres = Array.from({ length: 3 }, () => random.normals(d).map((x) => 1.5 * x));
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  const data = Float64Array.from({ length: n * d }, (_, i) => {
    return centres[Math.floor(i / d) % 3][i % d] + random.normal();
  });
  return { cloud: { data, shape: [n, d] }, labels };
}

const close = (a: number, b: number, relative: number) => Math.abs(a - b) <= relative * Math.abs(b);

/** Runs of two comparisons at the same depth, and the start as if it were one. */
function pairs(a: DepthComparison, b: DepthComparison): [DepthRun, DepthRun][] {
  return a.runs.map((run, i) => [run, b.runs[i]]);
}

/** All that does not depend on the clock. */
const withoutTimes = ({ runs, ...rest }: DepthComparison) => ({
  ...rest,
  runs: runs.map((run) => ({ ...run, seconds: 0 })),
});

exactly('a comparison says of every depth what it did', async (t) => {
  const { cloud, labels } = clusters(150, 3, 1);
  const reported: DepthRun[] = [];
  const before = structuredClone(cloud);
  const comparison = await compareDepths(cloud, { labels, onRun: (run) => reported.push(run) });
  t.deepEqual(cloud, before);
  t.like(comparison, {
    n: 150,
    d: 3,
    dtype: 'float64',
    seed: 0,
    chosen: { T: 'default', smoothing: 'default' },
  });
  t.is(comparison.smoothing, await defaultSmoothing(cloud));
  t.is(comparison.T, defaultNoise(comparison.smoothing));
  t.deepEqual(
    comparison.runs.map(({ depth }) => depth),
    [...DEFAULT_DEPTHS],
  );
  t.deepEqual(reported, comparison.runs);
  for (const run of comparison.runs) {
    const { T, smoothing } = comparison;
    const { positions } = await transportCloud(cloud, { depth: run.depth, T, smoothing });
    t.deepEqual(run.positions, positions, `depth ${run.depth}`);
    const moves = Array.from({ length: 150 }, (_, i) =>
      Math.hypot(...[0, 1, 2].map((k) => positions.data[3 * i + k] - cloud.data[3 * i + k])),
    );
    t.true(close(run.displacement, moves.reduce((a, b) => a + b) / 150, 1e-12));
    const rootMeanSquare = Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / 150);
    t.true(run.w2 <= rootMeanSquare * (1 + 1e-12));
    t.is(run.w2Method, run.depth === 1 ? 'exact' : 'sliced');
    if (run.depth === 1) t.true(close(run.w2, rootMeanSquare, 1e-12) && close(run.straightness, 1, 1e-12));
    else
      t.true(
        run.straightness > 0.5 && run.straightness <= 1 + 1e-4,
        `depth ${run.depth}: ${run.straightness}`,
      );
    t.true(Math.sqrt(3) * run.slicedW2 < 1.1 * run.w2);
    t.true(close(run.straightness, run.w2 ** 2 / (comparison.T * run.action), 1e-12));
    t.true(run.finalSmoothing > 0 && run.finalSmoothing < comparison.smoothing && run.seconds > 0);
    if (run.depth === 'continuous') t.true(run.evaluations >= 6);
    else t.is(run.evaluations, run.depth);
    t.is(run.snapshots.times.at(-1), comparison.T);
    t.true(run.accuracy !== null && run.accuracy >= 0.5 && run.accuracy <= 1);
  }
  // Deeper maps concentrate the measure more.
  const entropies = [comparison.start, ...comparison.runs].map(({ entropy }) => entropy);
  t.true(
    entropies.every((entropy, i) => i === 0 || entropy < entropies[i - 1]),
    entropies.join(' '),
  );
});

exactly('on the line W₂ is exact at every depth: the sorted coupling', async (t) => {
  const cloud = plainNormalCloud(60, 1, 2);
  const { runs } = await compareDepths(cloud, { depths: [1, 8, 'continuous'] });
  for (const { positions, w2, w2Method, slicedW2 } of runs) {
    const [a, b] = [cloud.data.slice().sort(), positions.data.slice().sort()];
    const sorted = Math.sqrt(Array.from(a, (x, i) => (x - b[i]) ** 2).reduce((x, y) => x + y) / 60);
    t.is(w2Method, 'exact');
    t.true(close(w2, sorted, 1e-12) && close(slicedW2, sorted, 1e-12));
  }
});

exactly('accuracy counts nearest neighbours of the same label', async (t) => {
  const cloud: NdArray = { data: Float64Array.of(0, 0.1, 1, 1.3, 5, 5.1), shape: [6, 1] };
  const accuracy = async (...labels: number[]) =>
    (await compareDepths(cloud, { labels: Int32Array.from(labels), depths: [] })).start.accuracy;
  t.is(await accuracy(1, 1, 2, 2, 3, 3), 1);
  t.is(await accuracy(1, 2, 1, 2, 1, 2), 0);
  t.is(await accuracy(7, 7, 2, 9, 3, 4), 2 / 6);
  t.is((await compareDepths(cloud, { depths: [] })).start.accuracy, null);
});

exactly('the entropy of a moved Gaussian cloud is that of theory', async (t) => {
  const [d, s, T] = [2, 1, 0.4];
  // Points of N(0, I), smoothed by 1: the measure N(0, 2I), whose variance depth 1 divides by (1 + T/2)², and the
  // backward heat equation lowers by 2T.
  const cloud = plainNormalCloud(1500, d, 3);
  const { start, runs } = await compareDepths(cloud, { smoothing: s, T, depths: [1, 'continuous'] });
  const expected = [-2 * Math.log(1 + T / 2), Math.log((2 - 2 * T) / 2)];
  runs.forEach(({ entropy, depth }, i) => {
    const change = entropy - start.entropy;
    t.true(
      Math.abs(change - (d / 2) * expected[i]) < 0.03,
      `depth ${depth}: ${change}, theory ${expected[i]}`,
    );
  });
  t.true(Math.abs(start.entropy - Math.log(2 * Math.PI * Math.E)) < 0.1);
});

exactly('data × 1000 gives s and T × 10⁶, positions × 1000, and the same accuracies', async (t) => {
  const { cloud, labels } = clusters(120, 4, 4);
  const options = { labels, depths: [1, 4, 'continuous'] as const };
  for (const [unit, single] of [
    [1000, false],
    [2 ** 10, true],
    [1000, true],
    [1e-12, true],
  ] as const) {
    const base = single ? toFloat32(cloud) : cloud;
    const times = mapCloud(base, (x) => unit * x);
    const tolerance = single ? 1e-4 : 1e-9;
    const [small, large] = [
      await compareDepths(base, options),
      await compareDepths(single ? toFloat32(times) : times, options),
    ];
    const where = `unit ${unit}, ${single ? 'float32' : 'float64'}`;
    t.true(close(large.smoothing, unit ** 2 * small.smoothing, tolerance), where);
    t.true(close(large.T, unit ** 2 * small.T, tolerance), where);
    t.is(large.start.accuracy, small.start.accuracy, where);
    for (const [a, b] of pairs(small, large)) {
      t.is(b.accuracy, a.accuracy, where);
      t.true(
        largestDifference(
          b.positions,
          mapCloud(a.positions, (x) => unit * x),
        ) <
          10 * unit * tolerance,
        where,
      );
      t.true(Math.abs(b.entropy - a.entropy - 4 * Math.log(unit)) < 10 * tolerance, where);
      t.true(close(b.straightness, a.straightness, 10 * tolerance), where);
      t.true(close(b.displacement, unit * a.displacement, 10 * tolerance), where);
      // |v|² dt has the unit of x²/s.
      t.true(close(b.action, a.action, 10 * tolerance), where);
    }
  }
});

exactly('a shifted cloud moves as the cloud does, however far from the origin', async (t) => {
  const { cloud, labels } = clusters(100, 3, 5);
  const options = { labels, depths: [1, 4, 'continuous'] as const };
  const here = await compareDepths(cloud, options);
  for (const distance of [100, 1e5]) {
    const shift = (i: number) => distance * ((i % 3) + 1);
    const there = await compareDepths(
      mapCloud(cloud, (x, i) => x + shift(i)),
      options,
    );
    t.true(close(there.smoothing, here.smoothing, 1e-6));
    for (const [a, b] of pairs(here, there)) {
      // Layers to rounding; the integrator's steps may differ, so the flow to its tolerance.
      const tolerance = a.depth === 'continuous' ? 2e-5 : 1e-12 * distance;
      const difference = largestDifference(
        mapCloud(b.positions, (x, i) => x - shift(i)),
        a.positions,
      );
      t.true(difference < tolerance, `${a.depth}, ${distance}: ${difference}`);
      t.is(b.accuracy, a.accuracy);
      t.true(Math.abs(b.entropy - a.entropy) < 10 * tolerance);
    }
  }
});

exactly('dtypes and backends agree on entropies and accuracies', async (t) => {
  for (const d of [2, 20]) {
    const { cloud, labels } = clusters(150, d, 6);
    const options: DepthComparisonOptions = { labels, depths: [1, 4, 'continuous'] };
    const double = await compareDepths(cloud, options);
    const others = [
      await compareDepths(toFloat32(cloud), options),
      await compareDepths(toFloat32(cloud), { ...options, backend: 'tfjs-wasm' }),
    ];
    t.deepEqual(
      withoutTimes(await compareDepths(cloud, { ...options, dtype: 'float32' })),
      withoutTimes(others[0]),
    );
    for (const other of others) {
      t.is(other.dtype, 'float32');
      t.true(close(other.smoothing, double.smoothing, 1e-3), `${other.backend}: ${other.smoothing}`);
      for (const [a, b] of pairs(double, other)) {
        t.true(Math.abs(a.entropy - b.entropy) < 1e-3 * Math.abs(a.entropy), `${other.backend} ${a.depth}`);
        t.is(b.accuracy, a.accuracy, `${other.backend} ${a.depth}`);
        t.true(close(b.w2, a.w2, 1e-3) && close(b.action, a.action, 1e-3), `${other.backend} ${a.depth}`);
      }
    }
  }
});

exactly('the same seed gives the same bits; another seed draws other directions only', async (t) => {
  const cloud = plainNormalCloud(80, 3, 7);
  const run = async (seed?: number) => withoutTimes(await compareDepths(cloud, { depths: [1, 3], seed }));
  const first = await run(5);
  t.deepEqual(await run(5), first);
  t.deepEqual(await run(), await run(0));
  const other = await run(6);
  t.deepEqual(other.runs[1].positions, first.runs[1].positions);
  t.not(other.runs[1].slicedW2, first.runs[1].slicedW2);
});

exactly('coincident points make the entropy −∞, and a cloud of two has its maps', async (t) => {
  const cloud = plainNormalCloud(40, 2, 8);
  for (let copy = 1; copy <= 3; copy++) cloud.data.copyWithin(2 * copy, 0, 2);
  const { start, runs } = await compareDepths(cloud, { depths: [1, 'continuous'] });
  t.is(start.entropy, -Infinity);
  t.true(runs.every(({ entropy, displacement }) => entropy === -Infinity && displacement > 0));
  const fifth = await compareDepths(cloud, { depths: [1], neighbours: 5 });
  t.true(Number.isFinite(fifth.runs[0].entropy));

  const two = await compareDepths(plainNormalCloud(2, 3, 9), { labels: Int32Array.of(1, 1) });
  t.is(two.runs.length, DEFAULT_DEPTHS.length);
  t.true(two.runs.every(({ entropy, accuracy }) => Number.isFinite(entropy) && accuracy === 1));

  // All in one place, with a smoothing to go by: nothing moves, and the straightness of no motion is no number.
  const still = { data: new Float64Array(20).fill(3), shape: [10, 2] };
  for (const run of (await compareDepths(still, { smoothing: 1, depths: [1, 4, 'continuous'] })).runs) {
    t.like(run, { entropy: -Infinity, displacement: 0, w2: 0, straightness: NaN });
    t.true(run.action < 1e-25);
  }
});

exactly('T beyond collapse is an error before any layer is computed', async (t) => {
  const runs: unknown[] = [];
  const error = await t.throwsAsync(
    compareDepths(plainNormalCloud(50, 2, 10), { smoothing: 1, T: 50, onRun: (run) => runs.push(run) }),
    { code: 'COLLAPSED' },
  );
  const { collapseTime, safeTime } = (error as unknown as { details: Record<string, number> }).details;
  t.true(collapseTime >= safeTime && safeTime === 0.5);
  t.deepEqual(runs, []);
  // Without the continuous depth there is nothing to collapse; between s/2 and the collapse the order stays.
  const layered = await compareDepths(plainNormalCloud(50, 2, 10), { smoothing: 1, T: 50, depths: [1, 2] });
  t.is(layered.runs.length, 2);
  const depths = [1, 'continuous', 2] as const;
  const late = await compareDepths(plainNormalCloud(50, 2, 10), { smoothing: 1, T: 0.6, depths });
  t.deepEqual(
    late.runs.map(({ depth }) => depth),
    [...depths],
  );
});

exactly('bad input is refused with its code, before anything is computed', async (t) => {
  const cloud = plainNormalCloud(10, 2, 11);
  const refuse = (code: string, points: unknown, options: object) =>
    t.throwsAsync(compareDepths(points as NdArray, { ...options, onRun: () => t.fail('a run') }), { code });
  for (const length of [0, 9, 11]) await refuse('INVALID_SHAPE', cloud, { labels: new Int32Array(length) });
  for (const bad of [0, -1, NaN, Infinity, '1', null]) {
    await refuse('INVALID_ARGUMENT', cloud, { T: bad });
    await refuse('INVALID_ARGUMENT', cloud, { smoothing: bad });
  }
  for (const bad of [0, -1, 1.5, NaN, '2', null]) {
    await refuse('INVALID_ARGUMENT', cloud, { depths: [1, bad] });
    await refuse('INVALID_ARGUMENT', cloud, { snapshots: bad });
    await refuse('INVALID_ARGUMENT', cloud, { neighbours: bad });
  }
  for (const seed of [-1, 0.5, NaN]) await refuse('INVALID_ARGUMENT', cloud, { seed, depths: [1] });
  await refuse('INVALID_DTYPE', cloud, { dtype: 'float16' });
  await refuse('UNSUPPORTED', cloud, { backend: 'tfjs-wasm' });
  await refuse('EMPTY_CLOUD', { data: new Float64Array(2), shape: [1, 2] }, {});
  await refuse('DEGENERATE_CLOUD', { data: new Float64Array(20).fill(0.1), shape: [10, 2] }, {});
  await refuse(
    'NON_FINITE',
    mapCloud(cloud, (x, i) => (i === 5 ? NaN : x)),
    {},
  );
  await refuse('ABORTED', cloud, { signal: AbortSignal.abort() });
  const throwing = () => {
    throw new RangeError('from the callback');
  };
  for (const options of [{ onRun: throwing }, { onProgress: throwing }]) {
    await t.throwsAsync(compareDepths(cloud, options), { instanceOf: RangeError });
  }
});
