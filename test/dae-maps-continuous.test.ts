import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { continuousDae } from '../ts/dae/index.js';
import { euler } from '../ts/flow/index.js';
import { type Measure, empirical, gaussian, gaussianMixture, smoothed } from '../ts/measure/index.js';
import { cloudOf, distance, errorCode, lineMixture as mixture, rowsOf } from './reference/dae-maps.js';
import { squaredDistance } from './reference/kernels.js';
import { randomCovariance } from './reference/mixtures.js';
import { Random } from './reference/random.js';

test('the continuous map of a mixture or a cloud is the flow of its score', async (t) => {
  for (const d of [1, 2, 3, 10]) {
    const random = new Random(30 + d);
    const mean = random.normals(d);
    const covariance = randomCovariance(random, d);
    const x = cloudOf(random, 5, d);
    const one = gaussian({ mean, covariance });
    const to = 0.8 * one.collapseTime;
    const exact = await continuousDae(one, { to }).apply(x);
    // Two halves of the same Gaussian go by the solver.
    const halves = gaussianMixture({ means: [mean, mean], covariances: [covariance, covariance] });
    const flow = continuousDae(halves, { to });
    t.true(distance((await flow.apply(x)).data, [...exact.data]) < 1e-7, `d = ${d}`);

    const points = cloudOf(random, 10, d);
    const variance = 0.5;
    const end = continuousDae(smoothed({ points, variance }), { to: 0.15 });
    const expected = rowsOf(x).flatMap((row) => rungeKutta(row, rowsOf(points), variance, 0.15));
    t.true(distance((await end.apply(x)).data, expected) < 1e-7, `cloud, d = ${d}`);
  }
});

/** ẋ = Σ w_i (x_i − x)/(s − 2t), w_i ∝ exp(−|x − x_i|²/2(s − 2t)), from t = 0 to `to` by 400 classical steps. */
function rungeKutta(start: number[], points: number[][], s: number, to: number): number[] {
  const velocity = (x: number[], t: number) => {
    const shares = points.map((p) => Math.exp(-squaredDistance(x, p) / (2 * (s - 2 * t))));
    const total = shares.reduce((a, b) => a + b);
    const mean = x.map((_, k) => shares.reduce((sum, share, i) => sum + (share * points[i][k]) / total, 0));
    return x.map((value, k) => (mean[k] - value) / (s - 2 * t));
  };
  const along = (x: number[], v: number[], h: number) => x.map((value, k) => value + h * v[k]);
  const h = to / 400;
  let x = start;
  for (let i = 0; i < 400; i++) {
    const t = i * h;
    const a = velocity(x, t);
    const b = velocity(along(x, a, h / 2), t + h / 2);
    const c = velocity(along(x, b, h / 2), t + h / 2);
    const e = velocity(along(x, c, h), t + h);
    x = x.map((value, k) => value + (h / 6) * (a[k] + 2 * b[k] + 2 * c[k] + e[k]));
  }
  return x;
}

test('Euler steps of the continuous map are layers of a residual network', async (t) => {
  const flow = continuousDae(mixture, { to: 0.2, solver: euler, step: { steps: 2 } });
  const x = ndarray([[0.5], [-1]], undefined, 'float64');
  let points = x;
  for (const time of [0, 0.1]) {
    const { score } = await mixture.heat(-time).evaluate(points, { score: true });
    points = { data: points.data.map((value, i) => value + 0.1 * score!.data[i]), shape: points.shape };
  }
  t.true(distance((await flow.apply(x)).data, [...points.data]) < 1e-12);
});

test('collapse and bad input are refused', (t) => {
  const one = gaussian({ mean: [0, 0], variance: [0.5, 2] });
  const points = ndarray([[0, 0], [1, 1]], undefined, 'float64'); // prettier-ignore
  for (const [measure, collapseTime] of [
    [one, 0.25],
    [mixture, 0.25],
    [empirical({ points }), 0],
  ] as const) {
    // prettier-ignore
    for (const to of [0.25, 3]) {
      const error = t.throws<RidgeflowError>(() => continuousDae(measure, { to }));
      t.is(error?.code, 'COLLAPSED');
      t.is(error?.details.collapseTime, collapseTime);
      t.regex(error?.message ?? '', new RegExp(`at time ${collapseTime}`));
    }
  }
  t.throws(() => continuousDae(one, { to: 0.1 }).measureAt(0.25), { instanceOf: RidgeflowError });
  for (const to of [0, -1, NaN, undefined]) {
    t.is(errorCode(t.throws(() => continuousDae(one, { to: to as number }))), 'INVALID_ARGUMENT');
  }
  t.is(errorCode(t.throws(() => continuousDae(mixture, { to: 0.1, tolerance: 0 }))), 'INVALID_ARGUMENT');
  t.is(errorCode(t.throws(() => continuousDae({} as Measure, { to: 0.1 }))), 'INVALID_ARGUMENT');
});
