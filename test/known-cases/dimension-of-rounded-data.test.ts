import test from 'ava';
import { type NdArray, toDtype } from '../../ts/core/array.js';
import { RidgeflowError } from '../../ts/core/errors.js';
import { RandomStream } from '../../ts/core/random.js';
import { jitter, maximumLikelihoodDimension, twoNearestNeighbourDimension } from '../../ts/entropy/index.js';
import { backendNames, places } from '../native.js';

/** A normal cloud of m dimensions in D coordinates, each a sum of two of them, rounded. */
function rounded(n: number, [m, d]: readonly number[], step: number, seed: number): NdArray {
  const inner = new Float64Array(n * m);
  new RandomStream(seed, 'sample').fillNormal(inner);
  const data = Float64Array.from({ length: n * d }, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d];
    const value = inner[i * m + (k % m)] + (k < m ? 0 : 0.5 * inner[i * m + ((k + 1) % m)]);
    return step * Math.round(value / step);
  });
  return { data, shape: [n, d] };
}

const estimators = { twoNearestNeighbourDimension, maximumLikelihoodDimension };

for (const { backend, dtype } of places) {
  for (const [name, dimension] of Object.entries(estimators)) {
    test(`${backend} ${dtype}: ${name} of data on a coarse grid names the noise that helps`, async (t) => {
      for (const [shape, step] of [
        [[1, 1], 0.01],
        [[1, 1], 1],
        [[2, 2], 0.1],
        [[2, 3], 0.5],
      ] as const) {
        const points = toDtype(rounded(2000, shape, step, 3), dtype);
        const error = await t.throwsAsync(() => dimension(points, { backend }), {
          instanceOf: RidgeflowError,
        });
        t.is(error?.code, 'DEGENERATE_CLOUD');
        t.regex(error?.message ?? '', /`jitter`/);
        if (shape[0] < shape[1]) continue;
        const { value } = await dimension(jitter(points, { seed: 5 }), { backend });
        t.true(Math.abs(value / shape[0] - 1) < 0.12, `${value}`);
      }
    });

    test(`${backend} ${dtype}: ${name} of data on a finer grid looks above its step`, async (t) => {
      for (const [shape, step] of [
        [[1, 1], 0.0005],
        [[2, 2], 0.01],
        [[2, 4], 0.01],
        [[2, 2], 1e-5],
      ] as const) {
        const { value } = await dimension(toDtype(rounded(4000, shape, step, 4), dtype), { backend });
        t.true(value <= 1.1 * shape[0] && value > 0.8 * shape[0], `${shape[0]}: ${value}`);
      }
    });
  }
}

test('points that all occur twice and lie on no grid are told of both ways out', async (t) => {
  const { data } = rounded(20, [2, 2], 1e-12, 1);
  const twice: NdArray = { data: Float64Array.from([...data, ...data]), shape: [40, 2] };
  const error = await t.throwsAsync(() =>
    twoNearestNeighbourDimension(toDtype(twice, 'float32'), { backend: backendNames[0] }),
  );
  t.regex(error?.message ?? '', /drop points .*`jitter`/);
});
