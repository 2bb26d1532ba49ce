import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  dualRidgeletTransform,
  ridgeletPair,
  ridgeletTransformOfMeasure,
  sampleRidgelet,
} from '../ts/ridgelet/index.js';
import { backendNames, exactly } from './native.js';
import { midpoints, normals, rowsOf } from './reference/ridgelet.js';

const LINE = gaussianMixture({
  weights: [0.4, 0.6],
  means: [[-1], [1.2]],
  variances: [0.2, 0.4],
});

exactly('units have the density |R[f]|: moments and normaliser against a fine grid', async (t) => {
  const pair = ridgeletPair('tanh', 1);
  const radius = 5;
  const [a, b] = [midpoints(radius, 200), midpoints(25, 500)];
  const pairs = a.at.flatMap((alpha) => b.at.map((beta) => [alpha, beta]));
  const units = {
    a: ndarray(
      pairs.map(([alpha]) => [alpha]),
      undefined,
      'float64',
    ),
    b: ndarray(Float64Array.from(pairs, ([, beta]) => beta)),
  };
  const { data } = await ridgeletTransformOfMeasure(LINE, units, { pair });
  const sizes = Array.from(data, (value) => Math.abs(value) * a.width * b.width);
  const Z = sizes.reduce((sum, size) => sum + size, 0);
  const mean = (of: (alpha: number, beta: number) => number) =>
    sizes.reduce((sum, size, i) => sum + size * of(pairs[i][0], pairs[i][1]), 0) / Z;
  const sample = await sampleRidgelet(LINE, 4000, { pair, radius, seed: 3, dtype: 'float64' });
  t.true(Math.abs(sample.normaliser / Z - 1) < 0.03, `${sample.normaliser} ${Z}`);
  t.true(sample.effectiveSampleSize > 4000, `${sample.effectiveSampleSize}`);
  for (const of of [
    (alpha: number) => Math.abs(alpha),
    (alpha: number) => alpha * alpha,
    (_: number, beta: number) => beta * beta,
    (alpha: number, beta: number) => alpha * beta,
  ]) {
    const drawn = rowsOf(sample.a).map(([alpha], j) => of(alpha, sample.b.data[j]));
    const estimate = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / drawn.length);
    t.true(Math.abs(estimate - mean(of)) < (6 * spread) / Math.sqrt(4000), `${estimate} ${mean(of)}`);
  }
});

exactly('the network of drawn units approximates f at the Monte Carlo rate', async (t) => {
  const law = gaussian({
    mean: [0, 0],
    covariance: [
      [0.6, 0.1],
      [0.1, 0.4],
    ],
  });
  // A high order leaves little beyond the radius.
  const pair = ridgeletPair('gaussian', 2, { order: 6 });
  const x = normals(2, [50, 2], 0.5);
  const { logDensity } = await law.evaluate(x, { logDensity: true });
  const errorOf = async (count: number) => {
    const { a, b, values, normaliser } = await sampleRidgelet(law, count, {
      pair,
      seed: 4,
      dtype: 'float64',
    });
    const c = Float64Array.from(values.data, (value) => (normaliser / count) * Math.sign(value));
    const network = { a, b, coefficients: ndarray(c, [count, 1]) };
    const { data } = await dualRidgeletTransform(x, network, { activation: pair });
    const square = Array.from(data).reduce(
      (sum, value, i) => sum + (value - Math.exp(logDensity![i])) ** 2,
      0,
    );
    return Math.sqrt(square / 50);
  };
  const [few, many] = [await errorOf(200), await errorOf(20_000)];
  t.true(many < 0.25 * few && many < 0.04, `${few} ${many}`);
});

test('draws from data in high dimension: the same seed gives the same bits, on both backends', async (t) => {
  const pair = ridgeletPair('relu', 16);
  const points = normals(1, [300, 16]);
  const values = ndarray(
    Float64Array.from(rowsOf(points), (row) => Math.sin(row[0])),
    [300, 1],
  );
  for (const backend of backendNames) {
    const options = { pair, seed: 5, backend, dtype: 'float32' as const };
    const [first, second] = [
      await sampleRidgelet({ points, values }, 50, options),
      await sampleRidgelet({ points, values }, 50, options),
    ];
    t.deepEqual(first, second);
    t.deepEqual(first.a.shape, [50, 16]);
    t.true(first.effectiveSampleSize > 1 && first.effectiveSampleSize <= 400);
    for (const row of rowsOf(first.a)) t.true(Math.hypot(...row) <= first.radius * 1.0001);
  }
});

exactly('bad arguments of sampleRidgelet', async (t) => {
  const pair = ridgeletPair('relu', 2);
  const points = normals(1, [30, 2]);
  const rejects = async (call: () => Promise<unknown>, code: ErrorCode) => {
    const error = await t.throwsAsync(call, { instanceOf: RidgeflowError });
    t.is(error?.code, code, error?.message);
  };
  await rejects(() => sampleRidgelet({ points }, 0, { pair }), 'INVALID_ARGUMENT');
  await rejects(() => sampleRidgelet({ points }, 10, { pair, radius: 0 }), 'INVALID_ARGUMENT');
  await rejects(() => sampleRidgelet({ points }, 10, { pair, candidates: 1 }), 'INVALID_ARGUMENT');
  await rejects(() => sampleRidgelet({ points: normals(1, [1, 2]) }, 10, { pair }), 'DEGENERATE_CLOUD');
  await rejects(() => sampleRidgelet({ points: normals(1, [9, 3]) }, 10, { pair }), 'INVALID_SHAPE');
  await rejects(() => sampleRidgelet({ points }, 10, { pair, signal: AbortSignal.abort() }), 'ABORTED');
  const values = ndarray(new Float64Array(30), [30, 1]);
  await rejects(() => sampleRidgelet({ points, values }, 10, { pair }), 'NOT_CONVERGED');
});
