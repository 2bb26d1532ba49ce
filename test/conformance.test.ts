import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import type { DType } from '../ts/core/array.js';
import type { Kernels, Matrix, RunControl } from '../ts/kernel/contract.js';
import { Differences, backends, combinations } from './conformance-backends.js';
import { clouds } from './reference/clouds.js';
import { Random } from './reference/random.js';

/** Every primitive that takes a run control, on two clouds of the same size. */
function calls(kernels: Kernels, [cloud, other]: readonly Matrix[]) {
  return {
    score: (run?: RunControl) =>
      kernels.score(
        { queries: cloud, centres: other, variance: 1, want: { mean: true, logDensity: true } },
        run,
      ),
    nearestNeighbours: (run?: RunControl) =>
      kernels.nearestNeighbours({ queries: cloud, points: other, k: 3 }, run),
    matmul: (run?: RunControl) => kernels.matmul({ a: cloud, b: other, transposeB: true }, run),
    covariance: (run?: RunControl) => kernels.covariance(cloud, run),
  };
}

const pair = (dtype: DType, n: number, d: number) => clouds(new Random(31), 'normal', dtype, [n, n], d);

test('at least one backend loads', (t) => {
  t.true(backends.length > 0);
  t.is(new Set(backends.map(({ name }) => name)).size, backends.length);
  for (const { dtypes } of backends) t.true(dtypes.includes('float32'));
});

for (const { kernels, dtype, title } of combinations) {
  test(`${title}: a call that is aborted before it starts rejects with ABORTED`, async (t) => {
    const reason = new Error('enough');
    for (const [name, call] of Object.entries(calls(kernels, pair(dtype, 17, 5)))) {
      const error = await t.throwsAsync(call({ signal: AbortSignal.abort(reason) }), {
        instanceOf: RidgeflowError,
        message: /abort/,
      });
      t.is(error.code, 'ABORTED', name);
      t.is(error.cause, reason, name);
    }
  });

  // Alone, because other tests that keep the main thread busy would hold up the abort.
  test.serial(`${title}: score and nearestNeighbours stop in the middle of their work`, async (t) => {
    const [n, d] = [60_000, 20];
    const random = new Random(33);
    const data = dtype === 'float64' ? new Float64Array(n * d) : new Float32Array(n * d);
    for (let i = 0; i < data.length; i++) data[i] = random.uniform();
    const cloud = { data, rows: n, columns: d };
    // Far more work than can be done before the abort.
    const { score, nearestNeighbours } = calls(kernels, [cloud, cloud]);
    for (const call of [score, nearestNeighbours]) {
      const error = await t.throwsAsync(call({ signal: AbortSignal.timeout(30) }), {
        instanceOf: RidgeflowError,
      });
      t.is(error.code, 'ABORTED');
    }
  });

  test(`${title}: progress rises from 0 to 1`, async (t) => {
    for (const [name, call] of Object.entries(calls(kernels, pair(dtype, 1200, 8)))) {
      const fractions: number[] = [];
      await call({ onProgress: (fraction) => fractions.push(fraction) });
      t.true(
        fractions.every(
          (fraction, i) => fraction >= 0 && fraction <= 1 && (i === 0 || fraction >= fractions[i - 1]),
        ),
        `${name}: ${fractions.join(' ')}`,
      );
    }
  });

  test(`${title}: calls at the same time do not disturb each other, and repeat to the bit`, async (t) => {
    const some = Object.values(calls(kernels, pair(dtype, 257, 17)));
    const alone = [];
    for (const call of some) alone.push(await call());
    t.deepEqual(await Promise.all(some.map((call) => call())), alone);
  });

  test(`${title}: agrees with ${backends[0].name}`, async (t) => {
    const differences = new Differences();
    for (const d of [2, 17, 64]) {
      const [queries, centres] = clouds(new Random(32), 'normal', 'float32', [257, 300], d);
      const problem = {
        queries,
        centres,
        variance: 0.4,
        want: { mean: true, logDensity: true, divergence: true },
      };
      const [expected, actual] = [await backends[0].score(problem), await kernels.score(problem)];
      for (const name of ['mean', 'logDensity', 'divergence'] as const) {
        const values = expected[name] ?? [];
        // The divergence is the difference of two terms; the error is relative to their sizes.
        const least = name === 'divergence' ? (2 * d) / problem.variance : 1;
        const allowed = (i: number) => 1e-4 * (least + Math.abs(values[i]));
        differences.compare(`score ${name} d=${d}`, actual[name], values, allowed);
      }
      const search = { queries, points: centres, k: 5 };
      const [near, found] = [
        await backends[0].nearestNeighbours(search),
        await kernels.nearestNeighbours(search),
      ];
      differences.compare(
        `distances d=${d}`,
        found.distances,
        near.distances,
        (i) => 1e-4 * near.distances[i],
      );
      t.deepEqual(found.indices, near.indices);
    }
    t.deepEqual(differences.found, []);
  });
}
