import test from 'ava';
import { type NdArray, toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { principalComponents } from '../../ts/linalg/index.js';
import { backendNames, places } from '../native.js';

/** n points whose deviations along random directions fall as 1/(1 + j), off the origin. */
function cloudOf(n: number, d: number, seed: number): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  for (let at = 0; at < data.length; at++) data[at] = 3 + data[at] / (1 + (at % d) / 100);
  return { data, shape: [n, d] };
}

/** The largest error of the products of all pairs of rows. */
function errorOfProducts(axes: Float64Array, d: number): number {
  let worst = 0;
  for (let i = 0; i < axes.length; i += d) {
    for (let j = 0; j <= i; j += d) {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += axes[i + k] * axes[j + k];
      worst = Math.max(worst, Math.abs(dot - (i === j ? 1 : 0)));
    }
  }
  return worst;
}

/** Variance of the points along an axis. */
function varianceAlong({ data, shape: [n, d] }: NdArray, axis: Float64Array): number {
  const scores = Array.from({ length: n }, (_, i) =>
    axis.reduce((sum, value, k) => sum + value * data[i * d + k], 0),
  );
  const mean = scores.reduce((a, b) => a + b) / n;
  return scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n;
}

for (const { backend, dtype } of places) {
  const rounding = dtype === 'float64' ? 1e-11 : 2e-5;

  test(`${backend} ${dtype}: more components than points in many dimensions`, async (t) => {
    for (const [n, d, count] of [
      [50, 1500, backend === 'native' ? 400 : 80],
      [3, 1100, 70],
    ]) {
      const points = toDtype(cloudOf(n, d, 3), dtype);
      const { axes, variances, explained } = await principalComponents(points, { count, backend });
      t.true(errorOfProducts(axes, d) < 1e-12, `${errorOfProducts(axes, d)}`);
      t.true(Math.abs(explained.reduce((a, b) => a + b) - 1) < rounding);
      for (const i of [0, 1, n - 2, n - 1, n, count - 1]) {
        const along = varianceAlong(points, axes.subarray(i * d, (i + 1) * d));
        t.true(Math.abs(along - variances[i]) < rounding * variances[0], `${i}: ${along}, ${variances[i]}`);
      }
      t.true(variances.every((value, i) => (i === 0 || value <= variances[i - 1]) && value >= 0));
      t.true(variances[n - 2] > 0.01 * variances[0]);
      t.true(variances.slice(n - 1).every((value) => value <= rounding * variances[0]));
    }
  });

  test(`${backend} ${dtype}: components of few points that lie in a plane, of one point, of equal points`, async (t) => {
    const d = 1200;
    const data = new Float64Array(5 * d);
    [4, -4, 1, -1, 0].forEach((value, i) => (data[i * d + (i < 2 ? 0 : 7)] = value));
    const plane = await principalComponents(toDtype({ data, shape: [5, d] }, dtype), { count: 4, backend });
    t.true(Math.abs(plane.axes[0] - 1) < 1e-6 && Math.abs(plane.axes[d + 7] - 1) < 1e-6);
    t.deepEqual(
      Array.from(plane.variances, (value) => Math.round(value * 1e5) / 1e5),
      [6.4, 0.4, 0, 0],
    );
    t.true(errorOfProducts(plane.axes, d) < 1e-12);
    for (const n of [1, 4]) {
      const equal = { data: new Float64Array(n * d).fill(0.1), shape: [n, d] as [number, number] };
      const { axes, variances } = await principalComponents(toDtype(equal, dtype), { count: 3, backend });
      t.deepEqual(Array.from(variances), [0, 0, 0]);
      t.is(errorOfProducts(axes, d), 0);
    }
  });
}

test('a large share of the components of many points in many dimensions are orthonormal and explain all they should', async (t) => {
  const points = cloudOf(1100, 1030, 8);
  const { axes, variances } = await principalComponents(points, { count: 200, backend: backendNames[0] });
  t.true(errorOfProducts(axes, 1030) < 1e-10);
  for (const i of [0, 100, 199]) {
    const along = varianceAlong(points, axes.subarray(i * 1030, (i + 1) * 1030));
    t.true(Math.abs(along / variances[i] - 1) < 1e-9);
  }
});
