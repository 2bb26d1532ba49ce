import test from 'ava';
import type { FloatData } from '../ts/core/array.js';
import { Differences, combinations, rounding } from './conformance-backends.js';
import { Random } from './reference/random.js';

/** Sums over lines, point by point. */
function referenceFiniteRadon(data: FloatData, count: number, p: number, transpose: boolean): number[] {
  const out = new Array<number>(count * p * (transpose ? p : p + 1)).fill(0);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < p; j++) {
        const pixel = (n * p + i) * p + j;
        for (let k = 0; k <= p; k++) {
          const l = k < p ? (j - k * i + k * p) % p : i;
          const ray = (n * (p + 1) + k) * p + (l % p);
          if (transpose) out[pixel] += data[ray] / Math.sqrt(p);
          else out[ray] += data[pixel] / Math.sqrt(p);
        }
      }
    }
  }
  return out;
}

for (const { kernels, dtype, title } of combinations) {
  test(`${title} finiteRadon: agrees with the sums over lines, and so does its transpose`, async (t) => {
    const random = new Random(71);
    const differences = new Differences();
    for (const [p, count] of [
      [2, 1],
      [3, 5],
      [5, 2],
      [17, 3],
      [31, 1],
      [67, 2],
    ]) {
      for (const transpose of [false, true]) {
        const values = random.normals(count * p * (transpose ? p + 1 : p));
        const data = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
        const result = await kernels.finiteRadon({ data, count, p, transpose });
        t.is(result.constructor, data.constructor);
        const expected = referenceFiniteRadon(data, count, p, transpose);
        const allowed = (i: number) =>
          rounding(dtype, expected[i]) + 4 * p * 2 ** -53 + rounding(dtype, 0.01);
        differences.compare(`p = ${p}, ${count} images, ${transpose}`, result, expected, allowed);
      }
    }
    t.deepEqual(differences.found, []);
  });

  test(`${title} finiteRadon: reports progress to the end and stops when told`, async (t) => {
    const data = new Float32Array(5 * 499 * 499).fill(1);
    const image = dtype === 'float64' ? Float64Array.from(data) : data;
    const problem = { data: image, count: 5, p: 499 };
    const controller = new AbortController();
    const aborted = kernels.finiteRadon(problem, { signal: controller.signal }).then(() => 'finished');
    controller.abort();
    await t.throwsAsync(aborted, { code: 'ABORTED' });
    let last = 0;
    const onProgress = (fraction: number) => (last = fraction);
    const sums = await kernels.finiteRadon(
      { data: image.subarray(0, 31 * 31), count: 1, p: 31 },
      { onProgress },
    );
    t.is(last, 1);
    t.true(sums.every((value) => Math.abs(value - Math.sqrt(31)) < 1e-6));
  });
}
