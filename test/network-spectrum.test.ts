import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import {
  type Units,
  compareWithSpectrum,
  errorByWidth,
  fitNetwork,
  flowSpectra,
  oracleUnits,
  pairUnits,
  shallowNetwork,
  spectrumSlice,
  trainNetwork,
} from '../ts/network/index.js';
import { continuousDaeFlow } from '../ts/flow/index.js';
import { gaussian } from '../ts/measure/index.js';
import { ridgeletPair, ridgeletTransform } from '../ts/ridgelet/index.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

function sine(n: number, dtype: 'float32' | 'float64' = 'float32'): { points: NdArray; values: NdArray } {
  const points = zeros([n, 1], dtype);
  for (let i = 0; i < n; i++) points.data[i] = (2 * i + 1) / n - 1;
  return { points, values: { ...points, data: points.data.map((x) => Math.sin(2 * Math.PI * x)) } };
}

function grid(half: number, size: number): Units {
  const [a, b] = [zeros([size * size, 1]), zeros([size * size])];
  for (let i = 0; i < size * size; i++) {
    a.data[i] = half * ((2 * Math.floor(i / size) + 1) / size - 1);
    b.data[i] = half * ((2 * (i % size) + 1) / size - 1);
  }
  return { a, b };
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype} trainNetwork: learns, the same way every time`, async (t) => {
    const target = sine(60, dtype);
    const options = {
      width: 20,
      steps: backend === 'native' ? 300 : 100,
      activation: 'tanh',
      backend,
    } as const;
    const { losses, training, heldOut, network } = await trainNetwork(target, options);
    t.is(losses.length, options.steps);
    t.true(losses[losses.length - 1] < 0.3 * losses[0], `${losses[0]} to ${losses[losses.length - 1]}`);
    t.deepEqual([training.points, heldOut!.points], [48, 12]);
    t.deepEqual((await trainNetwork(target, options)).network.C, network.C);
  });

  test(`${backend} ${dtype} oracleUnits: drawn where the spectrum is, with the spectrum's values`, async (t) => {
    const { points, values } = sine(200, dtype);
    const { a, b, magnitude, effectiveSampleSize } = await oracleUnits(points, values, {
      width: 300,
      backend,
    });
    t.true(effectiveSampleSize > 300 && effectiveSampleSize <= 4800);
    const options = { pair: ridgeletPair('tanh', 1), normalisation: 'profile', backend } as const;
    const { data } = await ridgeletTransform({ points, values }, { a, b }, options);
    const largest = magnitude.reduce((most, value) => Math.max(most, value));
    magnitude.forEach((value, j) => t.true(Math.abs(value - Math.abs(data[j])) < 1e-4 * largest));
    // E|R| under the density |R| is the ratio of the sums of its powers, by a grid over the same shell.
    const all = grid(4 / 0.577, 200);
    const everywhere = await ridgeletTransform({ points, values }, all, options);
    let [first, second] = [0, 0];
    everywhere.data.forEach((value, i) => {
      const slope = Math.abs(all.a.data[i]);
      if (slope < 0.5 / 0.577 || Math.abs(all.b.data[i]) > slope) return;
      first += Math.abs(value);
      second += value * value;
    });
    const mean = magnitude.reduce((sum, value) => sum + value) / 300;
    t.true(Math.abs(mean / (second / first) - 1) < 0.1, `${mean}, expected ${second / first}`);
  });
}

exactly('trainNetwork: a step goes down the slope, in every parameter', async (t) => {
  // With Adam the first step moves every parameter by the learning rate, against the sign of its slope.
  const random = new Random(3);
  const points = ndarray(Float64Array.from(random.normals(40)), [20, 2]);
  const values = ndarray(Float64Array.from(random.normals(40)), [20, 2]);
  const units = {
    a: ndarray(Float64Array.from(random.normals(6)), [3, 2]),
    b: ndarray(Float64Array.from(random.normals(3))),
  };
  for (const activation of ['tanh', 'sigmoid', 'softplus', 'cosine', 'gaussian-derivative-8'] as const) {
    const options = { activation, units, heldOut: 0, weightDecay: 0 };
    const rate = 1e-9;
    const adam = (rate: number) => ({ kind: 'adam' as const, rate });
    const before = (await trainNetwork({ points, values }, { ...options, steps: 1, optimiser: adam(1e-300) }))
      .network;
    const after = (await trainNetwork({ points, values }, { ...options, steps: 1, optimiser: adam(rate) }))
      .network;
    // Without moments every parameter moves by the same multiple of its slope.
    const optimiser = { kind: 'sgd' as const, rate: 1e-6 };
    const plain = (await trainNetwork({ points, values }, { ...options, steps: 1, optimiser })).network;
    const multiples: number[] = [];
    const loss = async (parameters: Parameters<typeof shallowNetwork>[0]) => {
      const { data } = await shallowNetwork(parameters).evaluate(points);
      return Array.from(data).reduce((sum, value, i) => sum + (value - values.data[i]) ** 2, 0);
    };
    const { A, b, C, bias } = before;
    const parts = { A, b, C, bias };
    for (const name of ['A', 'b', 'C', 'bias'] as const) {
      for (let i = 0; i < parts[name].data.length; i++) {
        const moved = (step: number) => {
          const data = parts[name].data.slice();
          data[i] += step;
          return loss({ activation, ...parts, [name]: { ...parts[name], data } });
        };
        const slope = (await moved(1e-5)) - (await moved(-1e-5));
        const change = after[name].data[i] - before[name].data[i];
        multiples.push((plain[name].data[i] - before[name].data[i]) / slope);
        t.true(
          Math.abs(change + Math.sign(slope) * rate) < 0.01 * rate,
          `${activation} ${name}[${i}]: ${change}`,
        );
      }
    }
    const [least, most] = [Math.min(...multiples), Math.max(...multiples)];
    t.true(most < 0 && most - least < 1e-3 * -most, `${activation}: ${least} to ${most}`);
  }
});

test('oracle sampling: the error falls with width faster than by Monte Carlo', async (t) => {
  const { rate, rows } = await errorByWidth(sine(300), {
    widths: [8, 16, 32, 64],
    units: 'oracle',
    activation: 'relu',
  });
  t.true(rate > 0.5, `rate ${rate}`);
  t.true(rows[3].heldOut.relative < 0.05);
});

test('compareWithSpectrum: units of the spectrum agree with it, others less, trained ones do', async (t) => {
  const data = sine(300);
  const positions = grid(8, 48);
  const oracle = await oracleUnits(data.points, data.values, { width: 2000 });
  const network = (units: Units, C: ArrayLike<number>) =>
    shallowNetwork({
      activation: 'tanh',
      A: units.a,
      b: units.b,
      C: ndarray(Float32Array.from(C), [C.length, 1]),
    });
  const equal = new Float32Array(2000).fill(1);
  const drawn = await compareWithSpectrum(network(oracle, equal), data, { positions });
  for (const distribution of [drawn.spectrum, drawn.units]) {
    t.true(Math.abs(distribution.reduce((a, b) => a + b) - 1) < 1e-9);
  }
  t.true(drawn.correlation > 0.75, `${drawn.correlation}`);
  const shuffled = { a: oracle.a, b: { ...oracle.b, data: oracle.b.data.map((_, j) => 8 - 0.004 * j) } };
  const other = await compareWithSpectrum(network(shuffled, equal), data, { positions });
  t.true(
    other.correlation < drawn.correlation - 0.2 && other.totalVariation > drawn.totalVariation,
    `${other.correlation}`,
  );
  const trained = await trainNetwork(data, { width: 200, steps: 600 });
  const { correlation } = await compareWithSpectrum(trained.network, data, { positions });
  t.true(correlation > 0.4, `${correlation}`);
  const fitted = await fitNetwork(data, { width: 400, ridge: 1e-3 });
  t.true((await compareWithSpectrum(fitted.network, data, { positions })).correlation > 0.5);
});

test('pairUnits: each rises by a number of the range between two points, and passes 0 between them', (t) => {
  const points = ndarray(Float64Array.from(new Random(6).normals(150)), [50, 3]);
  const { a, b } = pairUnits(points, { width: 30, scale: [2, 3], seed: 1 });
  const outputs = (j: number) =>
    Array.from({ length: 50 }, (_, i) =>
      [0, 1, 2].reduce((z, c) => z + a.data[3 * j + c] * points.data[3 * i + c], 0),
    );
  for (let j = 0; j < 30; j++) {
    const z = outputs(j);
    const length = Math.hypot(...a.data.subarray(3 * j, 3 * j + 3));
    // Some pair lies along the slope, and its rise is the slope times its length.
    const found = z.some((from, i) =>
      z.some((to, l) => {
        const apart = Math.hypot(...[0, 1, 2].map((c) => points.data[3 * i + c] - points.data[3 * l + c]));
        const [rise, between] = [to - from, b.data[j]];
        return (
          rise > 2 &&
          rise < 3 &&
          Math.abs(rise - length * apart) < 1e-9 &&
          between >= from - 1e-9 &&
          between <= to + 1e-9
        );
      }),
    );
    t.true(found, `unit ${j}`);
  }
  t.deepEqual(pairUnits(points, { width: 4, scale: [2, 3], seed: 1 }).a.data, a.data.subarray(0, 12));
  const code = (call: () => unknown) => t.throws(call, { instanceOf: RidgeflowError }).code;
  t.is(
    code(() => pairUnits(zeros([9, 2]), { width: 3 })),
    'DEGENERATE_CLOUD',
  );
  t.is(
    code(() => pairUnits(points, { width: 3, scale: [0, 1] })),
    'INVALID_ARGUMENT',
  );
});

test('spectrumSlice: the spectrum on the plane of a direction, and the units on it', async (t) => {
  const points = ndarray(Float64Array.from(new Random(8).normals(200)), [100, 2]);
  const values = {
    data: points.data.filter((_, i) => i % 2 === 1).map((y) => Math.sin(3 * y)),
    shape: [100, 1],
  };
  const { network } = await fitNetwork({ points, values }, { width: 60 });
  const slice = await spectrumSlice(network, { points, values }, { size: 9 });
  t.true(Math.abs(slice.direction[1]) > 0.8, 'what is learned depends on the second coordinate');
  t.deepEqual(slice.spectrum.shape, [9, 9, 1]);
  t.is(slice.units.length, 60);
  t.true(Math.abs(Math.max(...slice.magnitude) - 1) < 1e-12);
  const [i, j] = [6, 3];
  const mean = [0, 1].map((c) =>
    Array.from(points.data)
      .filter((_, l) => l % 2 === c)
      .reduce((a, b) => a + b / 100, 0),
  );
  const slope = slice.direction.map((value) => slice.slopes[i] * value);
  const bias = slice.biases[j] + slope[0] * mean[0] + slope[1] * mean[1];
  const average = Array.from(values.data).reduce((a, b) => a + b / 100, 0);
  const { data } = await ridgeletTransform(
    { points, values: { ...values, data: values.data.map((value) => value - average) } },
    { a: ndarray(slope, [1, 2]), b: ndarray(Float64Array.of(bias)) },
    { pair: ridgeletPair('tanh', 2), normalisation: 'profile' },
  );
  t.true(Math.abs(data[0] - slice.spectrum.data[9 * i + j]) < 1e-5);
  const fails = async (options: object, code: ErrorCode) =>
    t.is(
      (
        await t.throwsAsync(spectrumSlice(network, { points, values }, options), {
          instanceOf: RidgeflowError,
        })
      ).code,
      code,
    );
  await fails({ size: 1 }, 'INVALID_ARGUMENT');
  await fails({ reach: 0 }, 'INVALID_ARGUMENT');
  await fails({ signal: AbortSignal.abort() }, 'ABORTED');
});

test('flowSpectra: that of a Gaussian’s linear field grows as its variance falls', async (t) => {
  const flow = continuousDaeFlow(gaussian({ mean: [0], variance: 1 }), { to: 0.4 });
  const positions = grid(3, 16);
  const options = { times: [0, 0.25], positions, samples: 20_000, dtype: 'float32' } as const;
  const [first, later] = await flowSpectra(flow, options);
  t.deepEqual([first.time, later.time], [0, 0.25]);
  t.deepEqual(first.spectrum.shape, [256, 1]);
  // v_t(x) = −x/σ² under N(0, σ²): R(a, b) of it is that at time 0 of slope σa, over σ.
  const sigma = Math.sqrt(0.5);
  const stretched = { a: { ...positions.a, data: positions.a.data.map((a) => sigma * a) }, b: positions.b };
  const [expected] = await flowSpectra(flow, { ...options, times: [0], positions: stretched });
  const largest = later.magnitude.reduce((most, value) => Math.max(most, value));
  later.spectrum.data.forEach((value, i) => {
    t.true(Math.abs(value - expected.spectrum.data[i] / sigma) < 0.05 * largest, `${i}`);
  });
  const fails = async (changes: object, code: ErrorCode) =>
    t.is(
      (await t.throwsAsync(flowSpectra(flow, { ...options, ...changes }), { instanceOf: RidgeflowError }))
        .code,
      code,
    );
  await fails({ times: [] }, 'INVALID_ARGUMENT');
  await fails({ times: [0.7] }, 'COLLAPSED');
  await fails({ samples: 1 }, 'INVALID_ARGUMENT');
  await fails({ positions: { a: zeros([3, 2]), b: zeros([3]) } }, 'INVALID_SHAPE');
  await fails({ signal: AbortSignal.abort() }, 'ABORTED');
});

test('training: the event loop has its turns, and an abort stops it', async (t) => {
  const signal = AbortSignal.timeout(60);
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const training = trainNetwork(sine(30), { width: 4, steps: 1e7, signal });
  await t.throwsAsync(training, { code: 'ABORTED' });
  clearInterval(timer);
  t.true(turns > 0);
});

test('training and spectra: bad input', async (t) => {
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  const data = sine(20);
  await fails(trainNetwork(data), 'INVALID_ARGUMENT');
  await fails(trainNetwork(data, { width: 3, steps: 0 }), 'INVALID_ARGUMENT');
  await fails(trainNetwork(data, { width: 3, optimiser: { kind: 'adam', rate: 0 } }), 'INVALID_ARGUMENT');
  await fails(
    trainNetwork(data, { width: 3, optimiser: { kind: 'sgd', rate: 1, momentum: 1 } }),
    'INVALID_ARGUMENT',
  );
  await fails(trainNetwork(data, { width: 3, weightDecay: -1 }), 'INVALID_ARGUMENT');
  await fails(trainNetwork(data, { width: 3, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(
    trainNetwork(data, { width: 3, optimiser: { kind: 'adam', rate: 1e30 }, activation: 'relu' }),
    'NON_FINITE',
  );
  await fails(oracleUnits(data.points, zeros([3, 1]), { width: 2 }), 'INVALID_SHAPE');
  await fails(oracleUnits(data.points, zeros([20, 1]), { width: 2 }), 'DEGENERATE_CLOUD');
  await fails(oracleUnits(data.points, data.values, { width: 0 }), 'INVALID_ARGUMENT');
  await fails(oracleUnits(data.points, data.values, { width: 9, candidates: 5 }), 'INVALID_ARGUMENT');
  await fails(oracleUnits(data.points, data.values, { width: 9, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(fitNetwork(data, { width: 9, units: 'greedy' as 'oracle' }), 'INVALID_ARGUMENT');
  const positions = grid(1, 4);
  const none = shallowNetwork({ activation: 'relu', A: zeros([2, 1]), b: zeros([2]), C: zeros([2, 1]) });
  await fails(compareWithSpectrum(none, data, { positions }), 'DEGENERATE_CLOUD');
  await fails(compareWithSpectrum(none, data, { positions, bandwidth: 0 }), 'INVALID_ARGUMENT');
  await fails(
    compareWithSpectrum(none, { points: zeros([2, 2]), values: zeros([2, 1]) }, { positions }),
    'INVALID_SHAPE',
  );
});
