import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import {
  type VelocityField,
  backwardHeatField,
  fieldFromFunction,
  gradientField,
  heatField,
  linearField,
  scaled,
  scoreField,
  sumOf,
  timeReversed,
} from '../ts/field/index.js';
import { empirical, gaussian, gaussianMixture, smoothed } from '../ts/measure/index.js';
import { backends, combinations } from './conformance-backends.js';
import { randomCovariance, randomWeights } from './reference/mixtures.js';
import { Random } from './reference/random.js';

/** Σ_k term(x_k, k) for every row. */
function sumRows({ data, shape: [n, d] }: NdArray, term: (value: number, k: number) => number): Float64Array {
  const sums = new Float64Array(n);
  for (let at = 0; at < data.length; at++) sums[Math.floor(at / d)] += term(data[at], at % d);
  return sums;
}

/** A potential φ_t(x) = Σ_k (t + k) sin x_k, known to everyone. */
const sines = {
  value: (x: NdArray, t: number) => sumRows(x, (value, k) => (t + k) * Math.sin(value)),
  gradient: ({ data, shape }: NdArray, t: number) => ({
    data: data.map((x, at) => (t + (at % shape[1])) * Math.cos(x)),
    shape,
  }),
  hessianVector: ({ data, shape }: NdArray, t: number, u: NdArray) => ({
    data: data.map((x, at) => -(t + (at % shape[1])) * Math.sin(x) * u.data[at]),
    shape,
  }),
};

/** Fields of every kind that know their derivatives, and a time at which to look at each. */
function differentiableFields(d: number): Record<string, [field: VelocityField, t: number]> {
  const random = new Random(d);
  const means = Array.from({ length: 3 }, () => random.normals(d));
  const measure = gaussianMixture({
    weights: randomWeights(random, 3),
    means,
    covariances: means.map(() => randomCovariance(random, d)),
  });
  const cloud = smoothed({ points: Array.from({ length: 30 }, () => random.normals(d)), variance: 0.8 });
  const matrix = Array.from({ length: d }, () => random.normals(d));
  const offset = random.normals(d);
  const linear = linearField({ matrix, offset });
  const sine = gradientField(sines);
  return {
    score: [scoreField(measure), 3],
    'score of a path': [scoreField((t) => cloud.heat(t), { coefficient: (t) => -2 * t, dimension: d }), 0.3],
    'backward heat': [backwardHeatField(measure), 0.1],
    heat: [heatField(cloud), 0.4],
    linear: [linear, 0],
    identity: [linearField({ matrix: -1 }), 0],
    'gradient with the Hessian': [sine, 0.7],
    'gradient with the Laplacian': [
      gradientField({
        ...sines,
        laplacian: (x, t) => sumRows(x, (value, k) => -(t + k) * Math.sin(value)),
      }),
      0.7,
    ],
    sum: [
      sumOf(
        linear,
        scaled(sine, (t) => t * t),
        backwardHeatField(cloud),
      ),
      0.2,
    ],
    reversed: [timeReversed(sumOf(sine, heatField(measure)), { end: 1 }), 0.4],
  };
}

const native = backends.find(({ dtypes }) => dtypes.includes('float64'));
const exactly = native ? test : test.skip;

exactly('divergences and Jacobian products are the derivatives of the velocity', async (t) => {
  for (const d of [1, 2, 3, 10, 100]) {
    const random = new Random(50 + d);
    const x = ndarray(random.normals(4 * d), [4, d], 'float64');
    const u = ndarray(random.normals(4 * d), [4, d], 'float64');
    const step = 1e-5;
    const moved = (sign: number, by: (at: number) => number): NdArray => ({
      data: x.data.map((value, at) => value + sign * step * by(at)),
      shape: x.shape,
    });
    for (const [name, [field, time]] of Object.entries(differentiableFields(d))) {
      t.true(field.differentiable, name);
      const velocity = async (at: NdArray) => (await field.evaluate(at, time, {})).velocity.data;
      const product = await field.jacobianVector!(x, time, u);
      const [ahead, behind] = [
        await velocity(moved(1, (at) => u.data[at])),
        await velocity(moved(-1, (at) => u.data[at])),
      ];
      const scale = Math.max(1, ...Array.from(product.data, Math.abs));
      product.data.forEach((value, at) => {
        const expected = (ahead[at] - behind[at]) / (2 * step);
        t.true(Math.abs(value - expected) < 1e-7 * scale, `${name} d=${d} Jacobian ${value} ${expected}`);
      });
      const { divergence } = await field.evaluate(x, time, { divergence: true });
      const trace = new Float64Array(4);
      for (let k = 0; k < Math.min(d, 10); k++) {
        const unit = (at: number) => (at % d === k ? 1 : 0);
        const [up, down] = [await velocity(moved(1, unit)), await velocity(moved(-1, unit))];
        for (let i = 0; i < 4; i++) trace[i] += (up[i * d + k] - down[i * d + k]) / (2 * step);
      }
      // At d = 100 the trace by differences would take a hundred times as long as it says anything new.
      if (d > 10) continue;
      trace.forEach((expected, i) => {
        t.true(Math.abs(divergence![i] - expected) < 1e-6 * Math.max(1, scale), `${name} d=${d} divergence`);
      });
    }
  }
});

exactly('the traces of a linear and of a gradient field are right at d = 100', async (t) => {
  const d = 100;
  const random = new Random(9);
  const matrix = Array.from({ length: d }, () => random.normals(d));
  const trace = matrix.reduce((sum, row, k) => sum + row[k], 0);
  const x = ndarray(random.normals(2 * d), [2, d], 'float64');
  const linear = await linearField({ matrix }).evaluate(x, 0, { divergence: true });
  linear.divergence!.forEach((value) => t.true(Math.abs(value - trace) < 1e-12));
  const sine = await gradientField(sines).evaluate(x, 0, { divergence: true });
  const expected = sumRows(x, (value, k) => -k * Math.sin(value))[1];
  t.true(Math.abs(sine.divergence![1] - expected) < 1e-10);
});

for (const { kernels, dtype, title } of combinations) {
  const tolerance = dtype === 'float64' ? 1e-12 : 1e-5;
  const options = { backend: kernels.name };

  test(`${title}: velocities of a Gaussian are those of the closed form`, async (t) => {
    const measure = gaussian({ mean: [1, -1], variance: 2 });
    const x = ndarray([[3, 0.5]], undefined, dtype);
    const close = async (field: VelocityField, time: number, expected: number[]) => {
      const { velocity } = await field.evaluate(x, time, {}, options);
      t.is(velocity.data.constructor, x.data.constructor);
      expected.forEach((value, k) => t.true(Math.abs(velocity.data[k] - value) < tolerance * 10));
    };
    await close(backwardHeatField(measure), 0.5, [-2, -1.5]);
    await close(heatField(measure), 0.5, [2 / 3, 0.5]);
    await close(heatField(measure), -0.5, [2, 1.5]);
    await close(scoreField(measure, { coefficient: 3 }), 100, [-3, -2.25]);
    await close(timeReversed(heatField(measure), { end: 2 }), 1.5, [-2 / 3, -0.5]);
    // The deterministic flow of the Ornstein–Uhlenbeck process at its equilibrium stands still.
    const standard = gaussian({ mean: [0, 0], variance: 1 });
    await close(sumOf(linearField({ matrix: -1 }), scaled(scoreField(standard), -1)), 0, [0, 0]);
    await close(
      linearField({
        matrix: [
          [1, 2],
          [3, 4],
        ],
        offset: [10, 20],
      }),
      0,
      [14, 31],
    );
    await close(linearField({ matrix: 2, offset: [1, 0] }), 0, [7, 1]);
  });

  test(`${title}: all that is computed is of the points' type`, async (t) => {
    const x = ndarray([[0.1, 0.2, 0.3]], undefined, dtype);
    for (const [name, [field, time]] of Object.entries(differentiableFields(3))) {
      const { velocity, divergence } = await field.evaluate(x, time, { divergence: true }, options);
      const product = await field.jacobianVector!(x, time, x, options);
      for (const data of [velocity.data, divergence, product.data]) {
        t.is(data!.constructor, x.data.constructor, name);
        t.true(data!.every(Number.isFinite), name);
      }
      t.deepEqual(velocity.shape, [1, 3]);
    }
  });
}

test('fields say when they exist, and are collapsed elsewhere', async (t) => {
  const x = ndarray([[1, 2]]);
  const measure = gaussian({ mean: [0, 0], variance: 2 });
  const cloud = empirical({
    points: [
      [0, 0],
      [1, 1],
    ],
  });
  t.deepEqual(backwardHeatField(measure).times, { from: -Infinity, to: 1 });
  t.deepEqual(heatField(measure).times, { from: -1, to: Infinity });
  t.deepEqual(heatField(cloud).times, { from: 0, to: Infinity });
  t.deepEqual(timeReversed(backwardHeatField(measure), { end: 3 }).times, { from: 2, to: Infinity });
  t.deepEqual(sumOf(backwardHeatField(measure), heatField(measure)).times, { from: -1, to: 1 });
  const collapsed = (field: VelocityField, time: number, collapseTime: number) =>
    t
      .throwsAsync(field.evaluate(x, time, {}), { code: 'COLLAPSED', message: /exists only between/ })
      .then((error) => {
        t.is(
          (error as unknown as { details: { collapseTime: number } }).details.collapseTime + 0,
          collapseTime,
        );
      });
  await collapsed(backwardHeatField(measure), 1, 1);
  await collapsed(backwardHeatField(measure), 1.5, 1);
  await collapsed(heatField(measure), -1, -1);
  await collapsed(heatField(cloud), 0, 0);
  await collapsed(sumOf(backwardHeatField(measure), linearField({ matrix: 1 })), 2, 1);
  await t.throwsAsync(backwardHeatField(measure).jacobianVector!(x, 2, x), { code: 'COLLAPSED' });
  await t.throwsAsync(heatField(measure).evaluate(x, NaN, {}), {
    code: 'INVALID_ARGUMENT',
    message: /for t /,
  });
  await t.notThrowsAsync(heatField(cloud).evaluate(x, 0.1, { divergence: true }));
});

test('a function is a field, with the derivatives it is given', async (t) => {
  const x = ndarray([
    [1, 2],
    [3, 4],
  ]);
  const double = async (points: NdArray, time: number) => ({
    data: Float64Array.from(points.data, (value) => 2 * time * value),
    shape: points.shape,
  });
  const plain = fieldFromFunction(double, { dimension: 2, times: { from: 0, to: 5 } });
  const { velocity, divergence } = await plain.evaluate(x, 1.5, {});
  t.deepEqual([...velocity.data], [3, 6, 9, 12]);
  t.true(velocity.data instanceof Float32Array);
  t.is(divergence, undefined);
  t.false(plain.differentiable);
  t.is(plain.dimension, 2);
  await t.throwsAsync(plain.evaluate(x, 1, { divergence: true }), {
    code: 'UNSUPPORTED',
    message: /give it jacobianVector/,
  });
  await t.throwsAsync(plain.evaluate(x, 5, {}), { code: 'COLLAPSED' });
  await t.throwsAsync(plain.evaluate(ndarray([[1]]), 1, {}), { code: 'INVALID_SHAPE' });
  t.false(sumOf(plain, linearField({ matrix: 1 })).differentiable);

  const known = fieldFromFunction(double, { jacobianVector: (_, time, u) => double(u, time) });
  t.deepEqual([...(await known.evaluate(x, 2, { divergence: true })).divergence!], [8, 8]);
  t.deepEqual([...(await known.jacobianVector!(x, 2, x)).data], [4, 8, 12, 16]);
  const given = fieldFromFunction(double, { divergence: () => Float64Array.of(1, 2) });
  t.deepEqual([...(await given.evaluate(x, 2, { divergence: true })).divergence!], [1, 2]);
  t.false(given.differentiable);

  // Storage that the function keeps for itself is not written to.
  const own = ndarray([
    [5, 6],
    [7, 8],
  ]);
  await scaled(
    fieldFromFunction(() => own),
    10,
  ).evaluate(x, 0, {});
  t.deepEqual([...own.data], [5, 6, 7, 8]);
});

test('a function that returns something else is told so', async (t) => {
  const x = ndarray([
    [1, 2],
    [3, 4],
  ]);
  const bad = (velocity: unknown, message: RegExp) =>
    t.throwsAsync(fieldFromFunction(() => velocity as NdArray).evaluate(x, 0, {}), {
      code: 'INVALID_SHAPE',
      message,
    });
  await bad(undefined, /shape \[2, 2\] for the velocity but received undefined/);
  await bad(ndarray([[1, 2]]), /received shape \[1, 2\]/);
  await bad([1, 2, 3, 4], /received \[1/);
  const wrong = fieldFromFunction((points) => points, { divergence: () => Float32Array.of(1) });
  await t.throwsAsync(wrong.evaluate(x, 0, { divergence: true }), {
    code: 'INVALID_SHAPE',
    message: /2 values/,
  });
  const thrown = new Error('mine');
  const failing = fieldFromFunction(() => {
    throw thrown;
  });
  t.is(await t.throwsAsync(failing.evaluate(x, 0, {})), thrown);
});

test('refuses fields that are none', async (t) => {
  const untyped = (value: unknown) => value as never;
  const one = linearField({ matrix: 1, offset: [1] });
  const two = linearField({ matrix: 1, offset: [1, 2] });
  t.throws(() => scoreField(untyped(3)), { code: 'INVALID_ARGUMENT', message: /for measure/ });
  t.throws(() => scoreField(gaussian({ mean: [0], variance: 1 }), { coefficient: NaN }), {
    code: 'INVALID_ARGUMENT',
  });
  t.throws(() => scoreField(() => gaussian({ mean: [0], variance: 1 }), { times: { from: 1, to: 1 } }), {
    code: 'INVALID_ARGUMENT',
    message: /for times/,
  });
  t.throws(() => linearField({ matrix: [[1, 2]] }), { code: 'INVALID_SHAPE', message: /square/ });
  t.throws(
    () =>
      linearField({
        matrix: [
          [1, NaN],
          [0, 1],
        ],
      }),
    { code: 'NON_FINITE', message: /row 0, column 1/ },
  );
  t.throws(() => linearField({ matrix: [[1]], offset: [1, 2] }), {
    code: 'INVALID_SHAPE',
    message: /for offset/,
  });
  t.throws(() => linearField({ matrix: Infinity }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => linearField(untyped(null)), { code: 'INVALID_ARGUMENT' });
  t.throws(() => gradientField(untyped({})), { code: 'INVALID_ARGUMENT', message: /for potential/ });
  t.throws(() => fieldFromFunction(untyped('x')), { code: 'INVALID_ARGUMENT', message: /for velocity/ });
  t.throws(() => sumOf(), { code: 'INVALID_ARGUMENT' });
  t.throws(() => sumOf(one, untyped({ dimension: 1 })), { code: 'INVALID_ARGUMENT' });
  t.throws(() => sumOf(one, two), { code: 'INVALID_SHAPE', message: /1 and 2/ });
  const [early, late] = [
    { from: 0, to: 1 },
    { from: 1, to: 2 },
  ].map((times) => fieldFromFunction((x) => x, { times }));
  t.throws(() => sumOf(early, late), { code: 'INVALID_ARGUMENT', message: /times in common/ });
  t.throws(() => scaled(one, untyped('2')), { code: 'INVALID_ARGUMENT', message: /for coefficient/ });
  t.throws(() => timeReversed(one, { end: Infinity }), { code: 'INVALID_ARGUMENT', message: /for end/ });
  const x = ndarray([[1]]);
  await t.throwsAsync(scaled(one, () => NaN).evaluate(x, 0, {}), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(one.jacobianVector!(x, 0, ndarray([[1], [2]])), {
    code: 'INVALID_SHAPE',
    message: /for u /,
  });
  await t.throwsAsync(one.evaluate(ndarray([[NaN]]), 0, {}), { code: 'NON_FINITE' });
  const aborted = { signal: AbortSignal.abort() };
  await t.throwsAsync(fieldFromFunction((points) => points).evaluate(x, 0, {}, aborted), { code: 'ABORTED' });
});

for (const { kernels, dtype, title } of combinations) {
  test(`${title}: results go into the storage of the caller where it fits, and are the same`, async (t) => {
    const [n, d] = [7, 3];
    const x = ndarray(new Random(3).normals(n * d), [n, d], dtype);
    const before = x.data.slice();
    const options = { backend: kernels.name };
    for (const [name, [field, time]] of Object.entries(differentiableFields(d))) {
      const expected = await field.evaluate(x, time, { divergence: true }, options);
      const into = {
        velocity: ndarray(Array<number>(n * d).fill(NaN), [n, d], dtype).data,
        divergence: ndarray(Array<number>(n).fill(NaN), [n], dtype).data,
      };
      const found = await field.evaluate(x, time, { divergence: true, into }, options);
      t.deepEqual(found.velocity.data, expected.velocity.data, name);
      t.deepEqual(found.divergence, expected.divergence, name);
      // Functions of the user make their own storage.
      if (!name.startsWith('gradient')) t.is(found.velocity.data, into.velocity, name);
      const wrong = { velocity: new Float32Array(n * d + 1), divergence: new Float32Array(n + 1) };
      const other = await field.evaluate(x, time, { divergence: true, into: wrong }, options);
      t.deepEqual(other.velocity.data, expected.velocity.data, name);
    }
    t.deepEqual(x.data, before);
  });
}
