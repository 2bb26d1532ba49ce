import test from 'ava';
import type { FloatData } from '../ts/core/array.js';
import type { PosteriorCovarianceProblem } from '../ts/kernel/contract.js';
import { Differences, backends, combinations, rounding } from './conformance-backends.js';
import { matrix, sizesOfPairs } from './reference/clouds.js';
import { toRows } from './reference/kernels.js';
import { Random } from './reference/random.js';

/** Cov_r(c)·v from its definition, and the size of what it is made of. */
function reference({ queries, vectors, centres, logWeights, variance }: PosteriorCovarianceProblem) {
  const [c, v] = [toRows(centres), toRows(vectors)];
  return toRows(queries).map((x, i) => {
    const logits = c.map(
      (row, j) =>
        (logWeights?.[j] ?? 0) - row.reduce((sum, value, k) => sum + (value - x[k]) ** 2, 0) / (2 * variance),
    );
    const most = Math.max(...logits);
    const weights = logits.map((logit) => (most === -Infinity ? 0 : Math.exp(logit - most)));
    const mass = weights.reduce((sum, weight) => sum + weight, 0) || 1;
    const mean = x.map((_, k) => c.reduce((sum, row, j) => sum + weights[j] * row[k], 0) / mass);
    const out = x.map(() => 0);
    let size = 0;
    c.forEach((row, j) => {
      const slope = row.reduce((sum, value, k) => sum + (value - mean[k]) * v[i][k], 0);
      row.forEach((value, k) => (out[k] += (weights[j] / mass) * slope * (value - mean[k])));
      size += (weights[j] / mass) * Math.hypot(...row.map((value, k) => value - mean[k])) ** 2;
    });
    return { out, size: size * Math.hypot(...v[i]) };
  });
}

for (const { kernels, dtype, tolerance, title } of combinations) {
  test(`${title} posteriorCovarianceProduct: agrees with the definition`, async (t) => {
    const random = new Random(61);
    const differences = new Differences();
    for (const [at, { n, m, d }] of [...sizesOfPairs(), { n: 40, m: 600, d: 5 }].entries()) {
      // Some clouds are far from the origin, some have weights, one of them 0.
      const far = at % 3 === 1 ? 300 : 0;
      const cloud = (rows: number) =>
        matrix(
          dtype,
          random.normals(rows * d).map((value) => value + far),
          rows,
          d,
        );
      const logWeights =
        at % 2 === 1
          ? matrix(
              dtype,
              Array.from({ length: m }, (_, j) => (j % 5 === 3 ? -Infinity : random.uniform())),
              m,
              1,
            ).data
          : undefined;
      const problem = {
        queries: cloud(n),
        vectors: matrix(dtype, random.normals(n * d), n, d),
        centres: cloud(m),
        logWeights,
        variance: 0.5 + random.uniform() * d,
      };
      const expected = reference(problem);
      const found = await kernels.posteriorCovarianceProduct(problem);
      t.is(found.constructor, problem.queries.data.constructor);
      differences.compare(
        `posteriorCovarianceProduct ${n} × ${m} × ${d}`,
        found,
        expected.flatMap(({ out }) => out),
        (i) => {
          const { size } = expected[Math.floor(i / d)];
          return 0.01 * tolerance * size + rounding(dtype, size) + 1e-13 * (far * far + d * d);
        },
      );
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} posteriorCovarianceProduct: centres in a line look the same from however far beside it`, async (t) => {
    const random = new Random(62);
    const [n, m, d] = [7, 50, 3];
    // Without a first coordinate, which the queries alone have.
    const flat = (rows: number, first: number) =>
      matrix(
        dtype,
        random.normals(rows * d).map((value, i) => (i % d === 0 ? first : value)),
        rows,
        d,
      );
    const [centres, vectors, near] = [flat(m, 0), flat(n, 1), flat(n, 0)];
    const expected = reference({ queries: near, vectors, centres, variance: 0.5 });
    for (const far of [10, 1e4, 1e8, 1e15, 2e18, ...(dtype === 'float64' ? [1e100, 1e200] : [])]) {
      const data = near.data.map((value, i) => (i % d === 0 ? far : value));
      const found = await kernels.posteriorCovarianceProduct({
        ...{ queries: { ...near, data }, vectors, centres, variance: 0.5 },
      });
      for (const [i, { out, size }] of expected.entries()) {
        out.forEach((value, k) => {
          t.true(
            Math.abs(found[i * d + k] - value) <= 1e-7 * size + rounding(dtype, size),
            `${far}: ${found[i * d + k]}, not ${value}`,
          );
        });
      }
    }
  });

  test(`${title} posteriorCovarianceProduct: zero where all weights vanish`, async (t) => {
    const [x, v, c] = [1, 2, 3].map((value) => matrix(dtype, [value, value, value, -value], 2, 2));
    const logWeights: FloatData = matrix(dtype, [-Infinity, -Infinity], 2, 1).data;
    const problem = { queries: x, vectors: v, centres: c, logWeights, variance: 1 };
    t.deepEqual(Array.from(await kernels.posteriorCovarianceProduct(problem)), [0, 0, 0, 0]);
  });
}

for (const kernels of backends) {
  test.serial(`${kernels.name} posteriorCovarianceProduct: stops where it is told to`, async (t) => {
    const controller = new AbortController();
    const cloud = matrix('float32', new Random(1).normals(8000 * 20), 8000, 20);
    const problem = { queries: cloud, vectors: cloud, centres: cloud, variance: 1 };
    const work = kernels.posteriorCovarianceProduct(problem, controller);
    setImmediate(() => controller.abort());
    await t.throwsAsync(work, { code: 'ABORTED' });
  });
}
