import test from 'ava';
import { type NdArray, ndarray, toDtype } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { kernelFlow, maximumMeanDiscrepancy, medianSquaredDistance } from '../ts/flow/index.js';
import { empirical, gaussian, gaussianMixture, twoMoons } from '../ts/measure/index.js';
import { combinations } from './conformance-backends.js';
import { derivativeErrors, difference, exactly, fails, mean, normals, singles } from './named-flows.js';

const mixture = gaussianMixture({
  means: [
    [-1, 0],
    [1, 1],
  ],
  variances: [0.2, 0.4],
});

/** exp(−|a_i − b_j|²/2h). */
function kernel(a: NdArray, i: number, b: NdArray, j: number, h: number): number {
  const d = a.shape[1];
  let square = 0;
  for (let k = 0; k < d; k++) square += (a.data[i * d + k] - b.data[j * d + k]) ** 2;
  return Math.exp(-square / (2 * h));
}

/** mean_j ∇k(x_i, y_j), by plain loops. */
function meanGradient(x: NdArray, y: NdArray, h: number): number[] {
  const [n, d] = x.shape;
  const [m] = y.shape;
  const out = new Array<number>(n * d).fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const weight = kernel(x, i, y, j, h) / (h * m);
      for (let k = 0; k < d; k++) out[i * d + k] += weight * (y.data[j * d + k] - x.data[i * d + k]);
    }
  }
  return out;
}

for (const { kernels, dtype, title } of combinations) {
  const backend = kernels.name;
  const tolerance = dtype === 'float64' ? 1e-12 : 2e-6;

  test(`${title}: the kernel flow's velocity is its definition`, async (t) => {
    const h = 0.5;
    const y = toDtype(normals(30, 3, 1, 2), dtype);
    const x = toDtype(normals(12, 3, 2), dtype);
    const { field } = kernelFlow(empirical({ points: y }), { variance: h, to: 1 });
    const { velocity } = await field.evaluate(x, 0, {}, { backend });
    const apart = meanGradient(x, x, h);
    const expected = meanGradient(x, y, h).map((value, i) => value - apart[i]);
    t.true(difference(velocity.data, expected) < tolerance);
  });

  test(`${title}: the maximum mean discrepancy is its definition`, async (t) => {
    const h = 0.8;
    const [a, b] = [toDtype(normals(20, 2, 3), dtype), toDtype(normals(30, 2, 4, 2), dtype)];
    const meanKernel = (x: NdArray, y: NdArray) => {
      let sum = 0;
      for (let i = 0; i < x.shape[0]; i++) for (let j = 0; j < y.shape[0]; j++) sum += kernel(x, i, y, j, h);
      return sum / (x.shape[0] * y.shape[0]);
    };
    const square = meanKernel(a, a) + meanKernel(b, b) - 2 * meanKernel(a, b);
    const options = { variance: h, backend };
    t.true(Math.abs((await maximumMeanDiscrepancy(a, b, options)) - Math.sqrt(square)) < tolerance);
    t.true((await maximumMeanDiscrepancy(a, a, options)) < 1e-3);
    const [there, back] = [
      await maximumMeanDiscrepancy(a, b, options),
      await maximumMeanDiscrepancy(b, a, options),
    ];
    t.true(Math.abs(there - back) < tolerance);
  });
}

exactly('the kernel flow is felt by one particle more as its derivatives say', async (t) => {
  const h = 0.7;
  const x = normals(8, 2, 5);
  const { field } = kernelFlow(mixture, { variance: h, to: 1 });
  const others = await field.evaluate(x, 0, {});
  const apart = meanGradient(x, x, h);
  const towards = others.velocity.data.map((value, i) => value + apart[i]);
  t.true(difference(towards, await pull(x)) < 1e-12);
  const errors = await derivativeErrors(field, x, 0, async (moved) => {
    const away = meanGradient(moved, x, h);
    return { data: (await pull(moved)).map((value, i) => value - away[i]), shape: moved.shape };
  });
  t.true(errors.divergence < 1e-8 && errors.jacobianVector < 1e-8, JSON.stringify(errors));

  /** ∇∫k(·, y)dπ(y) for the mixture: each component is a Gaussian of its variance and h more. */
  async function pull({ data, shape }: NdArray): Promise<Float64Array> {
    const out = new Float64Array(data.length);
    for (const [k, variance] of [0.2, 0.4].entries()) {
      const spread = variance + h;
      for (let i = 0; i < shape[0]; i++) {
        const offset = [0, 1].map((l) => mixture.means.data[2 * k + l] - data[2 * i + l]);
        const height = (h / spread) * Math.exp(-(offset[0] ** 2 + offset[1] ** 2) / (2 * spread));
        offset.forEach((value, l) => (out[2 * i + l] += (0.5 * height * value) / spread));
      }
    }
    return out;
  }
});

exactly('half the squared discrepancy falls at the rate of the mean squared velocity', async (t) => {
  const target = toDtype(twoMoons(200, { seed: 2, noise: 0.05 }).points, 'float64');
  const x = normals(100, 2, 6);
  const variance = medianSquaredDistance(target);
  const flow = kernelFlow(empirical({ points: target }), { variance, to: 40 });
  const step = 1e-3;
  const saveAt = [1, 5, 20].flatMap((time) => [time - step, time, time + step]);
  const { states } = await flow.transport(x, { saveAt, tolerance: { relative: 1e-9 } });
  const halfSquares = await Promise.all(
    states.map(
      async ({ positions }) => (await maximumMeanDiscrepancy(positions, target, { variance })) ** 2 / 2,
    ),
  );
  t.deepEqual(
    halfSquares,
    [...halfSquares].sort((a, b) => b - a),
  );
  for (const at of [2, 5, 8]) {
    const rate = (halfSquares[at + 1] - halfSquares[at - 1]) / (2 * step);
    const { velocity } = await flow.field.evaluate(states[at].positions, states[at].time, {});
    const square = 2 * mean(velocity.data, (value) => value * value);
    t.true(Math.abs(rate + square) < 1e-4 * square, `${rate} and ${-square}`);
  }
  t.true(halfSquares.at(-1)! < 0.02 * halfSquares[0]);
});

exactly('injected noise moves the place where the velocity is taken', async (t) => {
  const h = 0.5;
  const [x, y] = [normals(10, 2, 1), normals(20, 2, 2)];
  const noise = { level: (time: number) => 0.1 * time, step: 0.5 };
  const { field } = kernelFlow(empirical({ points: y }), { variance: h, to: 10, noise });
  const { velocity } = await field.evaluate(x, 3, {}, { seed: 4 });
  const normal = new Float64Array(20);
  new RandomStream(4, 'noise', 6).fillNormal(normal);
  const places = { data: x.data.map((value, i) => value + 0.3 * normal[i]), shape: x.shape };
  const apart = meanGradient(places, x, h);
  const expected = meanGradient(places, y, h).map((value, i) => value - apart[i]);
  t.true(difference(velocity.data, expected) < 1e-12);
});

test('noise injection brings far particles to the target, by the seed', async (t) => {
  const target = empirical({ points: normals(100, 2, 7, 0.5) });
  const start = normals(50, 2, 8, 0.3).data.map((value) => value + 2);
  const x = toDtype({ data: start, shape: [50, 2] }, 'float32');
  const parameters = { variance: 0.5, to: 200 };
  const noise = { level: (time: number) => Math.max(0, 2 - time / 70), step: 1 };
  const far = async (flow: ReturnType<typeof kernelFlow>, seed = 1) => {
    const { end } = await flow.transport(x, { seed });
    const b = toDtype(target.points, 'float32');
    return { end, distance: await maximumMeanDiscrepancy(end.positions, b, { variance: 0.5 }) };
  };
  const plain = await far(kernelFlow(target, parameters));
  const noisy = await far(kernelFlow(target, { ...parameters, noise }));
  t.true(noisy.distance < 0.8 * plain.distance, `${noisy.distance} and ${plain.distance}`);
  const again = await far(kernelFlow(target, { ...parameters, noise }));
  t.deepEqual(again.end.positions.data, noisy.end.positions.data);
  const other = await far(kernelFlow(target, { ...parameters, noise }), 2);
  t.notDeepEqual(other.end.positions.data, noisy.end.positions.data);
});

test('the median squared distance is that of all pairs, or of a steady sample', async (t) => {
  const points = ndarray([[0], [1], [3]]);
  t.is(medianSquaredDistance(points), 4);
  // |x − y|² of standard normal points in the plane is 4 times an exponential variable: its median is 4 log 2.
  const many = await gaussian({ mean: [0, 0], variance: 1 }).sample(3000);
  t.true(Math.abs(medianSquaredDistance(many, { seed: 1 }) / (4 * Math.log(2)) - 1) < 0.1);
  t.is(medianSquaredDistance(many, { seed: 1 }), medianSquaredDistance(many, { seed: 1 }));
  t.not(medianSquaredDistance(many, { seed: 1 }), medianSquaredDistance(many, { seed: 2 }));
  await fails(t, 'EMPTY_CLOUD', /2 points/, () => medianSquaredDistance(ndarray([[1]])));
  await fails(t, 'DEGENERATE_CLOUD', /distances/, () => medianSquaredDistance(ndarray([[1], [1], [1]])));
});

test('bad arguments are named', async (t) => {
  const x = singles(5, 2, 1);
  await fails(t, 'INVALID_ARGUMENT', /variance/, () => kernelFlow(mixture, { to: 1 } as never));
  await fails(t, 'INVALID_ARGUMENT', /\bto\b/, () => kernelFlow(mixture, { variance: 1, to: 0 }));
  const noise = { level: -1, step: 1 };
  await fails(t, 'INVALID_ARGUMENT', /noise.level/, () => kernelFlow(mixture, { variance: 1, to: 1, noise }));
  await fails(t, 'INVALID_ARGUMENT', /noise.step/, () =>
    kernelFlow(mixture, { variance: 1, to: 1, noise: { level: 1, step: 0 } }),
  );
  await fails(t, 'INVALID_SHAPE', /dimension/, () =>
    maximumMeanDiscrepancy(x, singles(5, 3, 1), { variance: 1 }),
  );
  await fails(t, 'INVALID_DTYPE', /dtype/, () =>
    maximumMeanDiscrepancy(x, toDtype(x, 'float64'), { variance: 1 }),
  );
  await fails(t, 'INVALID_ARGUMENT', /variance/, () => maximumMeanDiscrepancy(x, x, { variance: NaN }));
  await fails(t, 'NON_FINITE', /\ba\b/, () =>
    maximumMeanDiscrepancy({ data: new Float32Array([1, NaN]), shape: [1, 2] }, x, { variance: 1 }),
  );
});
