import test from 'ava';
import { ACTIVATION_NAMES } from '../ts/core/activation.js';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { daeMap, trainComposedDae, trainDae } from '../ts/dae/index.js';
import { normalQuantile } from '../ts/dae/training/noise.js';
import { gaussian, gaussianMixture, twoMoons } from '../ts/measure/index.js';
import type { Measure } from '../ts/measure/index.js';
import { backendNames, exactly, places } from './native.js';

/** Root mean squared difference of two clouds, relative to how far the second is from the third. */
function relativeError(actual: NdArray, expected: NdArray, start: NdArray): number {
  let [error, size] = [0, 0];
  actual.data.forEach((value, at) => {
    error += (value - expected.data[at]) ** 2;
    size += (expected.data[at] - start.data[at]) ** 2;
  });
  return Math.sqrt(error / size);
}

/** How far a trained map is from the posterior mean of the measure, at fresh corrupted points. */
async function distance(
  measure: Measure,
  { n, width, noise, ...rest }: { n: number; width: number; noise: number; epochs: number },
): Promise<number> {
  const points = await measure.sample(n, { seed: 1, dtype: 'float32' });
  const trained = await trainDae(points, { width, noise, seed: 2, ...rest });
  const x = await measure.heat(noise / 2).sample(2000, { seed: 3, dtype: 'float32' });
  return relativeError(await trained.apply(x), await daeMap(measure, { noise }).apply(x), x);
}

const LINE = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });

exactly('a trained DAE of a mixture on the line tends to the posterior mean with width', async (t) => {
  const errors: number[] = [];
  for (const width of [1, 4, 32])
    errors.push(await distance(LINE, { n: 20_000, width, noise: 0.6, epochs: 60 }));
  t.true(errors[1] < 0.7 * errors[0] && errors[2] < 0.5 * errors[1], errors.join());
  t.true(errors[2] < 0.06, errors.join());
});

exactly('a trained DAE of a mixture in the plane tends to the posterior mean with samples', async (t) => {
  const plane = gaussianMixture({
    weights: [0.5, 0.5],
    means: [
      [-1.5, 0],
      [1.5, 0.5],
    ],
    variances: [0.4, 0.6],
  });
  const few = await distance(plane, { n: 60, width: 48, noise: 0.5, epochs: 2000 });
  const many = await distance(plane, { n: 12_000, width: 48, noise: 0.5, epochs: 60 });
  t.true(many < 0.5 * few, `${few}, ${many}`);
  t.true(many < 0.12, `${many}`);
});

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: a Gaussian's DAE is affine, whatever the unit and place of the points`, async (t) => {
    const noise = 0.5;
    const law = gaussian({ mean: [3, -1], variance: 1 });
    const points = await law.sample(2000, { seed: 4, dtype });
    const options = { width: 8, noise, epochs: 40, seed: 5, backend };
    const trained = await trainDae(points, options);
    const x = await law.heat(noise / 2).sample(500, { seed: 6, dtype });
    const exact = await daeMap(law, { noise }).apply(x, { backend });
    const error = relativeError(await trained.apply(x, { backend }), exact, x);
    t.true(error < 0.2, `${error}`);
    const scaled = (cloud: NdArray): NdArray => ({
      ...cloud,
      data: cloud.data.map((value) => 1000 * value + 5e4),
    });
    const far = await trainDae(scaled(points), { ...options, noise: 1e6 * noise });
    const again = relativeError(await far.apply(scaled(x), { backend }), scaled(exact), scaled(x));
    t.true(again < 0.2, `${again}`);
  });

  test(`${backend} ${dtype}: Jacobian, divergence, ties and residuals are those of the map`, async (t) => {
    const { points } = twoMoons(120, { dtype, noise: 0.1 });
    for (const [tied, residual] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]) {
      const map = await trainDae(points, { width: 12, noise: 0.05, epochs: 5, tied, residual, backend });
      const { data: A } = map.network.A;
      if (tied) {
        const ratios = A.map((value, at) => map.network.C.data[at] / value);
        t.true(ratios.every((ratio) => Math.abs(ratio / ratios[0] - 1) < 1e-4));
      }
      const x = { data: points.data.slice(0, 20), shape: [10, 2] };
      const h = dtype === 'float64' ? 1e-6 : 1e-2;
      const divergence = new Float64Array(10);
      for (const axis of [0, 1]) {
        const shift = (sign: number) => ({
          ...x,
          data: x.data.map((v, at) => (at % 2 === axis ? v + sign * h : v)),
        });
        const [ahead, behind] = [
          await map.apply(shift(1), { backend }),
          await map.apply(shift(-1), { backend }),
        ];
        const v = { ...x, data: x.data.map((_, at) => (at % 2 === axis ? 1 : 0)) };
        const product = await map.jacobianVector(x, v, { backend });
        product.data.forEach((value, at) => {
          const expected = (ahead.data[at] - behind.data[at]) / (2 * h);
          t.true(
            Math.abs(value - expected) < (dtype === 'float64' ? 1e-6 : 2e-3),
            `${value}, not ${expected}`,
          );
          if (at % 2 === axis) divergence[at >> 1] += value;
        });
      }
      const found = await map.divergence(x, { backend });
      divergence.forEach((value, i) => t.true(Math.abs(found[i] - value) < 1e-4));
    }
  });
}

test('every noise and activation trains, and the loss falls', async (t) => {
  const { points } = twoMoons(300, { noise: 0.05 });
  const backend = backendNames[0];
  const noises = [
    0.05,
    [
      [0.05, 0.02],
      [0.02, 0.03],
    ],
    { masking: 0.3 },
  ];
  for (const [i, activation] of ACTIVATION_NAMES.entries()) {
    const train = trainDae(points, { width: 24, noise: noises[i % 3], epochs: 40, activation, backend });
    if (activation === 'step') {
      await t.throwsAsync(train, { code: 'INVALID_ARGUMENT' });
      continue;
    }
    const { history } = await train;
    t.is(history.length, 40);
    const part = (from: number) =>
      history.slice(from, from + 8).reduce((sum, { training }) => sum + training, 0);
    t.true(part(32) < part(0), `${activation}: ${part(0)} to ${part(32)}`);
  }
});

test('the same seed gives the same bits; another one others', async (t) => {
  const { points } = twoMoons(200, { noise: 0.05 });
  const train = async (seed: number) =>
    (await trainDae(points, { width: 16, noise: 0.1, epochs: 5, seed })).network.C.data;
  const first = await train(1);
  t.deepEqual(await train(1), first);
  t.notDeepEqual(await train(2), first);
});

test('early stopping keeps the parameters of the best epoch', async (t) => {
  const { points } = twoMoons(40, { noise: 0.05 });
  const seen: number[] = [];
  const { history, reason } = await trainDae(points, {
    width: 200,
    noise: 0.001,
    epochs: 3000,
    schedule: 'constant',
    optimiser: { kind: 'adam', rate: 0.02 },
    earlyStopping: { heldOut: 0.3, patience: 15 },
    onEpoch: ({ heldOut }) => seen.push(heldOut!),
  });
  t.is(reason, 'early stopping');
  t.true(history.length < 3000);
  const best = seen.indexOf(Math.min(...seen));
  t.is(history.length, best + 1 + 15);
});

test('early stopping gives the very network that training until the best epoch gives', async (t) => {
  const { points } = twoMoons(60, { noise: 0.05 });
  const train = (epochs: number) =>
    trainDae(points, {
      ...{ width: 60, noise: 0.01, epochs, batch: 16, seed: 3, schedule: 'constant' },
      ...{ optimiser: { kind: 'adam', rate: 0.03 }, earlyStopping: { heldOut: 0.4, patience: 8 } },
      backend: backendNames[0],
    });
  const stopped = await train(2000);
  t.is(stopped.reason, 'early stopping');
  const losses = stopped.history.map(({ heldOut }) => heldOut!);
  const best = losses.indexOf(Math.min(...losses)) + 1;
  t.true(best < losses.length);
  const straight = await train(best);
  t.is(straight.reason, 'epochs');
  for (const key of ['A', 'b', 'C', 'bias'] as const)
    t.deepEqual(stopped.network[key].data, straight.network[key].data, key);
});

test('a loss that diverges is an error with the epoch, the layer and what to do', async (t) => {
  const { points } = twoMoons(50, { dtype: 'float32' });
  const backend = backendNames[0];
  const sgd = { kind: 'sgd' as const, rate: 1e25 };
  // A last step that leaves no finite number is no network either.
  const once = trainDae(points, {
    width: 4,
    noise: 0.1,
    epochs: 1,
    optimiser: { ...sgd, rate: 1e39 },
    backend,
  });
  const last = await t.throwsAsync(once, { code: 'NOT_CONVERGED', message: /epoch 1.*momentum.*Adam/ });
  t.like(last, { details: { epoch: 1, rate: 1e39 } });
  const adam = { kind: 'adam' as const, rate: 1e30 };
  const byAdam = trainDae(points, {
    width: 4,
    noise: 0.1,
    epochs: 20,
    activation: 'relu',
    optimiser: adam,
    backend,
  });
  const error = await t.throwsAsync(byAdam, { code: 'NOT_CONVERGED', message: /lower optimiser\.rate/ });
  t.notRegex(error.message, /take Adam/);
  // The first layer learns; the noise of the second is beyond what numbers hold.
  const deep = trainComposedDae(points, { width: 4, noises: [0.1, 1e80], epochs: 9, backend });
  const second = await t.throwsAsync(deep, { code: 'NOT_CONVERGED', message: /^Layer 1: .*epoch \d+/ });
  t.like(second, { details: { layer: 1 } });
});

test('what cannot be trained is said', async (t) => {
  const { points } = twoMoons(50);
  const options = { width: 4, noise: 0.1, epochs: 3 };
  const cases: [Partial<Parameters<typeof trainDae>[1]>, string][] = [
    [{ width: 0 }, 'INVALID_ARGUMENT'],
    [{ noise: 0 }, 'INVALID_ARGUMENT'],
    [{ noise: { masking: 1 } }, 'INVALID_ARGUMENT'],
    [
      {
        noise: [
          [1, 2],
          [2, 1],
        ],
      },
      'INVALID_ARGUMENT',
    ],
    [
      {
        noise: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      },
      'INVALID_SHAPE',
    ],
    [{ epochs: 0 }, 'INVALID_ARGUMENT'],
    [{ batch: 0 }, 'INVALID_ARGUMENT'],
    [{ optimiser: { kind: 'sgd', rate: 0 } }, 'INVALID_ARGUMENT'],
    [{ earlyStopping: { heldOut: 1 } }, 'INVALID_ARGUMENT'],
    [{ signal: AbortSignal.abort() }, 'ABORTED'],
  ];
  for (const [change, code] of cases)
    await t.throwsAsync(trainDae(points, { ...options, ...change }), { code });
  await t.throwsAsync(
    trainDae(
      ndarray([
        [1, 1],
        [1, 1],
      ]),
      options,
    ),
    { code: 'DEGENERATE_CLOUD' },
  );
  await t.throwsAsync(
    trainDae(
      ndarray([
        [1, NaN],
        [1, 1],
      ]),
      options,
    ),
    { code: 'NON_FINITE' },
  );
  const wild = trainDae(points, { ...options, optimiser: { kind: 'sgd', rate: 1e25 } });
  const error = await t.throwsAsync(wild, { code: 'NOT_CONVERGED', message: /epoch 3.*rate/ });
  t.like(error, { details: { epoch: 3 } });
});

test('quantiles of the normal distribution', (t) => {
  t.true(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-12);
  t.true(Math.abs(normalQuantile(0.5)) < 1e-15);
  t.true(Math.abs(normalQuantile(1e-6) + 4.753424308822899) < 1e-8);
});
