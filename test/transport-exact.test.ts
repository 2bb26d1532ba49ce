import { readFileSync } from 'node:fs';
import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { score } from '../ts/measure/index.js';
import {
  type ExactPlan,
  circleTransport,
  exactTransport,
  exactTransportMatrix,
  lineTransport,
  maxSlicedWasserstein,
  slicedWasserstein,
} from '../ts/transport/index.js';
import { mapCloud, normalCloud } from './clouds.js';
import { exactly, places } from './native.js';

interface Recorded {
  x: number[][];
  y: number[][];
  a: number[];
  b: number[];
  clouds: Record<'squaredEuclidean' | 'euclidean', { exact: number; assignment: number }>;
  line: { u: number[]; v: number[]; a: number[]; b: number[]; cost: Record<string, number> };
  circle: { u: number[]; v: number[]; a: number[]; b: number[]; cost: Record<string, number> };
  sliced: { directions: number[][]; value: Record<string, number>; largest: number };
}
const recorded = JSON.parse(
  readFileSync(new URL('./transport-pot.json', import.meta.url), 'utf8'),
) as Recorded;
const costs = ['squaredEuclidean', 'euclidean'] as const;

function weightsOf(n: number, seed: number): Float64Array {
  const weights = new Float64Array(n);
  new RandomStream(seed, 'sample').fillUniform(weights);
  const total = weights.reduce((sum, value) => sum + value, 0);
  return weights.map((value) => value / total);
}

/** What is wrong with a plan: its marginals, its duals, its gap. */
function flaws(
  { cost, plan, f, g, dualityGap }: Pick<ExactPlan, 'cost' | 'plan' | 'f' | 'g' | 'dualityGap'>,
  c: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): string[] {
  const found: string[] = [];
  const scale = Math.max(...Array.from(c, Math.abs), 1e-300);
  const left = Float64Array.from(a);
  const right = Float64Array.from(b);
  plan.masses.forEach((mass, k) => {
    if (!(mass > 0)) found.push(`mass ${mass}`);
    left[plan.rows[k]] -= mass;
    right[plan.columns[k]] -= mass;
    const slack = c[plan.rows[k] * g.length + plan.columns[k]] - f[plan.rows[k]] - g[plan.columns[k]];
    if (Math.abs(slack) > 1e-11 * scale) found.push(`slack ${slack} at an entry`);
  });
  for (const rest of [...left, ...right]) if (Math.abs(rest) > 1e-14) found.push(`marginal off by ${rest}`);
  for (let i = 0; i < f.length; i++) {
    for (let j = 0; j < g.length; j++) {
      const slack = c[i * g.length + j] - f[i] - g[j];
      if (slack < -1e-11 * scale) found.push(`duals above the cost by ${-slack}`);
    }
  }
  if (Math.abs(dualityGap) > 1e-11 * scale) found.push(`gap ${dualityGap} of ${cost}`);
  if (plan.masses.length > f.length + g.length - 1) found.push(`${plan.masses.length} entries`);
  return found;
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: costs are those that POT finds`, async (t) => {
    const within = dtype === 'float64' ? 1e-12 : 1e-6;
    const from = ndarray(recorded.x, undefined, dtype);
    const to = ndarray(recorded.y, undefined, dtype);
    const as = ndarray(recorded.y.slice(0, 13), undefined, dtype);
    for (const cost of costs) {
      const { exact, assignment } = recorded.clouds[cost];
      const equal = await exactTransport(from, as, { cost, backend });
      t.true(Math.abs(equal.cost - assignment) < within);
      t.true(Math.abs(equal.dualityGap) < 1e-12);
      t.deepEqual(
        Array.from(equal.plan.columns).sort((i, j) => i - j),
        Array.from(Array(13).keys()),
      );
      const byPaths = await exactTransport(from, as, { cost, backend, method: 'assignment' });
      t.true(Math.abs(byPaths.cost - assignment) < within);
      const weights = { weightsA: recorded.a, weightsB: recorded.b };
      const weighted = exactTransport(from, to, { cost, backend, ...weights });
      if (backend === 'native') t.true(Math.abs((await weighted).cost - exact) < within);
      else await t.throwsAsync(weighted, { code: 'UNSUPPORTED' });
    }
    const directions = ndarray(recorded.sliced.directions, undefined, dtype);
    const weights = { weightsA: recorded.a, weightsB: recorded.b, backend };
    for (const p of [1, 2, 3]) {
      const { value } = await slicedWasserstein(from, to, { ...weights, directions, p });
      t.true(Math.abs(value - recorded.sliced.value[p]) < within);
    }
    const { value, direction } = await maxSlicedWasserstein(from, to, weights);
    t.true(value > recorded.sliced.largest);
    const alone = { data: direction.data, shape: [1, 3] };
    const seen = await slicedWasserstein(from, to, { ...weights, directions: alone });
    t.true(Math.abs(seen.value / value - 1) < 1e-6);
  });
}

exactly('network simplex and shortest augmenting paths agree, with a proof, on awkward sizes', async (t) => {
  for (const [n, d] of [1, 2, 3, 15, 16, 17, 97, 130].flatMap((n) => [1, 2, 5, 40].map((d) => [n, d]))) {
    const [a, b] = [normalCloud(n, d, n), mapCloud(normalCloud(n, d, n + 1), (value) => 1.5 * value + 0.3)];
    const equal = new Float64Array(n).fill(1 / n);
    const c = squares(a, b);
    const results = await Promise.all(
      (['networkSimplex', 'assignment'] as const).map((method) => exactTransport(a, b, { method })),
    );
    for (const result of results) t.deepEqual(flaws(result, c, equal, equal), [], `n=${n} d=${d}`);
    t.true(Math.abs(results[0].cost - results[1].cost) < 1e-12 * (1 + results[0].cost));
  }
});

exactly('ties, lattices and duplicates are solved too', async (t) => {
  for (const [n, m] of [
    [60, 60],
    [40, 60],
    [1, 50],
    [50, 1],
  ]) {
    const lattice = (count: number, seed: number) =>
      mapCloud(normalCloud(count, 2, seed), (value) => Math.round(value));
    const [a, b] = [lattice(n, 3), lattice(m, 4)];
    const [equalA, equalB] = [new Float64Array(n).fill(1 / n), new Float64Array(m).fill(1 / m)];
    t.deepEqual(flaws(await exactTransport(a, b), squares(a, b), equalA, equalB), []);
    if (n === m) {
      const byPaths = await exactTransport(a, b, { method: 'assignment' });
      t.deepEqual(flaws(byPaths, squares(a, b), equalA, equalB), []);
    }
    const zeros = await exactTransportMatrix({ data: new Float64Array(n * m), shape: [n, m] });
    t.is(zeros.cost, 0);
  }
});

exactly('weighted plans have the marginals and duals that prove them, also with weights of 0', async (t) => {
  for (const [n, m] of [
    [2, 3],
    [31, 17],
    [100, 130],
  ]) {
    const [a, b] = [normalCloud(n, 3, 5), normalCloud(m, 3, 6)];
    const [weightsA, weightsB] = [weightsOf(n, 7), weightsOf(m, 8)];
    [weightsB[1], weightsB[0]] = [0, weightsB[0] + weightsB[1]];
    [weightsA[0], weightsA[1]] = [0, weightsA[0] + weightsA[1]];
    const result = await exactTransport(a, b, { weightsA, weightsB });
    t.deepEqual(flaws(result, squares(a, b), weightsA, weightsB), [], `${n} × ${m}`);
  }
  const costsBelowZero = ndarray(
    [
      [-1, 2],
      [3, -4],
    ],
    undefined,
    'float64',
  );
  const { cost } = await exactTransportMatrix(costsBelowZero, { weightsA: [0.25, 0.75] });
  t.is(cost, -0.25 + 0.25 * 3 - 0.5 * 4);
});

exactly('W₂ is a metric: shifts, symmetry, triangle inequality', async (t) => {
  const [a, b, c] = [
    normalCloud(50, 3, 9),
    mapCloud(normalCloud(50, 3, 10), (value) => 2 * value),
    normalCloud(50, 3, 11),
  ];
  const distance = async (p: NdArray, q: NdArray) => Math.sqrt((await exactTransport(p, q)).cost);
  const shifted = mapCloud(a, (value, i) => value + [3, -4, 12][i % 3]);
  t.true(Math.abs((await distance(a, shifted)) - 13) < 1e-12);
  t.true(Math.abs((await distance(a, b)) - (await distance(b, a))) < 1e-12);
  t.true((await distance(a, b)) <= (await distance(a, c)) + (await distance(c, b)));
  t.is(await distance(a, a), 0);
});

exactly('W₂² of the shallow DAE is its mean squared displacement, for it is an optimal map', async (t) => {
  const points = normalCloud(200, 3, 12);
  for (const variance of [0.1, 1]) {
    const { mean } = await score(points, points, { variance });
    let displacement = 0;
    mean!.data.forEach((value, k) => (displacement += (value - points.data[k]) ** 2 / 200));
    const { cost } = await exactTransport(points, mean!);
    t.true(Math.abs(cost / displacement - 1) < 1e-10, `${cost}, ${displacement}`);
  }
});

test('on the line: POT’s values, a proof for any order, repeated points for weights', async (t) => {
  const { u, v, a: weightsA, b: weightsB, cost } = recorded.line;
  for (const p of [1, 1.5, 2, 3]) {
    const result = await lineTransport(u, v, { p, weightsA, weightsB });
    t.true(Math.abs(result.cost - cost[p]) < 1e-14 && Math.abs(result.value ** p - cost[p]) < 1e-14);
    const c = u.flatMap((s) => v.map((q) => Math.abs(s - q) ** p));
    t.deepEqual(flaws(result, c, weightsA, weightsB), []);
  }
  const repeated = await lineTransport([0, 0, 1, 1, 1], [2, 3], { p: 1 });
  const weighted = await lineTransport([1, 0], [2, 3], { p: 1, weightsA: [0.6, 0.4] });
  t.true(Math.abs(repeated.cost - weighted.cost) < 1e-15 && Math.abs(repeated.cost - 1.9) < 1e-15);
  t.is((await lineTransport([0, 1], [3, 5], { p: 1 })).value, 3.5);
});

test('on the circle: POT’s values, turns, and never further than on the line', async (t) => {
  const { u, v, a: weightsA, b: weightsB, cost } = recorded.circle;
  for (const p of [1, 2, 3]) {
    const options = { p, weightsA, weightsB };
    const result = await circleTransport(u, v, options);
    t.true(Math.abs(result.cost - cost[p]) < 1e-12);
    // Whole turns of single points, a common turn, another circumference.
    const turn = (values: number[], by: number) => values.map((value, i) => value + by + ((i % 3) - 1));
    const turned = await circleTransport(turn(u, 0.37), turn(v, 0.37), options);
    t.true(Math.abs(turned.cost - cost[p]) < 1e-12);
    const angles = (values: number[]) => values.map((value) => 2 * Math.PI * value);
    const wide = await circleTransport(angles(u), angles(v), { ...options, period: 2 * Math.PI });
    t.true(Math.abs(wide.value / (2 * Math.PI) - result.value) < 1e-10);
    t.true(result.value <= (await lineTransport(u, v, options)).value + 1e-12);
  }
  t.true(Math.abs((await circleTransport([0.05], [0.95])).value - 0.1) < 1e-12);
  t.true((await circleTransport([0.1, 0.6], [0.6, 0.1])).value < 1e-12);
  const equal = await circleTransport([0, 0.25, 0.5, 0.75], [0.1, 0.35, 0.6, 0.85], { p: 1 });
  t.true(Math.abs(equal.value - 0.1) < 1e-12);
});

exactly('the max-sliced distance of a shift is its length, in its direction', async (t) => {
  const a = normalCloud(200, 10, 13);
  const shift = Array.from({ length: 10 }, (_, k) => (k % 3) - 1);
  const length = Math.hypot(...shift);
  const { value, direction } = await maxSlicedWasserstein(
    a,
    mapCloud(a, (x, i) => x + shift[i % 10]),
  );
  t.true(Math.abs(value / length - 1) < 1e-6, `${value}, ${length}`);
  const cosine = shift.reduce((sum, x, k) => sum + x * direction.data[k], 0) / length;
  t.true(Math.abs(cosine) > 1 - 1e-6);
  const { cost } = await exactTransport(a, normalCloud(200, 10, 14));
  const { value: seen } = await maxSlicedWasserstein(a, normalCloud(200, 10, 14));
  const sliced = await slicedWasserstein(a, normalCloud(200, 10, 14));
  t.true(sliced.value < seen && seen ** 2 <= cost);
});

test('bad input is refused with its code', async (t) => {
  for (const { backend, dtype } of places) {
    const [a, b] = [normalCloud(5, 2, 15, dtype), normalCloud(5, 2, 16, dtype)];
    const refuse = (code: string, options: object, p: unknown = a, q: unknown = b) =>
      t.throwsAsync(exactTransport(p as NdArray, q as NdArray, { backend, ...options }), { code });
    const error = await refuse('OUT_OF_MEMORY', { memoryLimit: 100 });
    t.regex(error.message, /sinkhorn/);
    await refuse('INVALID_ARGUMENT', { memoryLimit: 0 });
    await refuse('INVALID_ARGUMENT', { method: 'magic' });
    await refuse('INVALID_ARGUMENT', { cost: 'cosine' });
    await refuse('INVALID_ARGUMENT', { weightsA: [1, 1, 0, 0, 0] });
    await refuse('INVALID_ARGUMENT', { weightsA: [2, -1, 0, 0, 0] });
    await refuse('INVALID_ARGUMENT', { weightsA: [0, 0, 0, 0, 0] });
    await refuse('INVALID_SHAPE', { weightsB: [1] });
    await refuse('INVALID_ARGUMENT', { weightsA: [0.2, 0.2, 0.2, 0.2, 0.2], method: 'assignment' });
    await refuse('INVALID_SHAPE', {}, a, normalCloud(5, 3, 16, dtype));
    await refuse(
      'NON_FINITE',
      {},
      a,
      mapCloud(b, (value, i) => (i === 2 ? Infinity : value)),
    );
    await refuse('EMPTY_CLOUD', {}, a, { data: a.data.slice(0, 0), shape: [0, 2] });
    await refuse('ABORTED', { signal: AbortSignal.abort() });
    await t.throwsAsync(exactTransportMatrix(ndarray([[NaN]], undefined, dtype), { backend }), {
      code: 'NON_FINITE',
    });
    await t.throwsAsync(exactTransportMatrix(ndarray([1]), { backend }), { code: 'INVALID_SHAPE' });
    for (const maximumIterations of [-1, 0.5]) {
      await t.throwsAsync(maxSlicedWasserstein(a, b, { backend, maximumIterations }), {
        code: 'INVALID_ARGUMENT',
      });
    }
  }
  for (const transport of [lineTransport, circleTransport]) {
    await t.throwsAsync(transport([], [1]), { code: 'EMPTY_CLOUD' });
    await t.throwsAsync(transport([1], [NaN]), { code: 'NON_FINITE' });
    await t.throwsAsync(transport([1], [2], { p: 0.9 }), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(transport([1], [2], { weightsA: [0.5] }), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(transport([1], [2], { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  }
  await t.throwsAsync(circleTransport([1], [2], { period: 0 }), { code: 'INVALID_ARGUMENT' });
});

// Alone, because other tests would hold up the event loop.
for (const method of ['networkSimplex', 'assignment'] as const) {
  (places[0].backend === 'native' ? test.serial : test.skip)(`${method} stops when aborted`, async (t) => {
    const [a, b] = [normalCloud(1500, 2, 17), normalCloud(1500, 2, 18)];
    await exactTransport(normalCloud(3, 2, 1), normalCloud(3, 2, 2));
    const controller = new AbortController();
    const seen: number[] = [];
    const options = {
      method,
      signal: controller.signal,
      onProgress: (fraction: number) => {
        seen.push(fraction);
        controller.abort();
      },
    };
    await t.throwsAsync(exactTransport(a, b, options), { code: 'ABORTED' });
    t.true(seen.every((fraction) => fraction >= 0 && fraction <= 1));
  });
}

function squares(a: NdArray, b: NdArray): Float64Array {
  const [[n, d], [m]] = [a.shape, b.shape];
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      for (let k = 0; k < d; k++) out[i * m + j] += (a.data[i * d + k] - b.data[j * d + k]) ** 2;
    }
  }
  return out;
}
