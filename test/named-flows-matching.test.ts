import test from 'ava';
import { type NdArray, toDtype } from '../ts/core/array.js';
import { flowMatching, pairedFlowMatching, rectifiedFlow, shufflePairs } from '../ts/flow/index.js';
import { KernelRegression } from '../ts/flow/named/kernel-regression.js';
import { empirical, gaussian, gaussianMixture, smoothed, twoMoons } from '../ts/measure/index.js';
import { slicedWasserstein } from '../ts/transport/index.js';
import { backends, combinations } from './conformance-backends.js';
import { derivativeErrors, difference, exactly, fails, normals } from './named-flows.js';

const source = gaussian({ mean: [0.5, -1], variance: 1.3 });
const mixture = gaussianMixture({
  weights: [0.3, 0.7],
  means: [
    [-2, 0],
    [2, 1],
  ],
  variances: [0.3, 0.5],
});
const float64 = { dtype: 'float64' } as const;
const tight = { tolerance: { relative: 1e-9 } };

/** Σ_j r_j y_j with r_j ∝ exp(−|x − c_j|²/2σ²), by plain loops. */
function plainRegression(x: NdArray, centres: NdArray, values: NdArray, variance: number): number[] {
  const [n, d] = x.shape;
  const [k, m] = values.shape;
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    const squares = Array.from({ length: k }, (_, j) => {
      let square = 0;
      for (let l = 0; l < d; l++) square += (x.data[i * d + l] - centres.data[j * d + l]) ** 2;
      return square;
    });
    const least = Math.min(...squares);
    const weights = squares.map((square) => Math.exp((least - square) / (2 * variance)));
    const total = weights.reduce((a, b) => a + b);
    for (let l = 0; l < m; l++) {
      out.push(weights.reduce((sum, weight, j) => sum + weight * values.data[j * m + l], 0) / total);
    }
  }
  return out;
}

for (const { kernels, dtype, title } of combinations) {
  test(`${title}: kernel regression is its definition`, async (t) => {
    for (const [d, m, k, variance, scale] of [
      [1, 1, 1, 1, 1],
      [2, 3, 17, 0.1, 1],
      [5, 2, 40, 2, 1000],
      [30, 30, 97, 10, 1e-3],
    ]) {
      const centres = toDtype(normals(k, d, 1), dtype);
      const values = toDtype(normals(k, m, 2, scale), dtype);
      const x = toDtype(normals(11, d, 3), dtype);
      const regression = new KernelRegression(centres, values, { variance });
      const found = await regression.evaluate(x, { backend: kernels.name });
      const tolerance = dtype === 'float64' ? 1e-11 : 1e-4;
      const expected = plainRegression(x, centres, values, variance);
      t.true(difference(found.values.data, expected) < tolerance * 3 * scale, `d = ${d}`);
      t.true(difference(found.centres.data, plainRegression(x, centres, centres, variance)) < tolerance * 3);
      t.is(found.values.data.constructor, x.data.constructor);
    }
  });
}

exactly('kernel regression knows its sums and its traces', async (t) => {
  const [centres, values] = [normals(20, 2, 1), normals(20, 2, 2)];
  const x = normals(4, 2, 3);
  const variance = 0.7;
  const regression = new KernelRegression(centres, values, { variance, traces: true });
  const { logSum, trace, crossTrace } = await regression.evaluate(x, {});
  for (let i = 0; i < 4; i++) {
    const weights = Array.from({ length: 20 }, (_, j) => {
      const square =
        (x.data[2 * i] - centres.data[2 * j]) ** 2 + (x.data[2 * i + 1] - centres.data[2 * j + 1]) ** 2;
      return Math.exp(-square / (2 * variance));
    });
    const total = weights.reduce((a, b) => a + b);
    t.true(Math.abs(logSum[i] - Math.log(total)) < 1e-12);
    const average = (of: (j: number) => number) => weights.reduce((sum, w, j) => sum + w * of(j), 0) / total;
    const covariance = (a: NdArray, b: NdArray) =>
      [0, 1].reduce((sum, k) => {
        const [meanA, meanB] = [average((j) => a.data[2 * j + k]), average((j) => b.data[2 * j + k])];
        return sum + average((j) => (a.data[2 * j + k] - meanA) * (b.data[2 * j + k] - meanB));
      }, 0);
    t.true(Math.abs(trace![i] - covariance(centres, centres)) < 1e-12);
    t.true(Math.abs(crossTrace![i] - covariance(centres, values)) < 1e-12);
  }
});

exactly('flow matching from a Gaussian is the conditional mean of x₁ − x₀', async (t) => {
  // For a cloud: E[x₁ | x] by its weights, then (E[x₁ | x] − x)/(1 − t).
  const points = normals(25, 2, 4);
  const { field } = flowMatching(source, empirical({ points }));
  const x = normals(8, 2, 5);
  for (const time of [0.02, 0.3, 0.5, 0.9]) {
    const shifted = (by: number, y: NdArray): NdArray => ({
      data: y.data.map((value, i) => value + by * source.mean()[i % 2]),
      shape: y.shape,
    });
    const means = { data: points.data.map((value) => time * value), shape: points.shape };
    const expected = plainRegression(x, shifted(1 - time, means), points, 1.3 * (1 - time) ** 2).map(
      (value, i) => (value - x.data[i]) / (1 - time),
    );
    const { velocity } = await field.evaluate(x, time, {});
    t.true(difference(velocity.data, expected) < 1e-9, String(time));
  }
});

exactly('flow matching between Gaussians is the linear flow of their means and deviations', async (t) => {
  // Independent x₀, x₁: variance s_t² = (1 − t)²a² + t²b², and x_t moves with it.
  const [a, b] = [1.3, 0.2];
  const target = gaussian({ mean: [3, 0], variance: b });
  const flow = flowMatching(source, target);
  const x = normals(10, 2, 6);
  const { end, states } = await flow.transport(x, { ...tight, saveAt: [0.4], track: { logDensity: true } });
  for (const { time, positions } of [states[1], end]) {
    const factor = Math.sqrt(((1 - time) ** 2 * a + time ** 2 * b) / a);
    const expected = Array.from(x.data, (value, i) => {
      const [from, to] = [source.mean()[i % 2], target.mean()[i % 2]];
      return (1 - time) * from + time * to + factor * (value - from);
    });
    t.true(difference(positions.data, expected) < 1e-7, String(time));
  }
  const exact = await target.evaluate(end.positions, { logDensity: true });
  t.true(difference(end.logDensity!, exact.logDensity!) < 1e-6);
});

for (const { kernels, dtype, title } of combinations) {
  test(`${title}: the velocity of flow matching is smooth at time 0`, async (t) => {
    const { field } = flowMatching(source, mixture);
    const x = toDtype(normals(6, 2, 7), dtype);
    const at = async (time: number) =>
      field.evaluate(x, time, { divergence: true }, { backend: kernels.name });
    const start = await at(0);
    // At time 0 nothing is known of x₁: v = E[x₁] − x.
    const expected = Array.from(x.data, (value, i) => mixture.mean()[i % 2] - value);
    t.true(difference(start.velocity.data, expected) < (dtype === 'float64' ? 1e-8 : 2e-4));
    t.true(difference(start.divergence!, new Array(6).fill(-2)) < (dtype === 'float64' ? 1e-8 : 1e-3));
    const early = dtype === 'float64' ? 1e-5 : 2e-3;
    const [before, after] = [await at(early * (1 - 1e-6)), await at(early * (1 + 1e-6))];
    t.true(difference(before.velocity.data, after.velocity.data) < (dtype === 'float64' ? 1e-8 : 5e-4));
  });
}

exactly('velocities of flow matching have the derivatives they claim', async (t) => {
  const x = normals(6, 2, 8);
  const paired = pairedFlowMatching({ from: normals(30, 2, 1), to: normals(30, 2, 2, 2), variance: 0.4 });
  for (const field of [flowMatching(source, mixture).field, paired.field]) {
    for (const time of [0, 5e-6, 0.2, 0.7, 1]) {
      const errors = await derivativeErrors(field, x, time);
      t.true(errors.divergence < 1e-5 && errors.jacobianVector < 1e-5, `${time}: ${JSON.stringify(errors)}`);
    }
  }
});

test('flow matching carries a Gaussian to a mixture and to a cloud', async (t) => {
  const n = 1000;
  const moons = twoMoons(300, { seed: 1, noise: 0.05 }).points;
  const targets = [mixture, smoothed({ points: moons, variance: 0.01 }), empirical({ points: moons })];
  for (const target of targets) {
    const { end } = await flowMatching(source, target).sample(n, { dtype: 'float32', seed: 3 });
    const [fresh, other] = await Promise.all(
      [11, 12].map((seed) => target.sample(n, { dtype: 'float32', seed })),
    );
    const found = await slicedWasserstein(end.positions, fresh);
    const sampling = await slicedWasserstein(other, fresh);
    t.true(found.value < 2 * sampling.value + 0.02, `${found.value} and ${sampling.value}`);
  }
});

exactly('the reversed flow gives log-likelihoods of the target', async (t) => {
  const x = await mixture.sample(20, { ...float64, seed: 2 });
  const found = await flowMatching(source, mixture).reversed().logLikelihood(x, tight);
  const { logDensity } = await mixture.evaluate(x, { logDensity: true });
  t.true(difference(found, logDensity!) < 1e-6);
});

exactly('flow matching of pairs carries one smoothed cloud to the other, with its law', async (t) => {
  const n = 300;
  const variance = 0.05;
  const from = normals(n, 2, 1);
  const to = toDtype(twoMoons(n, { seed: 1 }).points, 'float64');
  const flow = pairedFlowMatching({ from, to: shufflePairs(to, { seed: 4 }), variance });
  const options = { ...float64, seed: 5, track: { logDensity: true }, tolerance: { relative: 1e-7 } };
  const { end } = await flow.sample(1000, options);
  const exact = await flow.law(1).evaluate(end.positions, { logDensity: true });
  t.true(difference(end.logDensity!, exact.logDensity!) < 1e-4);
  const target = smoothed({ points: to, variance });
  const [fresh, other] = await Promise.all([11, 12].map((seed) => target.sample(1000, { ...float64, seed })));
  const found = await slicedWasserstein(end.positions, fresh);
  const sampling = await slicedWasserstein(other, fresh);
  t.true(found.value < 2 * sampling.value, `${found.value} and ${sampling.value}`);
});

test('shuffled pairs are the same points in another order', (t) => {
  const points = normals(50, 2, 1);
  const shuffled = shufflePairs(points, { seed: 1 });
  t.notDeepEqual(shuffled.data, points.data);
  t.deepEqual(shuffled.data.toSorted(), points.data.toSorted());
  t.deepEqual(shufflePairs(points, { seed: 1 }), shuffled);
});

test('each round makes a rectified flow straighter', async (t) => {
  const moons = empirical(twoMoons(500, { seed: 1, noise: 0.05 }));
  const far = gaussianMixture({
    means: [
      [-2, 2],
      [2, -2],
    ],
    variances: 0.2,
  });
  const options = { variance: 0.05, pairs: 300, rounds: 2, seed: 1 };
  const { straightness, flows, flow, pairs } = await rectifiedFlow(moons, far, options);
  t.is(flows.length, 3);
  t.is(flow, flows[2]);
  t.true(straightness[1] > straightness[0] + 0.02, String(straightness));
  t.true(straightness[2] >= straightness[1] - 1e-3 && straightness[2] <= 1, String(straightness));
  t.deepEqual(pairs.to.shape, [300, 2]);
  // One Euler step of the last flow is about as good as all of the first.
  const one = await flow.transport(pairs.from, { step: { steps: 1 } });
  const found = await slicedWasserstein(one.end.positions, pairs.to);
  const first = await flows[0].transport(pairs.from, { step: { steps: 1 } });
  const bent = await slicedWasserstein(first.end.positions, pairs.to);
  t.true(found.value < 0.5 * bent.value, `${found.value} and ${bent.value}`);
});

test('flow matching agrees between backends in float32', async (t) => {
  const x = toDtype(normals(50, 2, 3), 'float32');
  const flow = flowMatching(source, mixture);
  const ends = await Promise.all(
    backends.map(async ({ name }) => {
      const { end } = await flow.transport(x, { backend: name, step: { steps: 20 } });
      return end.positions.data;
    }),
  );
  for (const end of ends.slice(1)) t.true(difference(end, ends[0]) < 1e-3);
});

test('what cannot be matched is an error that says what to do', async (t) => {
  const full = gaussian({ mean: [0, 0], variance: [1, 2] });
  await fails(t, 'UNSUPPORTED', /pairedFlowMatching/, () => flowMatching(full, mixture));
  await fails(t, 'UNSUPPORTED', /pairedFlowMatching/, () => flowMatching(mixture, mixture));
  await fails(t, 'INVALID_SHAPE', /dimension 2/, () =>
    flowMatching(source, gaussian({ mean: [0], variance: 1 })),
  );
  const points = empirical({ points: normals(5, 2, 1) });
  await fails(t, 'COLLAPSED', /between/, () => flowMatching(source, points).between(0, 1).sample(5));
  const [a, b] = [normals(5, 2, 1), normals(4, 2, 1)];
  await fails(t, 'INVALID_SHAPE', /\bto\b/, () => pairedFlowMatching({ from: a, to: b, variance: 1 }));
  await fails(t, 'INVALID_ARGUMENT', /variance/, () => pairedFlowMatching({ from: a, to: a, variance: 0 }));
  const bad = { data: a.data.map((value, i) => (i === 3 ? NaN : value)), shape: a.shape };
  await fails(t, 'NON_FINITE', /from.*row 1, column 1/, () =>
    pairedFlowMatching({ from: bad, to: a, variance: 1 }),
  );
  await fails(t, 'INVALID_ARGUMENT', /variance/, () => rectifiedFlow(source, mixture, {} as never));
  await fails(t, 'INVALID_ARGUMENT', /rounds/, () =>
    rectifiedFlow(source, mixture, { variance: 1, rounds: -1 }),
  );
});
