import test from 'ava';
import { Matrix, inverse } from 'ml-matrix';
import { ndarray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { composedDae, continuousDae, daeMap, laplaceNoise } from '../ts/dae/index.js';
import { empirical, gaussian, gaussianMixture, smoothed } from '../ts/measure/index.js';
import { combinations } from './conformance-backends.js';
import { distance, measureCases, referenceMap, rounded, rowsOf } from './reference/dae-maps.js';
import { dot, squaredDistance } from './reference/kernels.js';
import { identity, randomCovariance, randomWeights } from './reference/mixtures.js';
import { Random } from './reference/random.js';

const DIMENSIONS = [1, 2, 3, 10, 100];

/** Random points, not too far from the measures of {@link measureCases}. */
function somePoints(random: Random, n: number, d: number): number[][] {
  return Array.from({ length: n }, () => random.normals(d).map((value) => 1.5 * value));
}

for (const { kernels, dtype, title } of combinations) {
  const tolerance = dtype === 'float64' ? 1e-10 : 1e-4;
  const options = { backend: kernels.name };

  test(`${title}: maps, Jacobians, divergences and potentials are those of their definition`, async (t) => {
    for (const d of DIMENSIONS) {
      const random = new Random(d);
      const [x, points] = rounded(somePoints(random, 4, d), dtype);
      const [v, vectors] = rounded(somePoints(random, 4, d), dtype);
      const covariance = randomCovariance(random, d);
      for (const { name, measure, components } of measureCases(random, d, dtype)) {
        for (const noise of [0.7, covariance]) {
          const matrix = typeof noise === 'number' ? identity(d, noise) : noise;
          const expected = referenceMap(components, matrix, points);
          const g = daeMap(measure, { noise });
          const image = await g.apply(x, options);
          const moved = await g.jacobianVector(x, v, options);
          const errors = {
            map: distance(
              image.data,
              expected.flatMap((e) => e.map),
            ),
            jacobian: distance(
              moved.data,
              expected.flatMap(({ jacobian }, i) => jacobian.map((row) => dot(row, vectors[i]))),
            ),
            divergence: distance(
              await g.divergence(x, options),
              expected.map((e) => e.trace),
            ),
            potential: distance(
              await g.potential(x, options),
              expected.map((e) => e.potential),
            ),
          };
          t.is(image.data.constructor, x.data.constructor);
          for (const [what, error] of Object.entries(errors)) {
            const kind = typeof noise === 'number' ? 'variance' : 'covariance';
            t.true(error < tolerance, `${name}, ${kind}, d = ${d}: ${what} off by ${error}`);
          }
        }
      }
    }
  });
}

test('a Gaussian has the closed forms of the shallow, composed and continuous maps', async (t) => {
  const noise = 0.3;
  for (const d of DIMENSIONS) {
    const random = new Random(10 + d);
    const mean = random.normals(d);
    const covariance = randomCovariance(random, d);
    const [x, points] = rounded(somePoints(random, 5, d), 'float64');
    const measure = gaussian({ mean, covariance });
    const S = new Matrix(covariance);
    const I = Matrix.eye(d);
    const plus = (scale: number) => Matrix.add(I, Matrix.mul(inverse(S), scale));

    const fromX = inverse(plus(noise));
    const fromMean = inverse(Matrix.add(I, Matrix.div(S, noise)));
    const shallow = await daeMap(measure, { noise }).apply(x);
    const expected = points.flatMap((point) =>
      fromX
        .mmul(Matrix.columnVector(point))
        .add(fromMean.mmul(Matrix.columnVector(mean)))
        .to1DArray(),
    );
    t.true(distance(shallow.data, expected) < 1e-11, `shallow, d = ${d}`);

    const once = await composedDae(measure, { noises: [noise] });
    const image = await once.measureAfter(1);
    t.true(distance((await once.apply(x)).data, expected) < 1e-11, `one layer, d = ${d}`);
    t.true(distance(image.mean(), mean) < 1e-15);
    const pushed = S.mmul(fromX).mmul(fromX).to1DArray();
    t.true(distance(await image.covariance(), pushed) < 1e-11, `pushforward, d = ${d}`);

    const to = 0.9 * measure.collapseTime;
    const flow = continuousDae(measure, { to });
    // The square root by Newton's iteration, so that the library's eigenvectors are checked by other means.
    const root = squareRoot(plus(-2 * to));
    const flowed = points.flatMap((point) =>
      root
        .mmul(Matrix.columnVector(point.map((value, k) => value - mean[k])))
        .add(Matrix.columnVector(mean))
        .to1DArray(),
    );
    t.true(distance((await flow.apply(x)).data, flowed) < 1e-9, `continuous, d = ${d}`);
    const shrunk = Matrix.sub(S, Matrix.mul(I, 2 * to)).to1DArray();
    t.true(distance(await flow.measureAt(to).covariance(), shrunk) < 1e-11);
  }
});

/** Of a positive definite matrix, by the iteration of E. D. Denman and A. N. Beavers. */
function squareRoot(matrix: Matrix): Matrix {
  let [root, other] = [matrix, Matrix.eye(matrix.rows)];
  for (let i = 0; i < 30; i++) {
    const inverses = [inverse(root), inverse(other)];
    root = Matrix.add(root, inverses[1]).div(2);
    other = Matrix.add(other, inverses[0]).div(2);
  }
  return root;
}

test('clouds have the weighted means of MATH.md', async (t) => {
  const [noise, smoothing] = [0.5, 0.3];
  for (const d of DIMENSIONS) {
    const random = new Random(20 + d);
    const [cloud, centres] = rounded(somePoints(random, 30, d), 'float64');
    const [x, points] = rounded(somePoints(random, 5, d), 'float64');
    const weights = randomWeights(random, 30);
    const posteriorMean = (query: number[], variance: number) => {
      const logs = centres.map((c, i) => Math.log(weights[i]) - squaredDistance(query, c) / (2 * variance));
      const terms = logs.map((log) => Math.exp(log - Math.max(...logs)));
      const total = terms.reduce((a, b) => a + b);
      return query.map((_, k) => terms.reduce((sum, term, i) => sum + (term * centres[i][k]) / total, 0));
    };
    const asTheyAre = await daeMap(empirical({ points: cloud, weights }), { noise }).apply(x);
    t.true(
      distance(
        asTheyAre.data,
        points.flatMap((p) => posteriorMean(p, noise)),
      ) < 1e-11,
    );
    const smooth = await daeMap(smoothed({ points: cloud, weights, variance: smoothing }), { noise }).apply(
      x,
    );
    const expected = points.flatMap((p) => {
      const mean = posteriorMean(p, smoothing + noise);
      return p.map((value, k) => (smoothing * value + noise * mean[k]) / (smoothing + noise));
    });
    t.true(distance(smooth.data, expected) < 1e-11);
  }
});

test('the mixture of MATH.md has its number', async (t) => {
  const measure = gaussianMixture({ weights: [0.3, 0.7], means: [[-1], [2]], variances: [0.5, 0.8] });
  const g = await daeMap(measure, { noise: 0.6 }).apply(ndarray([[0.37]], undefined, 'float64'));
  t.true(Math.abs(g.data[0] - 0.5664401404) < 5e-11);
});

test('Jacobians are symmetric positive semidefinite, and derivatives of the map; the map is the gradient', async (t) => {
  const d = 3;
  const random = new Random(5);
  const noises = [0.4, randomCovariance(random, d)];
  const x = ndarray(somePoints(random, 6, d), undefined, 'float64');
  for (const { name, measure } of measureCases(random, d)) {
    for (const noise of noises) {
      const g = daeMap(measure, { noise });
      const columns = identity(d).map((axis) =>
        g.jacobianVector(x, ndarray(Array.from({ length: 6 }, () => axis).flat(), [6, d], 'float64')),
      );
      const jacobians = await Promise.all(columns);
      const shifted = (k: number, step: number) =>
        ndarray(
          rowsOf(x).map((row) => row.map((value, l) => (l === k ? value + step : value))),
          undefined,
          'float64',
        );
      const step = 1e-4;
      // With a covariance T, g = (T/τ)∇φ and T⁻¹J is symmetric.
      const metric = typeof noise === 'number' ? Matrix.eye(d) : new Matrix(noise).mul(d).div(trace(noise));
      const gradient = new Matrix(6, d);
      for (let k = 0; k < d; k++) {
        const [up, down] = [shifted(k, step), shifted(k, -step)];
        const [above, below] = [await g.apply(up), await g.apply(down)];
        const slopes = above.data.map((value, at) => (value - below.data[at]) / (2 * step));
        t.true(distance(jacobians[k].data, Array.from(slopes)) < 1e-6, `${name}: Jacobian`);
        const [high, low] = [await g.potential(up), await g.potential(down)];
        high.forEach((value, i) => gradient.set(i, k, (value - low[i]) / (2 * step)));
      }
      const map = gradient.mmul(metric).to1DArray();
      t.true(distance((await g.apply(x)).data, map) < 1e-7, `${name}: gradient of the potential`);
      for (let i = 0; i < 6; i++) {
        const J = new Matrix(identity(d).map((_, k) => rowsOf(jacobians[k])[i])).transpose();
        const hessian = inverse(metric).mmul(J);
        t.true(Matrix.sub(hessian, hessian.transpose()).norm() < 1e-12, `${name}: symmetric`);
        const quadratic = Matrix.mul(Matrix.add(hessian, hessian.transpose()), 0.5);
        for (const axis of somePoints(random, 5, d)) {
          const u = Matrix.columnVector(axis);
          t.true(u.transpose().mmul(quadratic).mmul(u).get(0, 0) >= -1e-12, `${name}: semidefinite`);
        }
      }
    }
  }
});

function trace(matrix: number[][]): number {
  return matrix.reduce((sum, row, k) => sum + row[k], 0);
}

test('a covariance tI is the variance t, and a float32 cloud far from the origin keeps its digits', async (t) => {
  const random = new Random(9);
  const x = ndarray(somePoints(random, 3, 2), undefined, 'float64');
  for (const { measure } of measureCases(random, 2)) {
    const [a, b] = [daeMap(measure, { noise: identity(2, 0.6) }), daeMap(measure, { noise: 0.6 })];
    t.deepEqual(await a.apply(x), await b.apply(x));
    t.deepEqual(await a.potential(x), await b.potential(x));
  }
  const far = somePoints(random, 20, 2).map((row) => row.map((value) => value + 4096));
  const [points, exact] = rounded(far, 'float32');
  const noise = [
    [1, 0.9],
    [0.9, 1],
  ];
  const single = await daeMap(empirical({ points }), { noise }).apply(points);
  const double = await daeMap(empirical({ points: ndarray(exact, undefined, 'float64') }), { noise }).apply(
    ndarray(exact, undefined, 'float64'),
  );
  t.true(single.data.every((value, at) => Math.abs(value - double.data[at]) < 1e-3));
});

test('the pushforward of a cloud keeps its weights', async (t) => {
  const cloud = ndarray([[0, 1], [2, -1], [1, 1]], undefined, 'float64'); // prettier-ignore
  const g = daeMap(empirical({ points: cloud }), { noise: 1 });
  const weighted = await g.pushforward(empirical({ points: cloud, weights: [0.5, 0.2, 0.3] }));
  t.deepEqual(weighted.points, await g.apply(cloud));
  t.deepEqual([...weighted.weights], [0.5, 0.2, 0.3]);
  t.deepEqual([...(await g.pushforward(cloud)).weights], [1 / 3, 1 / 3, 1 / 3]);
});

test('bad input is refused', async (t) => {
  const measure = gaussian({ mean: [0, 0], variance: 1 });
  const code = (expected: string) => (error: unknown) =>
    error instanceof RidgeflowError && error.code === expected;
  const refused = (noise: unknown, expected: string, of: unknown = measure) => {
    const error = t.throws(() => daeMap(of as typeof measure, { noise: noise as number }));
    t.true(code(expected)(error), `${String(noise)}: ${error?.message}`);
  };
  for (const noise of [0, -1, NaN, Infinity, undefined, null, 'wide', {}]) refused(noise, 'INVALID_ARGUMENT');
  refused([[1]], 'INVALID_SHAPE');
  refused([[1, 2], [2, 1]], 'INVALID_ARGUMENT'); // prettier-ignore
  refused([[1, 0.5], [0, 1]], 'INVALID_ARGUMENT'); // prettier-ignore
  refused([[1, NaN], [NaN, 1]], 'NON_FINITE'); // prettier-ignore
  refused(1, 'INVALID_ARGUMENT', { dimension: 2 });
  refused(1, 'INVALID_ARGUMENT', null);
  refused(laplaceNoise({ scale: 1 }), 'UNSUPPORTED');
  t.throws(() => daeMap(measure, undefined as never), { instanceOf: RidgeflowError });

  const g = daeMap(measure, { noise: 1 });
  const x = ndarray([[0, 1]]);
  const rejections: [() => Promise<unknown>, string][] = [
    [() => g.apply(ndarray([[0, 1, 2]])), 'INVALID_SHAPE'],
    [() => g.apply(ndarray([[0, NaN]])), 'NON_FINITE'],
    [() => g.apply({ data: new Float32Array(0), shape: [0, 2] }), 'EMPTY_CLOUD'],
    [() => g.jacobianVector(x, ndarray([[0, 1], [1, 0]])), 'INVALID_SHAPE'], // prettier-ignore
    [() => g.jacobianVector(x, ndarray([[0, Infinity]])), 'NON_FINITE'],
    [() => g.potential(ndarray([[0]])), 'INVALID_SHAPE'],
    [() => g.divergence(ndarray([[0]])), 'INVALID_SHAPE'],
    [() => g.apply(x, { signal: AbortSignal.abort() }), 'ABORTED'],
    [
      () => daeMap(empirical({ points: x }), { noise: 1 }).apply(x, { signal: AbortSignal.abort() }),
      'ABORTED',
    ],
  ];
  for (const [call, expected] of rejections) {
    const error = await t.throwsAsync(call);
    t.true(code(expected)(error), `${expected}: ${error?.message}`);
  }
});
