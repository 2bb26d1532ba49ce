import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  type FineTuneOptions,
  type StackedDae,
  type TrainedComposition,
  daeMap,
  fineTune,
  trainComposedDae,
  trainStackedDae,
  unitFlow,
} from '../ts/dae/index.js';
import { gaussianMixture, twoMoons } from '../ts/measure/index.js';
import { largestDifference } from './clouds.js';
import { backendNames, exactly, places } from './native.js';

const [backend] = backendNames;

function rootMeanSquare(a: NdArray, b: NdArray): number {
  let sum = 0;
  a.data.forEach((value, at) => (sum += (value - b.data[at]) ** 2));
  return Math.sqrt(sum / a.shape[0]);
}

for (const place of places) {
  const name = `${place.backend} ${place.dtype}`;

  test(`${name}: fine-tuning begins at the map that it is given`, async (t) => {
    const { points: moons } = twoMoons(80, { dtype: place.dtype, noise: 0.1 });
    const points = { ...moons, data: moons.data.map((value) => 3 * value + 7) };
    const on = { backend: place.backend };
    const call = { ...on, epochs: 3 };
    const maps: (TrainedComposition | StackedDae)[] = [
      await trainComposedDae(points, { ...call, width: 9, layers: 3, T: 0.9, activation: 'softplus' }),
      await trainComposedDae(points, { ...call, width: 9, layers: 2, T: 0.9, residual: false, tied: true }),
      await trainStackedDae(points, { ...call, widths: [9, 6, 11], noises: [0.5, 0.5, 0.5] }),
    ];
    for (const map of maps) {
      const still: FineTuneOptions = { ...call, noise: 0.9, optimiser: { kind: 'sgd', rate: 1e-30 } };
      const { dae, history } = await fineTune(map, points, still);
      t.is(history.length, 3);
      const distance = largestDifference(await dae.apply(points, on), await map.apply(points, on));
      t.true(distance < (place.dtype === 'float64' ? 1e-12 : 1e-4), `${distance}`);
      // The loss of an epoch at rest is that of the map, at noise of its own.
      t.true(Math.abs(history[0].training / history[2].training - 1) < 0.5);
      const moved = await fineTune(map, points, { ...still, epochs: 40, optimiser: undefined });
      const mean = (from: number) =>
        moved.history.slice(from, from + 5).reduce((sum, { training }) => sum + training, 0);
      t.true(mean(35) < mean(0), `${mean(0)} to ${mean(35)}`);
      t.is(moved.dae.constructor, map.constructor);
    }
  });

  test(`${name}: the velocity of units is minus the gradient of the loss`, async (t) => {
    const { points } = twoMoons(30, { dtype: place.dtype, noise: 0.1 });
    const call = { backend: place.backend };
    for (const [residual, activation] of [
      [true, 'tanh'],
      [false, 'softplus'],
    ] as const) {
      const flow = unitFlow(points, { noise: 0.2, residual, activation, copies: 2 });
      const units = flow.initial(6, { seed: 2, dtype: place.dtype });
      t.deepEqual(units.shape, [6, 5]);
      const { velocity } = await flow.field.evaluate(units, 0, {}, call);
      const h = place.dtype === 'float64' ? 1e-5 : 2e-2;
      for (let at = 0; at < units.data.length; at++) {
        const shifted = (sign: number): NdArray => {
          const data = units.data.slice();
          data[at] += sign * h;
          return { data, shape: units.shape };
        };
        const slope = ((await flow.loss(shifted(1), call)) - (await flow.loss(shifted(-1), call))) / (2 * h);
        const error = Math.abs(velocity.data[at] + 6 * slope);
        t.true(
          error < (place.dtype === 'float64' ? 1e-7 : 2e-2),
          `${at}: ${velocity.data[at]}, ${-6 * slope}`,
        );
      }
    }
  });
}

exactly('units that flow lower the loss at the rate that their action says', async (t) => {
  const { points } = twoMoons(60, { dtype: 'float64', noise: 0.1 });
  const flow = unitFlow(points, { noise: 0.1, to: 2 });
  const start = flow.initial(20, { seed: 1 });
  const trajectory = await flow.transport(start, {
    saveAt: [0, 0.5, 1, 1.5, 2],
    track: { action: true },
    tolerance: { relative: 1e-9 },
  });
  const { states } = trajectory;
  const losses: number[] = [];
  for (const { positions } of states) losses.push(await flow.loss(positions));
  for (let i = 1; i < losses.length; i++) t.true(losses[i] < losses[i - 1]);
  // dL/dt = −(1/m) Σ|θ̇|²: what the loss fell by is the action.
  const [first, last] = [losses[0], losses[losses.length - 1]];
  const { action } = states[states.length - 1];
  t.true(Math.abs((first - last) / action! - 1) < 1e-5, `${first - last}, ${action}`);
  const units = states[states.length - 1].positions;
  const moved = await flow.dae(units).apply(points);
  const expected = points.data.map((value, at) => {
    const x = points.data.subarray(at - (at % 2), at - (at % 2) + 2);
    let sum = 0;
    for (let j = 0; j < 20; j++) {
      const [a0, a1, b, ...c] = units.data.subarray(5 * j, 5 * j + 5);
      sum += c[at % 2] * Math.tanh(a0 * x[0] + a1 * x[1] - b);
    }
    return value + sum / 20;
  });
  t.true(largestDifference(moved, { data: expected, shape: moved.shape }) < 1e-12);
});

test('a deep autoencoder that is fine-tuned comes nearer to the posterior mean of the whole noise', async (t) => {
  const line = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
  const points = await line.sample(4000, { seed: 1, dtype: 'float32' });
  const noise = 0.6;
  const x = await line.heat(noise / 2).sample(1000, { seed: 3, dtype: 'float32' });
  const exact = await daeMap(line, { noise }).apply(x, { backend });
  const composed = await trainComposedDae(points, { width: 24, layers: 2, T: noise, epochs: 20, backend });
  const stacked = await trainStackedDae(points, { widths: 24, layers: 2, T: noise, epochs: 20, backend });
  for (const map of [composed, stacked]) {
    const { dae } = await fineTune<TrainedComposition | StackedDae>(map, points, {
      noise,
      epochs: 40,
      backend,
    });
    const [before, after] = [
      rootMeanSquare(await map.apply(x, { backend }), exact),
      rootMeanSquare(await dae.apply(x, { backend }), exact),
    ];
    t.true(after < 0.6 * before, `${before} to ${after}`);
  }
});

test('what cannot be fine-tuned, or flow, is said', async (t) => {
  const { points } = twoMoons(40);
  const options = { noise: 0.1, epochs: 1, backend };
  const map = await trainComposedDae(points, { width: 3, layers: 2, T: 0.1, epochs: 1, backend });
  await t.throwsAsync(fineTune({} as TrainedComposition, points, options), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(fineTune(map, { data: new Float32Array(9), shape: [3, 3] }, options), {
    code: 'INVALID_SHAPE',
  });
  await t.throwsAsync(fineTune(map, points, { ...options, noise: -1 }), { code: 'INVALID_ARGUMENT' });
  const wild = { ...options, epochs: 30, optimiser: { kind: 'sgd' as const, rate: 1e25 } };
  await t.throwsAsync(fineTune(map, points, wild), { code: 'NOT_CONVERGED', message: /epoch/ });
  await t.throwsAsync(fineTune(map, points, { ...options, signal: AbortSignal.abort() }), {
    code: 'ABORTED',
  });
  t.throws(() => unitFlow(points, { noise: 0 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => unitFlow(points, { noise: 1, activation: 'step' }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => unitFlow(points, { noise: 1, copies: 0 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => unitFlow({ data: Float32Array.of(NaN), shape: [1, 1] }, { noise: 1 }), {
    code: 'NON_FINITE',
  });
  const flow = unitFlow(points, { noise: 1 });
  t.throws(() => flow.initial(0), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(flow.loss(points, { backend }), { code: 'INVALID_SHAPE' });
});
