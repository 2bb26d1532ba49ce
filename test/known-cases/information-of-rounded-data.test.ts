import type { NdArray } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { mutualInformation } from '../../ts/entropy/index.js';
import test from 'ava';
import { exactly, places } from '../native.js';

function normals(n: number, seed: number): [Float64Array, Float64Array] {
  const noise = new Float64Array(2 * n);
  new RandomStream(seed, 'sample').fillNormal(noise);
  return [noise.slice(0, n), noise.slice(n)];
}
const column = (values: ArrayLike<number>): NdArray => ({
  data: Float64Array.from(values),
  shape: [values.length, 1],
});
/** x = a N rounded to the step, y = x + b N rounded: the information of what was rounded, which the rounding hardly changes. */
function readings(n: number, [a, b]: [number, number], step = 1, seed = 3): [NdArray, NdArray, number] {
  const [first, second] = normals(n, seed);
  const x = first.map((v) => step * Math.round(a * v));
  const y = x.map((v, i) => v + step * Math.round(b * second[i]));
  return [column(x), column(y), 0.5 * Math.log1p((a / b) ** 2)];
}

exactly('20 000 rounded readings have the information of the readings', async (t) => {
  const [x, y, right] = readings(20_000, [100, 20]);
  const { value, standardError } = await mutualInformation(x, y);
  t.true(Math.abs(value - right) < 0.03, `${value}, not ${right}`);
  t.true(standardError < 0.03, `${standardError}`);
});

for (const { backend, dtype } of places) {
  for (const n of [300, 1000, 5000]) {
    for (const step of [1, 0.1, 0.01]) {
      test(`${backend} ${dtype}: ${n} readings rounded to ${step}`, async (t) => {
        const [x, y, right] = readings(n, [20, 10], step);
        const { value } = await mutualInformation(x, y, { backend, dtype });
        // Three standard errors of the logarithm of the densities' ratio, and a tenth for neighbours that are steps away.
        t.true(Math.abs(value - right) < 0.06 + 3 / Math.sqrt(n), `${value}, not ${right}`);
      });
    }
  }

  test(`${backend} ${dtype}: nothing is known from a constant, whatever the other is`, async (t) => {
    for (const n of [50, 1000]) {
      const [first] = normals(n, 7);
      for (const values of [first, first.map((v) => Math.round(100 * v)), first.map((v) => Math.round(v))]) {
        const { value } = await mutualInformation(column(values), column(new Float64Array(n).fill(4.2)), {
          backend,
          dtype,
        });
        t.true(Math.abs(value) < 0.02, `${value}`);
      }
    }
  });

  test(`${backend} ${dtype}: independent numbers, rounded or not, tell next to nothing`, async (t) => {
    for (const [a, b] of [
      [20, 20],
      [5, 5],
      [2, 1],
    ]) {
      const [first, second] = normals(2000, 11);
      const [x, y] = [first.map((v) => Math.round(a * v) / 10), second.map((v) => Math.round(b * v) / 10)];
      const { value } = await mutualInformation(column(x), column(y), { backend, dtype });
      t.true(Math.abs(value) < 0.09, `${a} ${b}: ${value}`);
    }
  });

  test(`${backend} ${dtype}: half zeros, half normal, independent`, async (t) => {
    const [first, second] = normals(4000, 13);
    const half = (values: Float64Array) => values.map((v, i) => (i < 2000 ? v : 0));
    const mixed = (a: Float64Array) => a.map((v, i) => ((i * 7919) % 4000 < 2000 ? v : 0));
    const { value } = await mutualInformation(column(half(first)), column(mixed(second)), { backend, dtype });
    t.true(Math.abs(value) < 0.08, `${value}`);
  });
}

exactly('labels are counted: 16 000 at once', async (t) => {
  const n = 16_000;
  const uniform = new Float64Array(2 * n);
  new RandomStream(5, 'sample').fillUniform(uniform);
  // The same of ten letters with probability 0.55, else one of the nine others; the numbers of the letters mean nothing.
  const names = [0, 1000, 3, -7, 1e6, 0.3, 12, 13, 14, -1e-3];
  const x = Array.from({ length: n }, (_, i) => Math.floor(10 * uniform[2 * i]));
  const y = x.map((letter, i) =>
    uniform[2 * i + 1] < 0.5 ? letter : Math.floor(20 * (uniform[2 * i + 1] - 0.5)),
  );
  const named = (letters: number[]) => column(letters.map((letter) => names[letter]));
  const start = performance.now();
  const { value, standardError } = await mutualInformation(named(x), named(y));
  const right = Math.log(10) + 0.55 * Math.log(0.55) + 0.45 * Math.log(0.05);
  t.true(Math.abs(value - right) < 4 * standardError, `${value}, not ${right}`);
  t.true(standardError < 0.02);
  t.log(`${Math.round(performance.now() - start)} ms`);
});
