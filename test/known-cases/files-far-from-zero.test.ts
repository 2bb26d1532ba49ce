import { join } from 'node:path';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { prepareCloud } from '../../ts/cli/cloud-input.js';
import { readCloud, writeNpy } from '../../ts/io/index.js';
import { emptyFolder, ridgeflow } from '../command-line.js';
import { put } from '../io-files.js';

const csv = (table: number[][]) => `x,z\n${table.map((row) => row.join(',')).join('\n')}\n`;
const utm = (shift: number) =>
  Array.from({ length: 60 }, (_, i) => [500000 + ((i * 37) % 101) + shift, 4650000 + ((i * 53) % 97)]);
const seconds = Array.from({ length: 50 }, (_, i) => [1.7e9 + i, i % 7]);

test('numbers that are large for their spread are read in float64, with a note, from every format', async (t) => {
  const npy = join(emptyFolder(t), 'seconds.npy');
  await writeNpy(npy, { data: Float64Array.from(seconds.flat()), shape: [50, 2] });
  const columnData = [0, 1].map((k) => ({
    name: 'xz'[k],
    data: Float64Array.from(seconds, (row) => row[k]),
    type: 'DOUBLE' as const,
  }));
  const parquet = put(t, 'seconds.parquet', Buffer.from(parquetWriteBuffer({ columnData })));
  for (const path of [put(t, 'seconds.csv', csv(seconds)), npy, parquet]) {
    const cloud = await readCloud(path);
    t.deepEqual(cloud.points.data, Float64Array.from(seconds.flat()), path);
    t.regex(cloud.notes?.join() ?? '', /float32.*column (x|0), .*all were read as float64/);
    const asked = await readCloud(path, { dtype: 'float32' });
    t.true(asked.points.data instanceof Float32Array);
    t.regex(asked.notes?.join() ?? '', /rounded to it as asked/);
  }
});

test('the spread decides: within 2^12 roundings of the size float64, beyond it float32 without a note', async (t) => {
  const read = (step: number) => readCloud(put(t, 'a.csv', csv([[2 ** 23, 0], [2 ** 23 + step, 1]]))); // prettier-ignore
  t.true((await read(4000)).points.data instanceof Float64Array);
  const wide = await read(4200);
  t.true(wide.points.data instanceof Float32Array);
  t.is(wide.notes, undefined);
  const constant = await readCloud(put(t, 'b.csv', csv([[1.7e9 + 1, 0], [1.7e9 + 1, 1]]))); // prettier-ignore
  t.true(constant.points.data instanceof Float32Array, 'a column that never changes loses nothing');
});

test('the command line centres such columns in float64 and computes in float32', async (t) => {
  const options = { duplicates: 'error', dtype: 'float32', digits: false } as const;
  const { signal } = new AbortController();
  const cloud = await prepareCloud(put(t, 'seconds.csv', csv(seconds)), { ...options, signal });
  t.deepEqual(cloud.offset, Float64Array.of(1.7e9 + 24.5, 0));
  t.deepEqual(cloud.points.data, Float32Array.from(seconds.flatMap(([x, z]) => [x - 1.7e9 - 24.5, z])));
  t.regex(cloud.notes.join(), /centred in float64.*1700000024.5 from x was subtracted/);
});

test('the distance of two files is that of their numbers, wherever they lie', async (t) => {
  const distance = async (a: number[][], b: number[][], ...more: string[]) => {
    const files = [put(t, 'a.csv', csv(a)), put(t, 'b.csv', csv(b))];
    const { stdout, stderr, code } = await ridgeflow(['distance', ...files, '--json', '--quiet', ...more]);
    t.is(code, 0, stderr);
    return (JSON.parse(stdout) as { distance: number }).distance;
  };
  for (const method of ['exact', 'gaussian'])
    t.true(Math.abs((await distance(utm(0), utm(0.05), '--method', method)) - 0.05) < 1e-6, method);
  // Each cloud is wide enough for float32, but what they differ by is not.
  const wide = (shift: number) => Array.from({ length: 30 }, (_, i) => [4e6 + 30000 * i + shift, i]);
  t.true(Math.abs((await distance(wide(0), wide(0.01))) - 0.01) < 1e-6);
  // One point each, or columns that never change: no spread, but a difference.
  t.true(Math.abs((await distance([[1.7e9, 0]], [[1.7e9 + 1, 0]])) - 1) < 1e-6); // prettier-ignore
});
