import test from 'ava';
import { type NdArray, ndarray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { backwardHeatField, scoreField } from '../ts/field/index.js';
import { continuousDaeFlow, integrate } from '../ts/flow/index.js';
import { empirical, gaussian, gaussianMixture, smoothed, twoMoons } from '../ts/measure/index.js';
import { compileFlow, distanceFromFlow, residualNetwork, shallowNetwork } from '../ts/network/index.js';
import { exactly, places } from './native.js';
import { Random } from './reference/random.js';

const normal = gaussian({ mean: [1, -1], variance: [1, 2] });
const mixture = gaussianMixture({
  weights: [0.4, 0.6],
  means: [
    [-1, 0],
    [1.5, 0.5],
  ],
  variances: [0.6, 0.9],
});

/** x ↦ rate · x, by two rectifiers for each coordinate. */
function linear(rate: number, d: number) {
  const [A, C] = [zeros([2 * d, d], 'float64'), zeros([2 * d, d], 'float64')];
  for (let c = 0; c < d; c++) {
    A.data[2 * c * d + c] = 1;
    A.data[(2 * c + 1) * d + c] = -1;
    C.data[2 * c * d + c] = rate;
    C.data[(2 * c + 1) * d + c] = -rate;
  }
  return shallowNetwork({ activation: 'relu', A, b: zeros([2 * d], 'float64'), C });
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype} residualNetwork: layers add up, derivatives by the chain rule`, async (t) => {
    const layers = [0.5, 0.25, 1].map((step, l) => ({ network: linear(l + 1, 3), step }));
    const network = residualNetwork({ layers, from: 2 });
    t.deepEqual(network.times, [2, 2.5, 2.75, 3.75]);
    t.deepEqual([network.depth, network.dimension], [3, 3]);
    const x = zeros([7, 3], dtype);
    x.data.set(new Random(1).normals(21));
    const states = await network.trajectory(x, { backend });
    const factors = [1, 1.5, 1.5 * 1.5, 1.5 * 1.5 * 4];
    const close = (a: NdArray, factor: number, of: NdArray) =>
      t.true(a.data.every((value, i) => Math.abs(value - factor * of.data[i]) < 1e-5));
    states.forEach((state, l) => close(state, factors[l], x));
    t.deepEqual(await network.evaluate(x, { backend }), states[3]);
    const u = { ...x, data: x.data.map((value) => value - 1) };
    close(await network.jacobianVector(x, u, { backend }), 9, u);
    const { velocity, divergence } = await network.field.evaluate(x, 2.5, { divergence: true }, { backend });
    close(velocity, 2, x);
    t.true(divergence!.every((value) => value === 6));
  });
}

exactly(
  'residualNetwork: as a flow it moves points where its forward pass does, with their log-density',
  async (t) => {
    const layers = Array.from({ length: 5 }, () => ({ network: linear(-0.3, 2), step: -0.1 }));
    const network = residualNetwork({ layers, from: 1 });
    const x = zeros([4, 2], 'float64');
    x.data.set(new Random(2).normals(8));
    const { end } = await network.flow().transport(x, { logDensity0: new Float64Array(4) });
    const expected = await network.evaluate(x);
    t.true(end.positions.data.every((value, i) => Math.abs(value - expected.data[i]) < 1e-14));
    // Euler's method on d/dt log μ = −div v, which is 0.6, for time −0.5.
    end.logDensity!.forEach((value) => t.true(Math.abs(value + 0.3) < 1e-12, `${value}`));
  },
);

exactly(
  'compileFlow: the distance from the flow of a Gaussian and of a mixture falls as 1/depth',
  async (t) => {
    for (const [name, measure, to] of [
      ['normal', normal, 0.2],
      ['mixture', mixture, 0.1],
    ] as const) {
      const flow = continuousDaeFlow(measure, { to });
      const x0 = await measure.sample(200, { seed: 77, dtype: 'float64' });
      const errors: number[] = [];
      for (const depth of [2, 4, 8]) {
        const { network, layers } = await compileFlow(flow, {
          depth,
          width: 300,
          start: await measure.sample(1500, { dtype: 'float64' }),
        });
        t.is(layers.length, depth);
        const { rms, max, times } = await distanceFromFlow(network, flow, x0);
        t.deepEqual([times.length, rms.length, rms[0]], [depth + 1, depth + 1, 0]);
        t.true(max[depth] >= rms[depth]);
        errors.push(rms[depth]);
      }
      const orders = [0, 1].map((i) => Math.log2(errors[i] / errors[i + 1]));
      orders.forEach((order) => t.true(order > 0.75 && order < 1.35, `${name}: orders ${orders.join(', ')}`));
    }
  },
);

exactly(
  'compileFlow: at a given depth the distance falls with the width, to that of Euler’s method',
  async (t) => {
    const flow = continuousDaeFlow(mixture, { to: 0.2 });
    const x0 = await mixture.sample(200, { seed: 78, dtype: 'float64' });
    const start = await mixture.sample(600, { dtype: 'float64' });
    const steps = { from: 0, to: 0.2, step: { steps: 10 } };
    const { euler } = await import('../ts/flow/solvers/index.js');
    const ideal = (await integrate(flow.field, x0, { ...steps, solver: euler })).end.positions;
    const distances: number[] = [];
    for (const width of [5, 20, 80]) {
      const { network } = await compileFlow(flow, { depth: 10, width, start });
      const { data } = await network.evaluate(x0);
      const square = Array.from(data).reduce((sum, value, i) => sum + (value - ideal.data[i]) ** 2, 0);
      distances.push(Math.sqrt(square / 200));
    }
    t.true(distances[1] < distances[0] / 2 && distances[2] < distances[1] / 2, distances.join(', '));
  },
);

test('compileFlow: fields, clouds, times that run backwards', async (t) => {
  const cloud = smoothed({ points: twoMoons(60).points, variance: 0.05 });
  const field = backwardHeatField(cloud);
  const start = await cloud.sample(300);
  const { network } = await compileFlow(field, { depth: 4, width: 60, to: 0.01, start, activation: 'relu' });
  const { rms } = await distanceFromFlow(network, field, start);
  t.true(rms[4] < 0.05, `${rms[4]}`);
  const back = await compileFlow(field, {
    depth: 3,
    width: 30,
    from: 0.01,
    to: 0,
    start: cloud,
    samples: 200,
  });
  t.true(back.network.layers.every(({ step }) => step < 0));
  t.is(back.layers[0].heldOut!.points, 40);
  const again = await compileFlow(field, {
    depth: 3,
    width: 30,
    from: 0.01,
    to: 0,
    start: cloud,
    samples: 200,
  });
  t.deepEqual(again.network.layers[2].network.C, back.network.layers[2].network.C);
});

test('residual networks: bad input', async (t) => {
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  const thrown = (call: () => unknown, code: ErrorCode) =>
    t.is(t.throws(call, { instanceOf: RidgeflowError }).code, code);
  thrown(() => residualNetwork({ layers: [] }), 'INVALID_ARGUMENT');
  thrown(() => residualNetwork({ layers: [{ network: linear(1, 2), step: 0 }] }), 'INVALID_ARGUMENT');
  thrown(
    () =>
      residualNetwork({
        layers: [
          { network: linear(1, 2), step: 1 },
          { network: linear(1, 2), step: -1 },
        ],
      }),
    'INVALID_ARGUMENT',
  );
  thrown(
    () =>
      residualNetwork({
        layers: [
          { network: linear(1, 2), step: 1 },
          { network: linear(1, 3), step: 1 },
        ],
      }),
    'INVALID_SHAPE',
  );
  const uneven = residualNetwork({
    layers: [
      { network: linear(1, 2), step: 1 },
      { network: linear(1, 2), step: 2 },
    ],
  });
  thrown(() => uneven.flow(), 'UNSUPPORTED');
  await fails(uneven.evaluate(zeros([2, 3])), 'INVALID_SHAPE');
  await fails(uneven.evaluate(zeros([2, 2]), { signal: AbortSignal.abort() }), 'ABORTED');
  await fails(uneven.evaluate(ndarray([[NaN, 0]])), 'NON_FINITE');
  const flow = continuousDaeFlow(normal, { to: 0.2 });
  await fails(compileFlow(flow, { depth: 0, width: 3 }), 'INVALID_ARGUMENT');
  await fails(compileFlow(flow, { depth: 2, width: 0 }), 'INVALID_ARGUMENT');
  await fails(compileFlow(flow, { depth: 2, width: 3, to: 5 }), 'COLLAPSED');
  await fails(compileFlow(flow, { depth: 2, width: 3, signal: AbortSignal.abort() }), 'ABORTED');
  await fails(compileFlow(scoreField(normal), { depth: 2, width: 3, to: 1 }), 'INVALID_ARGUMENT');
  await fails(compileFlow(scoreField(normal), { depth: 2, width: 3, start: normal }), 'INVALID_ARGUMENT');
  const points = empirical({ points: [[0, 1]] });
  await fails(
    compileFlow(scoreField(normal), { depth: 1, width: 3, to: 1, start: points }),
    'DEGENERATE_CLOUD',
  );
});
