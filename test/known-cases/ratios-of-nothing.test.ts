import test from 'ava';
import { type NdArray, allocate } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { displacementOf, blockDerivatives } from '../../ts/network/analysis/steps.js';
import { centredKernelAlignment, fisherRatio } from '../../ts/representation/index.js';
import { places } from '../native.js';

for (const { backend, dtype } of places) {
  const of = (n: number, d: number, entry: (i: number, k: number) => number): NdArray => {
    const data = allocate(dtype, n * d);
    for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) data[i * d + k] = entry(i, k);
    return { data, shape: [n, d] };
  };
  const identity = (n: number) => of(n, n, (i, k) => Number(i === k));
  const once = (n: number, at: number, value = 1) => of(n, 1, (i) => (i === at ? value : 0));
  const cloud = (n: number, d: number, seed: number) => {
    const noise = new Float64Array(n * d);
    new RandomStream(seed, 'sample').fillNormal(noise);
    return of(n, d, (i, k) => noise[i * d + k]);
  };

  test(`${backend} ${dtype}: a debiased alignment with nothing to compare is refused`, async (t) => {
    const empty: [string, NdArray][] = [];
    for (const n of [4, 5, 8, 33, 100, 250]) {
      empty.push([`identity ${n}`, identity(n)], [`once in ${n}`, once(n, n >> 1)]);
      empty.push([`one far away of ${n}`, once(n, 0, 1e5 / 3)]);
      // Equal distances under a shift and a scale, and a copy of the columns with the sign changed.
      empty.push([`shifted ${n}`, of(n, n, (i, k) => (i === k ? 0.7 : 0.3))]);
      empty.push([`doubled ${n}`, of(n, 2 * n, (i, k) => (i === k ? 3 : k === i + n ? -3 : 0))]);
    }
    for (const [name, points] of empty) {
      const [n] = points.shape;
      for (const [a, b] of [
        [points, points],
        [points, cloud(n, 2, 1)],
        [cloud(n, 2, 1), points],
      ]) {
        const error = await t.throwsAsync(
          centredKernelAlignment(a, b, { debiased: true, backend }),
          { code: 'DEGENERATE_CLOUD' },
          name,
        );
        t.regex(error.message, a === points && b !== points ? /in a but/ : /in b but/);
      }
      const plain = await centredKernelAlignment(points, points, { backend });
      t.true(Math.abs(plain - 1) < 1e-4 && plain <= 1, `${name}: ${plain}`);
    }
  });

  test(`${backend} ${dtype}: a debiased alignment of anything else with itself is 1`, async (t) => {
    const bent = (n: number) => of(n, n, (i, k) => (i === k ? 1 : i === 0 && k === 1 ? 0.25 : 0));
    const twice = (n: number) => of(n, 1, (i) => (i < 2 ? 1 : 0));
    for (const points of [bent(8), bent(20), twice(8), twice(200), cloud(4, 1, 2), cloud(60, 3000, 3)]) {
      const value = await centredKernelAlignment(points, points, { debiased: true, backend });
      t.true(Math.abs(value - 1) < 1e-3 && value <= 1, `${points.shape.join()}: ${value}`);
    }
  });

  test(`${backend} ${dtype}: Fisher's ratio of equal points is 0`, async (t) => {
    for (const n of [3, 7, 100, 999]) {
      for (const value of [0, 0.1, 1e5 / 3, -7e8]) {
        const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
        const found = await fisherRatio(
          of(n, 3, (_, k) => value / (k + 1)),
          labels,
          { backend },
        );
        t.is(found.ratio, 0);
        t.is(found.within, 0);
      }
    }
    const apart = await fisherRatio(
      of(6, 1, (i) => i % 2),
      Int32Array.of(0, 1, 0, 1, 0, 1),
      { backend },
    );
    t.is(apart.ratio, Infinity);
  });
}

test('the stretch of a step is a number where the points are far away beside their spread', async (t) => {
  const n = 20;
  const points: NdArray = { data: new Float32Array(2 * n).fill(1e6), shape: [n, 2] };
  for (let i = 0; i < n; i++) points.data[2 * i + 1] = i / n;
  const found = await blockDerivatives(
    async (x) => ({ data: x.data.map((v) => 2 * v), shape: x.shape }),
    points,
    { shape: [2], spread: 0.3 },
    { seed: 1 },
  );
  t.true(Math.abs(found.stretch - 2) < 1e-3, `${found.stretch}`);
  t.true(Math.abs(found.divergence - 2) < 1e-3, `${found.divergence}`);
  t.is(displacementOf(points, points).mean, 0);
});
