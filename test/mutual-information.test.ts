import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { RandomStream } from '../ts/core/random.js';
import { mutualInformation } from '../ts/entropy/index.js';
import { digammaInteger } from '../ts/entropy/special.js';
import { backendNames, exactly } from './native.js';

const SEEDS = 8;

/** n pairs of standard normal numbers of this correlation, as two columns. */
function correlated(n: number, correlation: number, seed: number): [Column, Column] {
  const noise = new Float64Array(2 * n);
  new RandomStream(seed, 'sample').fillNormal(noise);
  const [x, rest] = [noise.slice(0, n), noise.slice(n)];
  return [column(x), column(x.map((v, i) => correlation * v + Math.sqrt(1 - correlation ** 2) * rest[i]))];
}

type Column = NdArray & { data: Float64Array };
function column(data: Float64Array): Column {
  return { data, shape: [data.length, 1] };
}

/** x uniform on four letters, y the same letter with probability 0.7, else the next. */
function letters(n: number, seed: number): [Column, Column] {
  const numbers = new Float64Array(2 * n);
  new RandomStream(seed, 'sample').fillUniform(numbers);
  const x = Float64Array.from({ length: n }, (_, i) => Math.floor(4 * numbers[2 * i]));
  return [column(x), column(x.map((v, i) => (numbers[2 * i + 1] < 0.7 ? v : (v + 1) % 4)))];
}

async function scoresOf(
  truth: number,
  sample: (seed: number) => [NdArray, NdArray],
  k = 3,
): Promise<number[]> {
  const scores: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { value, standardError } = await mutualInformation(...sample(seed), { seed, k });
    scores.push((value - truth) / standardError);
  }
  return scores;
}

const cases: [string, number, (seed: number) => [NdArray, NdArray]][] = [
  ...[0, 0.5, 0.8].map((r): [string, number, (seed: number) => [NdArray, NdArray]] => [
    `Gaussians of correlation ${r}`,
    -0.5 * Math.log(1 - r * r),
    (seed) => correlated(1500, r, seed),
  ]),
  ['letters', Math.log(4) + 0.7 * Math.log(0.7) + 0.3 * Math.log(0.3), (seed) => letters(1500, seed)],
  [
    // x in {0, 1}, y uniform on [x, x + 2]: where they overlap, a fair guess.
    'a coin and an interval',
    Math.LN2 / 2,
    (seed) => {
      const numbers = new Float64Array(3000);
      new RandomStream(seed, 'sample').fillUniform(numbers);
      const x = Float64Array.from({ length: 1500 }, (_, i) => (numbers[2 * i] < 0.5 ? 0 : 1));
      return [column(x), column(x.map((v, i) => v + 2 * numbers[2 * i + 1]))];
    },
  ],
];
for (const [title, truth, sample] of cases) {
  exactly(`mutualInformation of ${title}: within three standard errors, over ${SEEDS} seeds`, async (t) => {
    const scores = await scoresOf(truth, sample);
    const mean = scores.reduce((sum, z) => sum + z, 0) / SEEDS;
    t.true(Math.max(...scores.map(Math.abs)) < 4, scores.join(', '));
    t.true(Math.abs(mean) * Math.sqrt(SEEDS) < 3, `mean of the scores ${mean}`);
    t.true(Math.max(...scores.map(Math.abs)) > 0.3, 'errors are not stated too large');
  });
}

/** The estimator from its definition. */
function reference(x: number[][], y: number[][], k: number): number {
  const n = x.length;
  const far = (a: number[], b: number[]) => Math.max(...a.map((v, c) => Math.abs(v - b[c])));
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const others = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
    const inX = others.map((j) => far(x[i], x[j]));
    const inY = others.map((j) => far(y[i], y[j]));
    const both = inX.map((distance, j) => Math.max(distance, inY[j]));
    const radius = [...both].sort((a, b) => a - b)[k - 1];
    const count = (list: number[], test: (v: number) => boolean) => list.filter(test).length;
    const nearer = (v: number) => v < radius;
    const atMost = (v: number) => v <= radius;
    const edge = [inX, inY].map((list) => count(list, atMost) - count(list, nearer));
    const tied = radius === 0 || count(both, atMost) > k || edge[0] + edge[1] > 1;
    const [of, self, total] = tied ? [atMost, 0, n - 1] : [nearer, 1, n];
    sum += digammaInteger(of === nearer ? k : count(both, of) + self) + digammaInteger(total);
    sum -= digammaInteger(count(inX, of) + self) + digammaInteger(count(inY, of) + self);
  }
  return sum / n;
}

for (const backend of backendNames) {
  test(`${backend}: mutualInformation is its formula, with ties and without, in several dimensions`, async (t) => {
    for (const [dx, dy, step] of [
      [1, 1, 0],
      [2, 3, 0],
      [1, 2, 1],
      [2, 1, 0.5],
    ]) {
      const noise = new Float64Array(97 * (dx + dy));
      new RandomStream(4, 'sample').fillNormal(noise);
      const values = Float32Array.from(noise, (v) => (step ? step * Math.round(v / step) : v));
      const rows = Array.from({ length: 97 }, (_, i) =>
        Array.from(values.subarray(i * (dx + dy), (i + 1) * (dx + dy))),
      );
      const [x, y] = [rows.map((row) => row.slice(0, dx)), rows.map((row) => row.slice(dx))];
      for (const k of [1, 4, 96]) {
        const { value } = await mutualInformation(ndarray(x), ndarray(y), { k, backend });
        const expected = reference(x, y, k);
        t.true(Math.abs(value - expected) < 1e-12, `${dx} ${dy} ${step} k = ${k}: ${value}, not ${expected}`);
      }
    }
  });
}

exactly('mutualInformation does not change under scaling of a variable, and is symmetric', async (t) => {
  const [x, y] = correlated(500, 0.7, 3);
  const { value } = await mutualInformation(x, y);
  t.true(Math.abs((await mutualInformation(y, x)).value - value) < 1e-12);
  t.is(
    (await mutualInformation(column(x.data.map((v) => 4 * v)), column(y.data.map((v) => 4 * v)))).value,
    value,
  );
});

exactly('bad input is refused with its code', async (t) => {
  const [x, y] = correlated(40, 0.5, 1);
  const refuse = (code: string, a: unknown, b: unknown, options?: object) =>
    t.throwsAsync(mutualInformation(a as NdArray, b as NdArray, options), { code });
  await refuse('INVALID_SHAPE', x, column(y.data.slice(1)));
  await refuse('INVALID_SHAPE', x, { data: y.data, shape: [40] });
  await refuse('INVALID_DTYPE', x, { data: Float32Array.from(y.data), shape: [40, 1] });
  await refuse('NON_FINITE', x, column(y.data.map((v, i) => (i === 3 ? NaN : v))));
  await refuse('NON_FINITE', column(y.data.map((v, i) => (i === 3 ? Infinity : v))), y);
  await refuse('EMPTY_CLOUD', column(x.data.slice(1, 2)), column(y.data.slice(1, 2)));
  await refuse('INVALID_ARGUMENT', x, undefined);
  for (const k of [0, 40, 1.5]) await refuse('INVALID_ARGUMENT', x, y, { k });
  await refuse('ABORTED', x, y, { signal: AbortSignal.abort() });
  t.is(
    (await mutualInformation(column(x.data.slice(0, 20)), column(y.data.slice(0, 20)))).standardError,
    NaN,
  );
});
