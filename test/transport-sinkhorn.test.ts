import { readFileSync } from 'node:fs';
import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { exactTransport, sinkhorn, sinkhornDivergence, sinkhornMatrix } from '../ts/transport/index.js';
import { mapCloud, normalCloud } from './clouds.js';
import { exactly, places } from './native.js';

interface Recorded {
  x: number[][];
  y: number[][];
  a: number[];
  b: number[];
  clouds: Record<
    'squaredEuclidean' | 'euclidean',
    {
      sinkhorn: { epsilon: number; value: number; linear: number; divergence: number }[];
      unbalanced: { epsilon: number; rho: number; value: number; mass: number }[];
    }
  >;
}
const recorded = JSON.parse(
  readFileSync(new URL('./transport-pot.json', import.meta.url), 'utf8'),
) as Recorded;
const { x, y, a: weightsA, b: weightsB } = recorded;
const costs = ['squaredEuclidean', 'euclidean'] as const;

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

for (const { backend, dtype } of places) {
  const within = dtype === 'float64' ? 1e-8 : 2e-6;
  // The plan's own cost is off by the marginal error, the dual value by its square.
  const ofFirstOrder = dtype === 'float64' ? 1e-8 : 5e-4;
  const options = { weightsA, weightsB, tolerance: dtype === 'float64' ? 1e-11 : 5e-5, backend };
  const [from, to] = [ndarray(x, undefined, dtype), ndarray(y, undefined, dtype)];

  test(`${backend} ${dtype}: values, divergences and unbalanced plans are those that POT finds`, async (t) => {
    for (const cost of costs) {
      for (const { epsilon, value, linear, divergence } of recorded.clouds[cost].sinkhorn) {
        const plan = await sinkhorn(from, to, { ...options, cost, epsilon });
        t.true(plan.converged);
        t.true(Math.abs(plan.value - value) < within * 5, `${cost} ${epsilon}: ${plan.value}, ${value}`);
        t.true(Math.abs((await plan.transportCost()) - linear) < ofFirstOrder, `${cost} ${epsilon} linear`);
        const result = await sinkhornDivergence(from, to, { ...options, cost, epsilon });
        t.true(result.converged && Math.abs(result.value - divergence) < within * 5, `${cost} ${epsilon}`);
      }
      for (const { epsilon, rho, value, mass } of recorded.clouds[cost].unbalanced) {
        const plan = await sinkhorn(from, to, { ...options, cost, epsilon, marginalPenalty: rho });
        t.true(Math.abs(plan.value - value) < within * 10 && Math.abs(plan.mass - mass) < ofFirstOrder);
        t.true(Math.abs(sum(plan.sourceMasses()) - mass) < ofFirstOrder);
      }
    }
  });

  test(`${backend} ${dtype}: the plan has the marginals it says, by clouds and by a matrix of costs`, async (t) => {
    for (const cost of costs) {
      const matrix = x.map((p) =>
        y.map((q) => {
          const square = p.reduce((total, value, k) => total + (value - q[k]) ** 2, 0);
          return cost === 'euclidean' ? Math.sqrt(square) : square;
        }),
      );
      const byClouds = await sinkhorn(from, to, { ...options, cost, epsilon: 0.5 });
      const byMatrix = await sinkhornMatrix(ndarray(matrix, undefined, dtype), { ...options, epsilon: 0.5 });
      t.true(Math.abs(byClouds.value - byMatrix.value) < within * 5);
      t.true(Math.abs((await byClouds.transportCost()) - (await byMatrix.transportCost())) < within * 20);
      for (const plan of [byClouds, byMatrix]) {
        const { data, shape } = await plan.rows(0, 13);
        t.deepEqual(shape, [13, 17]);
        const columns = new Float64Array(17);
        for (let i = 0; i < 13; i++) {
          const row = data.subarray(i * 17, (i + 1) * 17);
          t.true(Math.abs(sum(row) - weightsA[i]) < within);
          row.forEach((mass, j) => (columns[j] += mass));
        }
        const error = columns.reduce((total, mass, j) => total + Math.abs(mass - weightsB[j]), 0);
        t.true(error < plan.marginalError + within, `${error}, said ${plan.marginalError}`);
        const some = await plan.rows(4, 3);
        t.deepEqual(Array.from(some.data), Array.from(data.subarray(4 * 17, 7 * 17)));
      }
      const moved = await byClouds.map();
      const alike = await byMatrix.map({ targets: to });
      t.true(moved.data.every((value, k) => Math.abs(value - alike.data[k]) < 1e3 * within));
    }
  });

  test(`${backend} ${dtype}: gradients are those of finite differences`, async (t) => {
    const [n, d] = [13, 3];
    const step = dtype === 'float64' ? 1e-5 : 0.02;
    for (const cost of costs) {
      const set = { ...options, cost, epsilon: 1, weightsA: undefined, weightsB };
      const { gradient } = await sinkhornDivergence(from, to, { ...set, gradient: true });
      const plain = await (await sinkhorn(from, to, set)).gradient();
      const values = async (k: number, by: number) => {
        const moved = mapCloud(from, (value, i) => (i === k ? value + by : value));
        const result = await sinkhornDivergence(moved, to, set);
        return [result.value, result.plans.ab.value];
      };
      for (const k of [0, 7, n * d - 1]) {
        const [up, down] = [await values(k, step), await values(k, -step)];
        const slopes = up.map((value, i) => (value - down[i]) / (2 * step));
        const allowed = dtype === 'float64' ? 1e-7 : 2e-3;
        t.true(
          Math.abs(gradient!.data[k] - slopes[0]) < allowed,
          `${cost} ${gradient!.data[k]}, ${slopes[0]}`,
        );
        t.true(Math.abs(plain.data[k] - slopes[1]) < allowed, `${cost} ${plain.data[k]}, ${slopes[1]}`);
      }
    }
  });
}

exactly('ε → 0: exact transport; ε → ∞: distance of means, half the energy distance', async (t) => {
  const [a, b] = [normalCloud(40, 2, 1), mapCloud(normalCloud(40, 2, 2), (value) => 1.3 * value + 1)];
  const { cost } = await exactTransport(a, b);
  const errors: number[] = [];
  for (const epsilon of [0.3, 0.1, 0.03]) {
    const { value } = await sinkhornDivergence(a, b, { epsilon, tolerance: 1e-7, maximumIterations: 5000 });
    errors.push(Math.abs(value - cost));
  }
  t.true(errors[0] > errors[1] && errors[1] > errors[2] && errors[2] < 0.01 * cost, errors.join(' '));
  const squares = await sinkhornDivergence(a, b, { epsilon: 1e6, tolerance: 1e-14 });
  let distance = 0;
  for (const k of [0, 1]) {
    let mean = 0;
    for (let i = 0; i < 40; i++) mean += (a.data[2 * i + k] - b.data[2 * i + k]) / 40;
    distance += mean ** 2;
  }
  t.true(Math.abs(squares.value - distance) < 1e-4 * distance, `${squares.value}, ${distance}`);
  const linear = await sinkhornDivergence(a, b, { epsilon: 1e5, tolerance: 1e-14, cost: 'euclidean' });
  const meanDistance = (p: NdArray, q: NdArray) => {
    let total = 0;
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 40; j++) {
        total += Math.hypot(p.data[2 * i] - q.data[2 * j], p.data[2 * i + 1] - q.data[2 * j + 1]) / 1600;
      }
    }
    return total;
  };
  const energy = meanDistance(a, b) - meanDistance(a, a) / 2 - meanDistance(b, b) / 2;
  t.true(Math.abs(linear.value - energy) < 1e-4 * energy, `${linear.value}, ${energy}`);
});

exactly(
  'the divergence of a shift by c is |c|² for every ε, symmetric, and 0 between equal clouds',
  async (t) => {
    for (const d of [1, 3, 20]) {
      const a = normalCloud(60, d, 3);
      const c = Array.from({ length: d }, (_, k) => 0.5 + 0.1 * k);
      const b = mapCloud(a, (value, i) => value + c[i % d]);
      const square = c.reduce((total, value) => total + value * value, 0);
      for (const epsilon of [0.5 * d, 5 * d]) {
        const options = { epsilon, tolerance: 1e-9, maximumIterations: 20_000 };
        const there = await sinkhornDivergence(a, b, options);
        const back = await sinkhornDivergence(b, a, options);
        t.true(Math.abs(there.value / square - 1) < 1e-6, `${there.value}, ${square}`);
        t.true(Math.abs(there.value - back.value) < 1e-6 * square);
        t.true(Math.abs((await sinkhornDivergence(a, a, options)).value) < 1e-7);
      }
    }
  },
);

exactly('between two points, unbalanced transport has a closed form', async (t) => {
  const [epsilon, rho, square] = [0.3, 2, 1 + 4];
  const [a, b] = [ndarray([[0, 0]], undefined, 'float64'), ndarray([[1, 2]], undefined, 'float64')];
  const plan = await sinkhorn(a, b, {
    epsilon,
    marginalPenalty: rho,
    tolerance: 1e-14,
    maximumIterations: 5000,
  });
  // min_m m c + (ε + 2ρ)(m log m − m + 1)
  const mass = Math.exp(-square / (epsilon + 2 * rho));
  const value = mass * square + (epsilon + 2 * rho) * (mass * Math.log(mass) - mass + 1);
  t.true(Math.abs(plan.mass - mass) < 1e-12 && Math.abs(plan.value - value) < 1e-12);
  const heavy = await sinkhorn(a, b, {
    epsilon,
    marginalPenalty: rho,
    weightsA: [3],
    weightsB: [0.5],
    tolerance: 1e-14,
  });
  const [both] = (await heavy.rows(0, 1)).data;
  const stationary =
    square + epsilon * Math.log(both / 1.5) + rho * (Math.log(both / 3) + Math.log(both / 0.5));
  t.true(Math.abs(stationary) < 1e-10);
});

exactly('where clusters are far apart, the map goes to their partners, for new points too', async (t) => {
  const a = normalCloud(30, 2, 4);
  const b = mapCloud(a, (value, i) => 20 * (Math.floor(i / 2) % 3) + value);
  const centred = mapCloud(a, (value, i) => 20 * (Math.floor(i / 2) % 3) + value - 0.25);
  const plan = await sinkhorn(centred, b, { epsilon: 0.001, tolerance: 1e-10, maximumIterations: 10_000 });
  const moved = await plan.map();
  t.true(moved.data.every((value, k) => Math.abs(value - b.data[k]) < 1e-6));
  const some = { data: centred.data.slice(0, 10), shape: [5, 2] };
  const again = await plan.map({ points: some });
  t.deepEqual(Array.from(again.data), Array.from(moved.data.subarray(0, 10)));
});

exactly(
  'warm starts go on where a run ended; ε-scaling saves iterations; seeds and threads change nothing',
  async (t) => {
    const [a, b] = [normalCloud(80, 3, 5), mapCloud(normalCloud(90, 3, 6), (value) => value + 1)];
    const options = { epsilon: 0.05, tolerance: 1e-6, maximumIterations: 5000 };
    const plan = await sinkhorn(a, b, options);
    const again = await sinkhorn(a, b, { ...options, initial: plan });
    t.is(again.iterations, 1);
    const short = await sinkhorn(a, b, { ...options, maximumIterations: 20 });
    t.false(short.converged);
    t.true(short.marginalError > 1e-6);
    const resumed = await sinkhorn(a, b, { ...options, initial: short });
    t.true(resumed.converged && resumed.iterations < plan.iterations);
    t.true(Math.abs(resumed.value - plan.value) < 1e-6);
    const unscaled = await sinkhorn(a, b, { ...options, epsilonScaling: false });
    t.true(Math.abs(unscaled.value - plan.value) < 1e-6);
    t.deepEqual((await sinkhorn(a, b, { ...options, seed: 4 })).f, plan.f);
  },
);

exactly('float32 keeps its digits where ε is small and the clouds are far from the origin', async (t) => {
  const a = mapCloud(normalCloud(300, 6, 7, 'float32'), (value) => value + 1000);
  const b = mapCloud(normalCloud(250, 6, 8, 'float32'), (value) => value + 1001);
  for (const cost of costs) {
    const options = {
      cost,
      epsilon: cost === 'euclidean' ? 0.05 : 0.1,
      tolerance: 1e-3,
      maximumIterations: 500,
    };
    const single = await sinkhorn(a, b, options);
    const double = await sinkhorn(a, b, { ...options, dtype: 'float64' });
    t.true(single.converged && double.converged);
    t.true(Math.abs(single.value / double.value - 1) < 3e-6, `${single.value}, ${double.value}`);
    t.true(single.f.every((value, i) => Math.abs(value - double.f[i]) < 2e-3 * double.value));
  }
});

test('points without weight neither send nor receive, and weights stand for repeated points', async (t) => {
  for (const { backend, dtype } of places) {
    const [a, b] = [normalCloud(6, 2, 9, dtype), normalCloud(5, 2, 10, dtype)];
    const doubled = { data: b.data.slice(), shape: b.shape };
    doubled.data.set(b.data.subarray(0, 2), 2);
    const options = { epsilon: 0.7, tolerance: 1e-6, backend };
    const repeated = await sinkhorn(a, doubled, options);
    const weighted = await sinkhorn(a, b, { ...options, weightsB: [0.4, 0, 0.2, 0.2, 0.2] });
    t.true(Math.abs(repeated.value - weighted.value) < 1e-5);
    const { data } = await weighted.rows(0, 6);
    for (let i = 0; i < 6; i++) t.is(data[5 * i + 1], 0);
  }
});

test('bad input is refused with its code', async (t) => {
  for (const { backend, dtype } of places) {
    const [a, b] = [normalCloud(5, 2, 11, dtype), normalCloud(4, 2, 12, dtype)];
    const refuse = async (code: string, options: object, p: unknown = a, q: unknown = b) => {
      const all = { epsilon: 1, backend, ...options };
      await t.throwsAsync(sinkhorn(p as NdArray, q as NdArray, all), { code });
      await t.throwsAsync(sinkhornDivergence(p as NdArray, q as NdArray, all), { code });
    };
    for (const epsilon of [0, -1, NaN, Infinity, '1', undefined, 1e-40])
      await refuse('INVALID_ARGUMENT', { epsilon });
    await refuse('INVALID_ARGUMENT', { weightsA: [0.5, 0.5, 0.5, 0, 0] });
    await refuse('INVALID_ARGUMENT', { weightsA: [1.5, -0.5, 0, 0, 0] });
    await refuse('INVALID_ARGUMENT', { weightsB: [0, 0, 0, 0] });
    await refuse('INVALID_ARGUMENT', { weightsB: [0, 0, 0, 0], marginalPenalty: 1 });
    await refuse('NON_FINITE', { weightsB: [NaN, 0, 0, 1] });
    await refuse('INVALID_SHAPE', { weightsB: [1] });
    await refuse('INVALID_ARGUMENT', { marginalPenalty: 0 });
    await refuse('INVALID_ARGUMENT', { tolerance: -1 });
    await refuse('INVALID_ARGUMENT', { maximumIterations: 0 });
    await refuse('INVALID_ARGUMENT', { epsilonScaling: 1 });
    await refuse('INVALID_ARGUMENT', { cost: 'cosine' });
    await refuse('INVALID_SHAPE', { initial: { f: [1], g: [1, 1, 1, 1] } });
    await refuse('NOT_CONVERGED', {
      epsilon: 0.01,
      maximumIterations: 2,
      requireConvergence: true,
      tolerance: 1e-9,
    });
    await refuse('INVALID_SHAPE', {}, a, normalCloud(4, 3, 12, dtype));
    await refuse('EMPTY_CLOUD', {}, a, { data: a.data.slice(0, 0), shape: [0, 2] });
    await refuse(
      'NON_FINITE',
      {},
      a,
      mapCloud(b, (value, i) => (i === 3 ? NaN : value)),
    );
    await refuse('INVALID_ARGUMENT', {}, null, b);
    await refuse('ABORTED', { signal: AbortSignal.abort() });
    const plan = await sinkhornMatrix(ndarray([[1, 2]], undefined, dtype), { epsilon: 1, backend });
    await t.throwsAsync(plan.map(), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(plan.gradient(), { code: 'UNSUPPORTED' });
    await t.throwsAsync(plan.rows(1, 1), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(plan.map({ targets: a }), { code: 'INVALID_SHAPE' });
    await t.throwsAsync(sinkhornMatrix(ndarray([1, 2]), { epsilon: 1, backend }), { code: 'INVALID_SHAPE' });
  }
});

// Alone, because other tests would hold up the event loop.
test.serial('a long call reports progress and stops when aborted', async (t) => {
  const a = normalCloud(3000, 8, 13, 'float32');
  const controller = new AbortController();
  const seen: number[] = [];
  const finished = sinkhorn(a, a, {
    epsilon: 0.01,
    tolerance: 0,
    maximumIterations: 100_000,
    signal: controller.signal,
    onProgress: (fraction) => {
      seen.push(fraction);
      if (seen.length === 3) controller.abort();
    },
  });
  await t.throwsAsync(finished, { code: 'ABORTED' });
  t.true(seen.every((fraction) => fraction >= 0 && fraction < 1));
});
