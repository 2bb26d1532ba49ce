import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { gaussian, gaussianMixture } from '../ts/measure/index.js';
import {
  frechetDistance,
  gaussianBarycentre,
  gaussianGeodesic,
  gaussianMixtureWasserstein,
  gaussianWasserstein,
} from '../ts/transport/index.js';
import { backendNames, exactly } from './native.js';

/** A random positive definite matrix, as rows. */
function covariance(d: number, seed: number): number[][] {
  const noise = new Float64Array(d * (d + 2));
  new RandomStream(seed, 'sample').fillNormal(noise);
  const row = (i: number) => noise.subarray(i * (d + 2), (i + 1) * (d + 2));
  return Array.from({ length: d }, (_, i) =>
    Array.from({ length: d }, (_, j) => row(i).reduce((sum, v, k) => sum + v * row(j)[k], 0) / d),
  );
}

function random(d: number, seed: number) {
  const mean = new Float64Array(d);
  new RandomStream(seed, 'initial').fillNormal(mean);
  return gaussian({ mean: { data: mean, shape: [d] }, covariance: covariance(d, seed) });
}

const near = (a: number, b: number, tolerance = 1e-10) => Math.abs(a - b) <= tolerance * (1 + Math.abs(b));

for (const backend of backendNames) {
  test(`${backend}: the distance has its closed forms`, async (t) => {
    const one = gaussian({ mean: [1, -2], variance: 4 });
    const two = gaussian({ mean: [4, 2], variance: 0.25 });
    t.true(near(await gaussianWasserstein(one, two, { backend }), Math.sqrt(25 + 2 * 1.5 ** 2)));
    const axes = gaussian({ mean: [1, -2], standardDeviations: [3, 0.5] });
    t.true(near(await gaussianWasserstein(one, axes, { backend }), Math.sqrt(1 + 1.5 ** 2)));
    // In the plane tr M^{1/2} = √(tr M + 2√det M), M = Σ₁^{1/2} Σ₂ Σ₁^{1/2}: tr Σ₁Σ₂ and det Σ₁ det Σ₂.
    const [s, u] = [
      [2, 0.7, 0.7, 1],
      [1.5, -0.6, -0.6, 0.8],
    ];
    const det = (m: number[]) => m[0] * m[3] - m[1] * m[2];
    const product = s[0] * u[0] + 2 * s[1] * u[1] + s[3] * u[3];
    const expected = s[0] + s[3] + u[0] + u[3] - 2 * Math.sqrt(product + 2 * Math.sqrt(det(s) * det(u)));
    const of = (m: number[]) => gaussian({ mean: [0, 0], covariance: [m.slice(0, 2), m.slice(2)] });
    t.true(near(await gaussianWasserstein(of(s), of(u), { backend }), Math.sqrt(expected)));
  });

  test(`${backend}: the barycentre is the fixed point, and the middle of two is that of their geodesic`, async (t) => {
    const [a, b] = [random(3, 1), random(3, 2)];
    const middle = await gaussianGeodesic(a, b, 0.5, { backend });
    const barycentre = await gaussianBarycentre([a, b], { backend });
    const [left, right] = [middle, barycentre].map((g) => g.componentCovariance(0));
    left.forEach((v, k) => t.true(near(v, right[k], 1e-9)));
    middle.mean().forEach((v, k) => t.true(near(v, barycentre.mean()[k])));
  });
}

exactly('the distance is a metric, and 0 only between equal Gaussians', async (t) => {
  const [a, b, c] = [random(4, 1), random(4, 2), random(4, 3)];
  const [ab, ba, bc, ac] = [
    await gaussianWasserstein(a, b),
    await gaussianWasserstein(b, a),
    await gaussianWasserstein(b, c),
    await gaussianWasserstein(a, c),
  ];
  t.true(near(ab, ba));
  t.true(ac <= ab + bc && ab <= ac + bc && bc <= ab + ac);
  t.true((await gaussianWasserstein(a, a)) < 1e-6);
});

exactly('the geodesic has constant speed', async (t) => {
  const [a, b] = [random(4, 5), random(4, 6)];
  const whole = await gaussianWasserstein(a, b);
  for (const [s, u] of [
    [0, 0.3],
    [0.2, 0.9],
    [0.5, 1],
  ]) {
    const [from, to] = [await gaussianGeodesic(a, b, s), await gaussianGeodesic(a, b, u)];
    t.true(near(await gaussianWasserstein(from, to), (u - s) * whole, 1e-7));
  }
  const end = (await gaussianGeodesic(a, b, 1)).componentCovariance(0);
  b.componentCovariance(0).forEach((v, k) => t.true(near(end[k], v, 1e-9)));
  // From N(0, 4) to N(0, 1) the deviation is 2 − t.
  const [wide, narrow] = [gaussian({ mean: [0], variance: 4 }), gaussian({ mean: [0], variance: 1 })];
  t.true(near((await gaussianGeodesic(wide, narrow, 1.5)).componentCovariance(0)[0], 0.25));
  await t.throwsAsync(gaussianGeodesic(wide, narrow, 2.5), { code: 'COLLAPSED' });
});

exactly('the barycentre minimises the mean squared distance', async (t) => {
  const gaussians = [random(3, 7), random(3, 8), random(3, 9)];
  const weights = [0.2, 0.3, 0.5];
  const barycentre = await gaussianBarycentre(gaussians, { weights });
  const objective = async (at: typeof barycentre) => {
    let sum = 0;
    for (const [i, g] of gaussians.entries()) sum += weights[i] * (await gaussianWasserstein(at, g)) ** 2;
    return sum;
  };
  const least = await objective(barycentre);
  const matrix = barycentre.componentCovariance(0);
  for (let seed = 20; seed < 26; seed++) {
    const change = covariance(3, seed).flat();
    const data = matrix.map((v, k) => v + 0.02 * (change[k] - (k % 4 === 0 ? 1 : 0)));
    const other = gaussian({ mean: Array.from(barycentre.mean()), covariance: { data, shape: [3, 3] } });
    t.true((await objective(other)) > least);
  }
  // Commuting covariances: the deviations are averaged.
  const axes = [
    gaussian({ mean: [0, 0], standardDeviations: [1, 4] }),
    gaussian({ mean: [2, 4], standardDeviations: [3, 2] }),
  ];
  const average = await gaussianBarycentre(axes);
  t.deepEqual(Array.from(average.mean()), [1, 2]);
  [4, 0, 0, 9].forEach((v, k) => t.true(near(average.componentCovariance(0)[k], v)));
});

exactly('the mixture distance is exact transport between components', async (t) => {
  const a = gaussianMixture({
    weights: [0.25, 0.75],
    means: [
      [0, 0],
      [10, 0],
    ],
    variances: [1, 4],
  });
  const b = gaussianMixture({
    weights: [0.5, 0.5],
    means: [
      [0, 1],
      [10, 1],
    ],
    variances: [1, 1],
  });
  // A quarter stays at each end of the first, a half of the second stays, and a quarter crosses over.
  const expected = 0.25 * 1 + 0.5 * (1 + 2) + 0.25 * (100 + 1 + 2);
  const { value, plan } = await gaussianMixtureWasserstein(a, b);
  t.true(near(value, Math.sqrt(expected)));
  t.true(
    near(
      plan.masses.reduce((sum, v) => sum + v, 0),
      1,
    ),
  );
  const [one, two] = [random(3, 1), random(3, 2)];
  t.true(near((await gaussianMixtureWasserstein(one, two)).value, await gaussianWasserstein(one, two)));
});

exactly('the Fréchet distance is that of the Gaussians of the clouds, flat ones too', async (t) => {
  const cloud = (rows: number[][]) => ndarray(rows, undefined, 'float64');
  // Unbiased variances 2 and 8, means 0 and 5; the second coordinate never changes.
  const [a, b] = [
    cloud([
      [-1, 1],
      [1, 1],
    ]),
    cloud([
      [3, 2],
      [7, 2],
    ]),
  ];
  t.true(near(await frechetDistance(a, b), Math.sqrt(25 + 1 + 2)));
  t.is(await frechetDistance(a, a), 0);
  await t.throwsAsync(frechetDistance(a, cloud([[1, 2]])), { code: 'EMPTY_CLOUD' });
  await t.throwsAsync(frechetDistance(a, cloud([[1], [2]])), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(
    frechetDistance(
      a,
      cloud([
        [1, NaN],
        [2, 3],
      ]),
    ),
    { code: 'NON_FINITE' },
  );
  await t.throwsAsync(frechetDistance(a, b, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
});

exactly('bad input is refused with its code', async (t) => {
  const [a, b] = [random(2, 1), random(3, 2)];
  const mixture = gaussianMixture({
    means: [
      [0, 0],
      [1, 1],
    ],
    variances: 1,
  });
  await t.throwsAsync(gaussianWasserstein(a, b), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(gaussianMixtureWasserstein(mixture, b), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(gaussianWasserstein(a, mixture), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(gaussianWasserstein({} as never, a), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(gaussianGeodesic(a, a, NaN), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(gaussianBarycentre([]), { code: 'EMPTY_CLOUD' });
  await t.throwsAsync(gaussianBarycentre(a as never), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(gaussianBarycentre([a, b]), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(gaussianBarycentre([a, a], { weights: [0.5, 0.6] }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(gaussianBarycentre([a, a], { weights: [1.5, -0.5] }), { code: 'INVALID_ARGUMENT' });
  const hard = { tolerance: 1e-15, maximumIterations: 1 };
  await t.throwsAsync(gaussianBarycentre([b, random(3, 3)], hard), { code: 'NOT_CONVERGED' });
  const aborted = { signal: AbortSignal.abort() };
  for (const call of [
    gaussianWasserstein(a, a, aborted),
    gaussianBarycentre([a, a], aborted),
    gaussianMixtureWasserstein(a, a, aborted),
    gaussianGeodesic(a, a, 0.5, aborted),
  ]) {
    await t.throwsAsync(call, { code: 'ABORTED' });
  }
});
