import test from 'ava';
import { ACTIVATION_NAMES, activation } from '../ts/core/activation.js';
import type { DType, FloatData } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import {
  type DenseLayer,
  type InputNoise,
  type NetworkProblem,
  type Optimiser,
  parameterCount,
} from '../ts/kernel/contract/training.js';
import { backends, combinations } from './conformance-backends.js';
import { matrix, storage } from './reference/clouds.js';
import { Random } from './reference/random.js';

const ADAM: Optimiser = { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const SGD: Optimiser = { kind: 'sgd', rate: 0.02, momentum: 0.8 };

/** A two-layer autoencoder. */
function autoencoder(
  d: number,
  width: number,
  name: Parameters<typeof activation>[0],
  { tied, residual }: { tied: boolean; residual: boolean },
): DenseLayer[] {
  return [
    { inputs: d, outputs: width, activation: activation(name).kernel },
    { inputs: width, outputs: d, tiedTo: tied ? 0 : undefined, skipFrom: residual ? 0 : undefined },
  ];
}

function problemOf(
  dtype: DType,
  layers: DenseLayer[],
  seed: number,
  n = 9,
): NetworkProblem & { parameters: FloatData } {
  const random = new Random(seed);
  const d = layers[0].inputs;
  const scaled = random.normals(parameterCount(layers)).map((value) => 0.5 * value);
  const out = layers[layers.length - 1].outputs;
  return {
    layers,
    parameters: storage(dtype, scaled),
    points: matrix(dtype, random.normals(n * d), n, d),
    targets: out === d ? undefined : matrix(dtype, random.normals(n * out), n, out),
    order: Int32Array.from({ length: n }, (_, i) => (i * 4) % n),
  };
}

/** The mean squared error by plain loops in float64: the reference of every kernel here. */
function referenceLoss({
  layers,
  parameters,
  points,
  targets = points,
  order,
  noise,
}: NetworkProblem): number {
  const d = points.columns;
  let sum = 0;
  order.forEach((row, position) => {
    let input = Array.from(points.data.subarray(row * d, (row + 1) * d));
    if (noise) {
      const z = new Float64Array(d);
      noise.stream.fillNormal(z, position * d);
      const { model } = noise;
      input = input.map((value, k) => {
        if (model.kind === 'gaussian') return value + model.scale * z[k];
        if (model.kind === 'masking') return z[k] < model.threshold ? 0 : value;
        return z.reduce((total, number, l) => total + model.factor[k * d + l] * number, value);
      });
    }
    const states = [input];
    const starts: number[] = [];
    let at = 0;
    for (const [l, { inputs, outputs, activation: code, skipFrom, tiedTo }] of layers.entries()) {
      const start = tiedTo === undefined ? at : starts[tiedTo];
      starts.push(start);
      if (tiedTo === undefined) at += inputs * outputs;
      const bias = at;
      at += outputs;
      const f =
        code &&
        ACTIVATION_NAMES.map((name) => activation(name)).find(
          ({ kernel }) => kernel.code === code.code && kernel.order === code.order,
        )!;
      states.push(
        Array.from({ length: outputs }, (_, j) => {
          let z = parameters[bias + j];
          for (let k = 0; k < inputs; k++)
            z += states[l][k] * parameters[start + (tiedTo === undefined ? j * inputs + k : k * outputs + j)];
          return (f ? f.value(z) : z) + (skipFrom === undefined ? 0 : states[skipFrom][j]);
        }),
      );
    }
    const width = targets.columns;
    states[states.length - 1].forEach((value, k) => (sum += (value - targets.data[row * width + k]) ** 2));
  });
  return sum / order.length;
}

/** Layer stacks beyond the autoencoder: one layer, a deep chain with skips, and tied pairs around it. */
function stacks(): DenseLayer[][] {
  const relu = activation('relu').kernel;
  const tanh = activation('tanh').kernel;
  return [
    [{ inputs: 3, outputs: 2 }],
    [
      { inputs: 5, outputs: 7, activation: tanh },
      { inputs: 7, outputs: 5, skipFrom: 0 },
      { inputs: 5, outputs: 6, activation: relu },
      { inputs: 6, outputs: 5, skipFrom: 2 },
      { inputs: 5, outputs: 5, activation: tanh, skipFrom: 2 },
    ],
    [
      { inputs: 4, outputs: 9, activation: tanh },
      { inputs: 9, outputs: 2, activation: tanh },
      { inputs: 2, outputs: 9, activation: tanh, tiedTo: 1 },
      { inputs: 9, outputs: 4, tiedTo: 0 },
    ],
  ];
}

const every = ACTIVATION_NAMES.flatMap((name) =>
  [true, false].flatMap((tied) => [true, false].map((residual) => ({ name, tied, residual }))),
);

for (const { kernels, dtype, title } of combinations) {
  const tolerance = dtype === 'float64' ? 1e-12 : 2e-5;

  test(`${title} networkLoss: agrees with plain loops, for every network and noise`, async (t) => {
    const factor = storage(dtype, new Random(3).normals(25));
    const noises: (InputNoise | undefined)[] = [
      undefined,
      { kind: 'gaussian', scale: 0.7 },
      { kind: 'factor', factor },
      { kind: 'masking', threshold: -0.3 },
    ];
    const networks = [...every.map((one) => autoencoder(5, 11, one.name, one)), ...stacks()];
    for (const [i, layers] of networks.entries()) {
      const model = layers[0].inputs === 5 ? noises[i % 4] : undefined;
      const noise = model && { model, stream: new RandomStream(5, 'noise', i) };
      const problem = { ...problemOf(dtype, layers, i), noise };
      const expected = referenceLoss(problem);
      const actual = await kernels.networkLoss(problem);
      t.true(Math.abs(actual - expected) <= tolerance * expected, `network ${i}: ${actual}, not ${expected}`);
    }
  });

  test(`${title} trainNetwork: each step is the optimiser's, from the gradient of its batch`, async (t) => {
    for (const optimiser of [ADAM, SGD]) {
      const layers = autoencoder(6, 10, 'tanh', { tied: false, residual: true });
      const problem = problemOf(dtype, layers, 4, 11);
      const expected = Float64Array.from(problem.parameters);
      const moments = new Float64Array(2 * expected.length);
      for (let step = 1, start = 0; start < 11; start += 4, step++) {
        const order = problem.order.subarray(start, start + 4);
        const gradient = storage(dtype, new Array<number>(expected.length).fill(0));
        const parameters = storage(dtype, Array.from(expected));
        await kernels.networkLoss({ ...problem, parameters, order, gradient });
        expected.forEach((_, at) => {
          const g = gradient[at];
          if (optimiser.kind === 'sgd') {
            moments[at] = optimiser.momentum * moments[at] + g;
            expected[at] -= optimiser.rate * moments[at];
            return;
          }
          const { rate, beta1, beta2, epsilon } = optimiser;
          moments[2 * at] = beta1 * moments[2 * at] + (1 - beta1) * g;
          moments[2 * at + 1] = beta2 * moments[2 * at + 1] + (1 - beta2) * g ** 2;
          const mean = moments[2 * at] / (1 - beta1 ** step);
          expected[at] -= (rate * mean) / (Math.sqrt(moments[2 * at + 1] / (1 - beta2 ** step)) + epsilon);
        });
      }
      const state = storage(dtype, new Array<number>(2 * expected.length).fill(0));
      const loss = await kernels.trainNetwork({ ...problem, optimiser, batch: 4, step: 0, moments: state });
      t.true(loss > 0);
      // Adam divides by the root of a squared gradient: where that is about 0, rounding decides.
      const allowed = dtype === 'float64' ? 1e-9 : 2e-3;
      expected.forEach((value, at) =>
        t.true(Math.abs(problem.parameters[at] - value) < allowed, `${optimiser.kind} ${at}`),
      );
    }
  });

  test(`${title} trainNetwork: lowers the loss, the same bits every time`, async (t) => {
    const layers = autoencoder(8, 300, 'relu', { tied: false, residual: false });
    const run = async () => {
      const problem = problemOf(dtype, layers, 6, 200);
      const moments = storage(dtype, new Array<number>(2 * problem.parameters.length).fill(0));
      const losses: number[] = [];
      for (let epoch = 0; epoch < 15; epoch++) {
        const noise = {
          model: { kind: 'gaussian', scale: 0.1 } as const,
          stream: new RandomStream(1, 'noise', epoch),
        };
        const step = epoch * 4;
        losses.push(
          await kernels.trainNetwork({ ...problem, noise, moments, optimiser: ADAM, batch: 64, step }),
        );
      }
      return { losses, parameters: problem.parameters };
    };
    const first = await run();
    t.true(first.losses[14] < 0.2 * first.losses[0], `${first.losses[0]} to ${first.losses[14]}`);
    t.deepEqual(await run(), first);
  });

  test(`${title} trainNetwork: says where the loss is not finite, and stops when aborted`, async (t) => {
    const layers = autoencoder(4, 8, 'relu', { tied: false, residual: false });
    const problem = problemOf(dtype, layers, 7, 40);
    const moments = storage(dtype, new Array<number>(2 * problem.parameters.length).fill(0));
    const wild: Optimiser = { kind: 'sgd', rate: 1e30, momentum: 0 };
    const call = { ...problem, moments, batch: 2, step: 0 };
    t.false(Number.isFinite(await kernels.trainNetwork({ ...call, optimiser: wild })));
    moments.fill(0);
    const order = new Int32Array(400_000).map((_, i) => i % 40);
    const controller = new AbortController();
    const aborted = kernels.trainNetwork(
      { ...problemOf(dtype, layers, 7, 40), moments, batch: 2, step: 0, optimiser: ADAM, order },
      { signal: controller.signal },
    );
    controller.abort();
    await t.throwsAsync(aborted, { code: 'ABORTED' });
  });
}

for (const kernels of backends) {
  const dtype: DType = kernels.dtypes.includes('float64') ? 'float64' : 'float32';
  test(`${kernels.name} networkLoss: the gradient is that of finite differences, for every activation`, async (t) => {
    // Away from kinks the reference is smooth; at float32 its differences are still taken in float64.
    const networks = [...every.map((one) => autoencoder(3, 4, one.name, one)), ...stacks()];
    for (const [i, layers] of networks.entries()) {
      const problem = problemOf(dtype, layers, 20 + i);
      const gradient = storage(dtype, new Array<number>(problem.parameters.length).fill(NaN));
      await kernels.networkLoss({ ...problem, gradient });
      const size = Math.max(...Array.from(gradient, Math.abs));
      const parameters = Float64Array.from(problem.parameters);
      for (let at = 0; at < parameters.length; at++) {
        const h = 1e-6;
        const value = parameters[at];
        const shifted = [1, -1].map((sign) => {
          parameters[at] = value + sign * h;
          return referenceLoss({ ...problem, parameters });
        });
        parameters[at] = value;
        const expected = (shifted[0] - shifted[1]) / (2 * h);
        const allowed = (dtype === 'float64' ? 1e-7 : 1e-4) * (1 + size);
        t.true(
          Math.abs(gradient[at] - expected) < allowed,
          `network ${i}, parameter ${at}: ${gradient[at]}, not ${expected}`,
        );
      }
    }
  });
}
