import test from 'ava';
import { ACTIVATION_NAMES, type ActivationName } from '../ts/core/activation.js';
import { type DType, type NdArray, dtypeOf, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  type ShallowNetwork,
  errorByWidth,
  fitError,
  fitNetwork,
  randomUnits,
  shallowNetwork,
} from '../ts/network/index.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

const largest = (values: Iterable<number>) =>
  Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

function normals(seed: number, shape: number[], dtype: DType, size = 1): NdArray {
  const array = zeros(shape, dtype);
  array.data.set(new Random(seed).normals(array.data.length).map((value) => size * value));
  return array;
}

function randomNetwork(name: ActivationName, [m, d, k]: number[], dtype: DType): ShallowNetwork {
  return shallowNetwork({
    activation: name,
    A: normals(1, [m, d], dtype),
    b: normals(2, [m], dtype),
    C: normals(3, [m, k], dtype),
    bias: normals(4, [k], dtype),
  });
}

/** Outputs, and derivatives along u, from their definition. */
function reference(
  { activation, A, b, C, bias, width, inputs: d, outputs: k }: ShallowNetwork,
  x: NdArray,
  u: NdArray,
) {
  const values: number[] = [];
  const derivatives: number[] = [];
  const divergences: number[] = [];
  for (let i = 0; i < x.shape[0]; i++) {
    const out = Array.from(bias.data);
    const along = new Array<number>(k).fill(0);
    let divergence = 0;
    for (let j = 0; j < width; j++) {
      let z = -b.data[j];
      let direction = 0;
      let trace = 0;
      for (let c = 0; c < d; c++) {
        z += A.data[j * d + c] * x.data[i * d + c];
        direction += A.data[j * d + c] * u.data[i * d + c];
        trace += A.data[j * d + c] * C.data[j * k + c];
      }
      divergence += activation.derivative(z) * trace;
      for (let c = 0; c < k; c++) {
        out[c] += activation.value(z) * C.data[j * k + c];
        along[c] += activation.derivative(z) * direction * C.data[j * k + c];
      }
    }
    values.push(...out);
    derivatives.push(...along);
    divergences.push(divergence);
  }
  return { values, derivatives, divergences };
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype} shallowNetwork: outputs and derivatives are those of the formula`, async (t) => {
    for (const [i, name] of ACTIVATION_NAMES.entries()) {
      const [n, m, d] = [[1, 17, 33][i % 3], [1, 7, 65, 130][i % 4], [1, 2, 5][(i + 1) % 3]];
      for (const k of [d, 3]) {
        const network = randomNetwork(name, [m, d, k], dtype);
        const [x, u] = [normals(5, [n, d], dtype), normals(6, [n, d], dtype)];
        const { values, derivatives, divergences } = reference(network, x, u);
        const allowed =
          (dtype === 'float64' ? 1e-12 : 2e-5) * Math.max(1, largest(values), largest(derivatives));
        const out = await network.evaluate(x, { backend });
        t.deepEqual(out.shape, [n, k]);
        t.is(dtypeOf(out), dtype);
        t.true(largest(values.map((value, l) => value - out.data[l])) < allowed, name);
        const along = await network.jacobianVector(x, u, { backend });
        const error = largest(derivatives.map((value, l) => value - along.data[l]));
        t.true(error < allowed, `${name}: derivatives differ by ${error}`);
        if (k !== d) continue;
        const traces = await network.divergence(x, { backend });
        t.true(
          largest(divergences.map((value, l) => value - traces[l])) < allowed * d,
          `${name}: divergence`,
        );
      }
    }
  });

  test(`${backend} ${dtype} fitNetwork: finds a network that has its units, by either solver`, async (t) => {
    const x = normals(7, [240, 3], dtype);
    const units = randomUnits(x, { width: 9, seed: 4 });
    const truth = shallowNetwork({
      activation: 'tanh',
      A: units.a,
      b: units.b,
      C: normals(8, [9, 2], dtype),
      bias: ndarray([3, -2], [2], dtype),
    });
    const values = await truth.evaluate(x, { backend });
    for (const solver of ['cholesky', 'conjugate-gradients'] as const) {
      const options = { units, solver, ridge: dtype === 'float64' ? 1e-13 : 1e-7, tolerance: 1e-9, backend };
      const { network, heldOut, training } = await fitNetwork({ points: x, values }, options);
      t.is(heldOut!.points, 48);
      t.is(training.points, 192);
      const allowed = dtype === 'float64' ? 1e-6 : 5e-3;
      t.true(heldOut!.relative < allowed && training.relative < allowed, `${solver}: ${heldOut!.relative}`);
      const found = largest(network.C.data.map((value, i) => value - truth.C.data[i]));
      t.true(found < (dtype === 'float64' ? 1e-5 : 0.2), `${solver}: C differs by ${found}`);
    }
  });

  test(`${backend} ${dtype} fitNetwork: the error falls with width at Monte Carlo's rate or better`, async (t) => {
    const x = normals(9, [600, 1], dtype);
    const values = { ...x, data: x.data.map((value) => Math.sin(2 * value)) };
    const { rows, rate } = await errorByWidth(
      { points: x, values },
      { widths: [4, 16, 64], activation: 'relu', backend },
    );
    t.deepEqual(
      rows.map(({ width }) => width),
      [4, 16, 64],
    );
    t.true(rate > 0.5, `rate ${rate}`);
    t.true(rows[2].heldOut.relative < 0.06, `${rows[2].heldOut.relative}`);
  });
}

exactly('fitNetwork: both solvers find the minimum that plain ridge regression has', async (t) => {
  const [n, m] = [60, 5];
  const x = normals(10, [n, 2], 'float64');
  const values = normals(11, [n, 1], 'float64');
  const units = randomUnits(x, { width: m, seed: 2 });
  for (const solver of ['cholesky', 'conjugate-gradients'] as const) {
    const { network, ridge } = await fitNetwork(
      { points: x, values },
      { units, solver, ridge: 0.1, heldOut: 0, tolerance: 1e-12, activation: 'relu' },
    );
    t.is(ridge, 0.1);
    // The gradient of the penalised sum of squares vanishes, in C and in the bias.
    const { data } = await network.evaluate(x);
    const residual = values.data.map((value, i) => value - data[i]);
    t.true(Math.abs(Array.from(residual).reduce((a, b) => a + b)) < 1e-10);
    const features = Array.from({ length: m }, (_, j) =>
      Array.from({ length: n }, (_, i) =>
        Math.max(
          0,
          units.a.data[2 * j] * x.data[2 * i] + units.a.data[2 * j + 1] * x.data[2 * i + 1] - units.b.data[j],
        ),
      ),
    );
    const variance = features.reduce((sum, column) => {
      const mean = column.reduce((a, b) => a + b) / n;
      return sum + column.reduce((a, b) => a + (b - mean) ** 2, 0) / n / m;
    }, 0);
    features.forEach((column, j) => {
      const slope = column.reduce((sum, value, i) => sum + value * residual[i], 0) / n;
      t.true(Math.abs(slope - ridge * variance * network.C.data[j]) < 1e-9, `${solver}, unit ${j}`);
    });
  }
});

test('fitNetwork: the score of a measure, functions under it, and held-out points of the caller', async (t) => {
  const measure = gaussian({ mean: [1, 0], variance: 2 });
  const { heldOut } = await fitNetwork({ measure, samples: 800 }, { width: 64, activation: 'relu', seed: 3 });
  t.true(heldOut!.relative < 0.1, `${heldOut!.relative}`);
  const values = ({ data, shape }: NdArray) => ({
    data: data.filter((_, i) => i % 2 === 0).map(Math.cos),
    shape: [shape[0], 1],
  });
  const points = await gaussian({ mean: [1, 0], variance: 2 }).sample(100, { seed: 99 });
  const own = { points, values: values(points) };
  const fit = await fitNetwork({ measure, values, samples: 800 }, { width: 150, heldOut: own });
  t.is(fit.heldOut!.points, 100);
  t.true(fit.heldOut!.relative < 0.1, `${fit.heldOut!.relative}`);
  const { points: count, ...error } = fit.heldOut!;
  t.is(count, 100);
  t.deepEqual(await fitError(fit.network, own, {}), error);
});

test('fitNetwork: seeds give the same bits, and of several penalties the best is taken', async (t) => {
  const measure = gaussianMixture({ weights: [0.5, 0.5], means: [[-1], [1]], variances: [0.3, 0.3] });
  const options = { width: 40, seed: 5 };
  const [a, b] = [
    await fitNetwork({ measure, samples: 300 }, options),
    await fitNetwork({ measure, samples: 300 }, options),
  ];
  t.deepEqual(a.network.C, b.network.C);
  const each = await Promise.all(
    [1e-9, 1e-3, 1].map((ridge) => fitNetwork({ measure, samples: 300 }, { ...options, ridge })),
  );
  const best = await fitNetwork({ measure, samples: 300 }, { ...options, ridge: [1e-9, 1e-3, 1] });
  t.is(best.heldOut!.rms, Math.min(...each.map(({ heldOut }) => heldOut!.rms)));
});

test('randomUnits: standardised, centred at points of the data, blind to columns that never change', (t) => {
  const x = zeros([50, 3], 'float64');
  const normal = new Random(1).normals(50);
  for (let i = 0; i < 50; i++) x.data.set([5, 100 * normal[i], normal[49 - i]], 3 * i);
  const { a: A, b } = randomUnits(x, { width: 20, scale: [2, 2] });
  for (let j = 0; j < 20; j++) {
    const [first, second, third] = A.data.subarray(3 * j, 3 * j + 3);
    t.is(first, 0);
    t.true(Math.abs(second) < 0.1 && Math.abs(third) < 10);
    const nearest = Math.min(
      ...normal.map((value, i) => Math.abs(second * 100 * value + third * normal[49 - i] - b.data[j])),
    );
    t.true(nearest < 1e-12);
  }
  t.deepEqual(randomUnits(x, { width: 7, scale: [2, 2] }).a.data, A.data.subarray(0, 21));
  // A saturated unit of a network: 1 but for rounding. As numbers of float64 the same say something.
  const near = x.data.map((value, at) => (at % 3 === 0 ? 1 - (Math.floor(at / 3) % 2) * 2 ** -24 : value));
  const blind = randomUnits({ data: Float32Array.from(near), shape: [50, 3] }, { width: 5 });
  const sees = randomUnits({ data: near, shape: [50, 3] }, { width: 5 });
  for (let j = 0; j < 5; j++) {
    t.is(blind.a.data[3 * j], 0);
    t.not(sees.a.data[3 * j], 0);
  }
});

test('networks: bad input', async (t) => {
  const [A, b, C] = [zeros([4, 2]), zeros([4]), zeros([4, 1])];
  const thrown = (changes: object, code: ErrorCode) =>
    t.is(
      t.throws(() => shallowNetwork({ activation: 'relu', A, b, C, ...changes }), {
        instanceOf: RidgeflowError,
      }).code,
      code,
    );
  thrown({ activation: 'swish' }, 'INVALID_ARGUMENT');
  thrown({ A: zeros([0, 2]), b: zeros([0]), C: zeros([0, 1]) }, 'INVALID_SHAPE');
  thrown({ A: undefined }, 'INVALID_ARGUMENT');
  thrown({ b: zeros([3]) }, 'INVALID_SHAPE');
  thrown({ C: zeros([3, 1]) }, 'INVALID_SHAPE');
  thrown({ bias: zeros([2]) }, 'INVALID_SHAPE');
  thrown({ b: ndarray([0, NaN, 0, 0]) }, 'NON_FINITE');
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  const network = shallowNetwork({ activation: 'relu', A, b, C });
  await fails(network.evaluate(zeros([3, 1])), 'INVALID_SHAPE');
  await fails(network.evaluate(zeros([0, 2])), 'EMPTY_CLOUD');
  await fails(network.evaluate(ndarray([[1, Infinity]])), 'NON_FINITE');
  await fails(network.evaluate(zeros([1, 2]), { signal: AbortSignal.abort() }), 'ABORTED');
  await fails(network.jacobianVector(zeros([3, 2]), zeros([2, 2])), 'INVALID_SHAPE');
  await fails(
    network.jacobianVector(zeros([3, 2]), zeros([3, 2]), { signal: AbortSignal.abort() }),
    'ABORTED',
  );
  await fails(network.divergence(zeros([3, 2])), 'INVALID_SHAPE');
  const points = normals(1, [20, 2], 'float32');
  const target = { points, values: points };
  await fails(fitNetwork(target), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 0 }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 2.5 }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, ridge: -1 }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, ridge: [] }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, heldOut: 1 }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, solver: 'lu' as 'cholesky' }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, scale: [2, 1] }), 'INVALID_ARGUMENT');
  await fails(fitNetwork(target, { width: 3, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(fitNetwork(target, { units: { a: zeros([3, 1]), b: zeros([3]) } }), 'INVALID_SHAPE');
  await fails(fitNetwork(target, { units: { a: zeros([3, 2]), b: zeros([4]) } }), 'INVALID_SHAPE');
  await fails(fitNetwork({ points, values: zeros([19, 1]) }, { width: 3 }), 'INVALID_SHAPE');
  await fails(fitNetwork({ points: zeros([1, 2]), values: zeros([1, 1]) }, { width: 3 }), 'EMPTY_CLOUD');
  await fails(fitNetwork({ points: zeros([9, 2]), values: zeros([9, 1]) }, { width: 3 }), 'DEGENERATE_CLOUD');
  await fails(
    fitNetwork({ points, values: ndarray(new Float32Array(20).fill(NaN), [20, 1]) }, { width: 3 }),
    'NON_FINITE',
  );
  await fails(errorByWidth(target, { widths: [] }), 'INVALID_ARGUMENT');
  await fails(errorByWidth(target, { widths: [3], heldOut: 0 }), 'INVALID_ARGUMENT');
});
