import test from 'ava';
import { type DType, type NdArray, toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { sinkhornDivergence } from '../../ts/transport/index.js';
import { places } from '../native.js';

const [n, d] = [60, 2];

function cloud(seed: number, dtype: DType): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return toDtype({ data, shape: [n, d] }, dtype);
}

/** The rows in another order: every `stride`-th, for a stride without a common factor with n. */
function permuted({ data, shape }: NdArray, stride: number): NdArray {
  const out = data.slice();
  for (let i = 0; i < n; i++) {
    const from = ((i * stride) % n) * d;
    for (let k = 0; k < d; k++) out[i * d + k] = data[from + k];
  }
  return { data: out, shape };
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: a cloud and its permutation are at 0, never below`, async (t) => {
    const within = dtype === 'float64' ? 1e-6 : 1e-5;
    for (const cost of ['squaredEuclidean', 'euclidean'] as const) {
      for (const [seed, stride, epsilon] of [
        [1, 7, 0.05],
        [2, 11, 0.5],
        [3, 59, 5],
        [4, 1, 0.2],
      ]) {
        const a = cloud(seed, dtype);
        for (const marginalPenalty of [undefined, 2]) {
          const call = { epsilon, cost, backend, marginalPenalty };
          const { value } = await sinkhornDivergence(a, permuted(a, stride), call);
          t.true(value >= 0 && value < within, `${cost} ${epsilon} ${marginalPenalty}: ${value}`);
        }
      }
    }
  });

  test(`${backend} ${dtype}: what is not 0 is not made 0`, async (t) => {
    const a = cloud(5, dtype);
    const data = a.data.slice();
    data.forEach((value, k) => (data[k] = value + 0.01));
    const { value } = await sinkhornDivergence(
      a,
      { data, shape: a.shape },
      { epsilon: 1, backend, tolerance: 1e-6 },
    );
    t.true(Math.abs(value - 2e-4) < (dtype === 'float64' ? 1e-7 : 5e-6), `${value}`);
  });
}
