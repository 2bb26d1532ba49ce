import test from 'ava';
import { ndarray, standardise } from '../ts/index.js';
import { RandomStream } from '../ts/core/random.js';

function cloud(n: number, dtype: 'float32' | 'float64', seed = 1) {
  const stream = new RandomStream(seed, 'sample');
  const spread = [1, 1000, 0.01, 5, 0];
  const centre = [0, -3e5, 7, 1e9, 4];
  const rows = Array.from({ length: n }, (_, i) =>
    spread.map((s, k) => centre[k] + s * (stream.uniform(i * 5 + k) - 0.5)),
  );
  return ndarray(rows, undefined, dtype);
}

const column = ({ data, shape: [n, d] }: { data: ArrayLike<number>; shape: readonly number[] }, k: number) =>
  Array.from({ length: n }, (_, i) => data[i * d + k]);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value / values.length, 0);

test('columns get mean 0 and standard deviation 1, and results go back to the units of the data', (t) => {
  for (const n of [2, 17, 301]) {
    const points = cloud(n, 'float64');
    const units = standardise(points);
    const scaled = units.apply(points);
    for (const k of [0, 1, 2, 3]) {
      const values = column(scaled, k);
      t.true(Math.abs(mean(values)) < 1e-6);
      t.true(Math.abs(Math.sqrt(mean(values.map((value) => value ** 2))) - 1) < 1e-6, `${n}, ${k}`);
    }
    t.true(
      column(scaled, 4).every((value) => value === 0),
      'a constant column is only centred',
    );
    const back = units.invert(scaled);
    t.true(
      back.data.every(
        (value, i) => Math.abs(value - points.data[i]) <= 1e-15 * Math.abs(points.data[i]) + 1e-12,
      ),
    );
    const other = ndarray([[1, 2, 3, 4, 5]], undefined, 'float64');
    units
      .invert(units.apply(other))
      .data.forEach((value, k) => t.true(Math.abs(value - other.data[k]) < 1e-6));
  }
  const narrow = standardise(cloud(50, 'float32'));
  t.true(narrow.apply(cloud(3, 'float32')).data instanceof Float32Array);
});

test('robust: quartiles, which an outlier does not move', (t) => {
  const rows = Array.from({ length: 101 }, (_, i) => [i, i === 100 ? 1e6 : i, i % 50 === 0 ? i : 3]);
  const units = standardise(ndarray(rows, undefined, 'float64'), { method: 'robust' });
  t.is(units.centre[0], 50);
  t.is(units.centre[1], 50);
  t.true(Math.abs(units.scale[0] - 50 / 1.3489795) < 1e-6);
  t.true(Math.abs(units.scale[1] - 50 / 1.3489795) < 1e-6);
  t.is(units.centre[2], 3);
  t.true(units.scale[2] > 5, 'where the quartiles coincide, the standard deviation');
});

test('a group of columns keeps its scale relative to each other', (t) => {
  const points = ndarray([[1, 10, 5], [3, 50, 6], [5, 90, 10]], undefined, 'float64'); // prettier-ignore
  const { scale } = standardise(points, { groups: [[0, 1]] });
  t.is(scale[0], scale[1]);
  const alone = standardise(points).scale;
  t.true(Math.abs(scale[0] - Math.sqrt((alone[0] ** 2 + alone[1] ** 2) / 2)) < 1e-12);
  t.is(scale[2], alone[2]);
});

test('arguments', (t) => {
  const points = ndarray([[1, 2], [3, 4]]); // prettier-ignore
  const code = (run: () => unknown) => (t.throws(run) as { code?: string }).code;
  t.is(code(() => standardise(ndarray([[1, NaN]]))), 'NON_FINITE'); // prettier-ignore
  t.is(
    code(() => standardise(points, { method: 'minmax' as never })),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => standardise(points, { robust: true } as never)),
    'INVALID_ARGUMENT',
  );
  for (const groups of [[[2]], [[0], [0]], [[0.5]]])
    t.is(
      code(() => standardise(points, { groups })),
      'INVALID_ARGUMENT',
    );
  t.is(
    code(() => standardise(points).apply(ndarray([[1, 2, 3]]))),
    'INVALID_SHAPE',
  );
  t.is(
    code(() => standardise({ data: new Float32Array(0), shape: [0, 2] })),
    'EMPTY_CLOUD',
  );
});
