// `ridgeflow transport --map`: the rows of a file through a trained map, in parts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fitDae, readCloud, readDae, standardise, twoMoons, writeDae, writeRows } from '../ts/index.js';
import { emptyFolder, ridgeflow } from './command-line.js';

const { points } = twoMoons(9000, { noise: 0.1, seed: 2 });

test('every row is moved as the map moves it, in the format of the input', async (t) => {
  const folder = emptyFolder(t);
  const map = join(folder, 'model.safetensors');
  const dae = await fitDae(points, { width: 12, noise: 0.1, seed: 1 });
  await writeDae(map, dae);
  const expected = await dae.apply(points);
  let squares = 0;
  for (let i = 0; i < 18_000; i++) squares += (expected.data[i] - points.data[i]) ** 2;
  for (const [ending, moved] of [
    ['parquet', 'parquet'],
    ['csv', 'csv'],
    ['npy', 'npy'],
  ] as const) {
    const file = join(folder, `in.${ending}`);
    await writeRows(file, { columns: ['u', 'v'] })([points]);
    const out = join(folder, `out-${ending}`);
    const run = await ridgeflow(['transport', file, '--map', map, '--out', out, '--json']);
    t.is(run.code, 0, run.stderr);
    const summary = JSON.parse(run.stdout) as { n: number; moved: string; displacement: number };
    t.is(summary.moved, `moved.${moved}`);
    t.deepEqual(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')), summary);
    const cloud = await readCloud(join(out, summary.moved));
    t.deepEqual([...cloud.points.data], [...expected.data]);
    if (ending !== 'npy') t.deepEqual(cloud.columns, ['u', 'v']);
    t.is(summary.n, 9000);
    t.true(Math.abs(summary.displacement - Math.sqrt(squares / 9000)) < 1e-6);
  }
});

test('a map of standardised columns moves in their units', async (t) => {
  const folder = emptyFolder(t);
  const far = {
    data: points.data.map((value, i) => (i % 2 ? value : 100 + 30 * value)),
    shape: points.shape,
  };
  const units = standardise(far);
  const dae = await fitDae(units.apply(far), { width: 12, noise: 0.1, seed: 1 });
  await writeDae(join(folder, 'model.safetensors'), dae);
  const scaled = {
    method: 'z-score',
    columns: [0, 1].map((k) => ({ column: k, centre: units.centre[k], scale: units.scale[k] })),
  };
  writeFileSync(join(folder, 'summary.json'), JSON.stringify({ columns: { scaled } }));
  const file = join(folder, 'in.npy');
  await writeRows(file)([far]);
  const args = ['transport', file, '--map', join(folder, 'model.safetensors'), '--out', join(folder, 'out')];
  const run = await ridgeflow([...args, '--format', 'arrow', '--quiet']);
  t.is(run.code, 0, run.stderr);
  const { data } = units.invert(await dae.apply(units.apply(far)));
  const moved = (await readCloud(join(folder, 'out', 'moved.arrow'))).points.data;
  moved.forEach((value, i) => t.true(Math.abs(value - data[i]) <= 1e-5 * (1 + Math.abs(data[i]))));
});

test('a map of columns far from 0 is trained and applied about them, and keeps their digits', async (t) => {
  const folder = emptyFolder(t);
  // A float32 has steps of 128 there.
  const FAR = 2 ** 31;
  const data = Float64Array.from(points.data.subarray(0, 2000), (value, i) => (i % 2 ? value : FAR + value));
  const file = join(folder, 'in.npy');
  await writeRows(file)([{ data, shape: [1000, 2] }]);
  const trained = join(folder, 'trained');
  const training = await ridgeflow(['train', file, '--method', 'ridge', '--width', '16', '--out', trained]);
  t.is(training.code, 0, training.stderr);
  const { columns } = JSON.parse(readFileSync(join(trained, 'summary.json'), 'utf8')) as {
    columns: { offset: number[] };
  };
  t.true(Math.abs(columns.offset[0] - FAR) < 4);
  t.is(columns.offset[1], 0);
  const map = join(trained, 'model.safetensors');
  const run = await ridgeflow(['transport', file, '--map', map, '--out', join(folder, 'out'), '--json']);
  t.is(run.code, 0, run.stderr);
  const summary = JSON.parse(run.stdout) as { offset: number[]; displacement: number };
  t.deepEqual(summary.offset, columns.offset);
  const dae = await readDae(map);
  const near = Float32Array.from(data, (value, i) => value - columns.offset[i % 2]);
  const expected = (await dae.apply({ data: near, shape: [1000, 2] })).data;
  const moved = (await readCloud(join(folder, 'out', 'moved.npy'), { dtype: 'float64' })).points.data;
  moved.forEach((value, i) => t.true(Math.abs(value - columns.offset[i % 2] - expected[i]) < 1e-5));
  let squares = 0;
  for (let i = 0; i < 2000; i++) squares += (expected[i] - near[i]) ** 2;
  t.true(Math.abs(summary.displacement - Math.sqrt(squares / 1000)) < 1e-4);
});

test('what does not go with a map is said, and leaves nothing', async (t) => {
  const folder = emptyFolder(t);
  const map = join(folder, 'model.safetensors');
  await writeDae(map, await fitDae(points, { width: 4, noise: 0.1, seed: 1 }));
  const file = join(folder, 'in.csv');
  writeFileSync(
    file,
    `a,b\n${Array.from({ length: 6000 }, (_, i) => (i === 5990 ? 'x,1' : `${i},1`)).join('\n')}\n`,
  );
  const out = join(folder, 'out');
  const of = (...args: string[]) => ridgeflow(['transport', ...args, '--out', out]);
  const wrong = await of(file, '--map', map);
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /line 5992, column 1/);
  t.false(existsSync(join(out, 'moved.csv')) || existsSync(join(out, 'summary.json')));
  t.regex((await of(file, '--map', map, '--depths', '1')).stderr, /cannot be used with option/);
  t.regex((await of(file, '--map', map, '--fill', 'mean')).stderr, /--fill with a number/);
  t.regex((await of('-', '--map', map)).stderr, /not standard input/);
  t.regex((await of(file, '--map', file)).stderr, /in.csv/);
  t.regex((await of(file, '--format', 'npy')).stderr, /--map/);
});
