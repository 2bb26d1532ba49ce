import test from 'ava';
import type { NdArray } from '../../ts/core/array.js';
import { toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { fisherInformation } from '../../ts/entropy/index.js';
import { places } from '../native.js';

/** n rows of d normals, each changed by its number, column and row. */
function table(
  n: number,
  d: number,
  seed: number,
  change: (v: number, k: number, i: number) => number,
): NdArray {
  const data = new Float64Array(n * d);
  new RandomStream(seed, 'sample').fillNormal(data);
  return { data: data.map((v, at) => change(v, at % d, Math.floor(at / d))), shape: [n, d] };
}

/** Of a diagonal of variances: Σ 1/v. */
function inverseTrace({ data, shape: [n, d] }: NdArray): number {
  let sum = 0;
  for (let k = 0; k < d; k++) {
    let [mean, square] = [0, 0];
    for (let i = 0; i < n; i++) mean += data[i * d + k] / n;
    for (let i = 0; i < n; i++) square += (data[i * d + k] - mean) ** 2 / n;
    sum += 1 / square;
  }
  return sum;
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: the Fisher information of columns of any scales is at least that of their covariance`, async (t) => {
    for (const [n, d, scale] of [
      [400, 2, (k: number) => 1000 ** k],
      [300, 4, (k: number) => 10 ** (k - 2)],
      [178, 13, (k: number) => 10 ** (k / 4 - 1)],
    ] as const) {
      // Normals; and three classes, whose means differ by column.
      for (const apart of [0, 2]) {
        const cloud = table(n, d, 3, (v, k, i) => (v + apart * ((i % 3) - 1) * Math.sin(k + 1)) * scale(k));
        const { value, standardError } = await fisherInformation(toDtype(cloud, dtype), { backend });
        // Correlated columns have a larger tr Σ⁻¹ than Σ 1/v.
        const least = inverseTrace(cloud);
        t.true(value >= 0.999 * least, `${n}, ${d}, ${apart}: ${value}, at least ${least}`);
        t.true(standardError > 0 && standardError < value);
        if (apart === 0) t.true(value < 1.5 * least);
      }
    }
  });

  test(`${backend} ${dtype}: two narrow heaps far apart have the information of one`, async (t) => {
    const cloud = table(1000, 2, 4, (v, k, i) => 0.1 * v + (k === 0 ? 10 * (i % 2) : 0));
    const { value } = await fisherInformation(toDtype(cloud, dtype), { backend });
    t.true(Math.abs(value / 200 - 1) < 0.15, `${value}`);
  });
}
