// Rows in batches are those that readCloud reads whole: of every format, every batch size, and of every fixture.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import * as arrow from 'apache-arrow';
import { ParquetWriter, ByteWriter } from 'hyparquet-writer';
import {
  type CloudFile,
  type ReadRowsOptions,
  type RowBatch,
  readCloud,
  readRows,
  writeNpz,
  writeSafetensors,
} from '../ts/index.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { emptyFolder } from './command-line.js';
import { fails, fixture, npyBytes, npyHeader, put } from './io-files.js';

const N = 157;
const D = 3;
const value = (row: number, column: number) => Math.fround(row * 0.75 - column * 11 + (row % 7) / 8);
const classOf = (row: number) => ['dog', 'cat', 'eel'][(row * 5) % 3];
const points = Float32Array.from({ length: N * D }, (_, i) => value(Math.floor(i / D), i % D));
const columnOf = (column: number) => Float32Array.from({ length: N }, (_, row) => value(row, column));

async function gathered(path: string, options: ReadRowsOptions): Promise<RowBatch[]> {
  const batches: RowBatch[] = [];
  for await (const batch of readRows(path, options)) batches.push(batch);
  return batches;
}

const namesOf = ({ labels }: CloudFile) =>
  labels && Array.from(labels.values, (k) => labels.names[k] ?? null);

/** The batches are the whole, in order and in full batches. */
async function matches(t: ExecutionContext, path: string, options: ReadRowsOptions = {}): Promise<void> {
  const { batch: _, ...rest } = options;
  const whole = await readCloud(path, rest);
  const n = whole.points.shape[0];
  await sharesMatch(t, path, whole, rest);
  for (const batch of options.batch ? [options.batch] : [1, 10, n, n + 1]) {
    if (n / batch > 200) continue;
    const batches = await gathered(path, { ...options, batch });
    const data = batches.flatMap((each) => [...each.points.data]);
    t.deepEqual(data, [...whole.points.data], `${path}, ${batch}`);
    t.deepEqual(
      batches.flatMap((each) => namesOf(each) ?? []),
      namesOf(whole) ?? [],
      `${path}, ${batch}`,
    );
    t.deepEqual(batches[0].columns, whole.columns);
    t.deepEqual(batches[0].imageShape, whole.imageShape);
    t.deepEqual(batches[0].labelColumn, whole.labelColumn);
    t.deepEqual(batches[0].dropped, whole.dropped);
    t.true(batches.every((each) => each.points.shape[1] === whole.points.shape[1]));
    t.true(batches.every((each) => each.source === path));
    if (options.dropMissing) continue;
    t.deepEqual(
      batches.map((each) => [each.firstRow, each.points.shape[0]]),
      batches.map((_each, i) => [i * batch, Math.min(batch, n - i * batch)]),
      `${path}, ${batch}`,
    );
  }
}

/** What so many processes read of a file, each its share, is what one reads of it. */
async function sharesMatch(t: ExecutionContext, path: string, whole: CloudFile, options: ReadRowsOptions) {
  // Tables are decoded in a process each.
  for (const size of /\.(parquet|arrow|feather|json|jsonl)/.test(path) ? [3] : [1, 2, 7]) {
    const exchange = roundTable(size);
    const shares = await Promise.all(
      Array.from({ length: size }, (_, rank) =>
        readCloud(path, { ...options, share: { rank, size, exchange: exchange(rank) } }),
      ),
    );
    const where = `${path}, ${size} processes`;
    t.deepEqual(
      shares.flatMap((each) => [...each.points.data]),
      [...whole.points.data],
      where,
    );
    t.true(shares.every((each) => each.points.shape[1] === whole.points.shape[1]));
    t.deepEqual(
      shares.map(({ range }) => [range!.from, range!.total]),
      shares.map(({ range }, rank) => [rank === 0 ? 0 : shares[rank - 1].range!.to, range!.total]),
      where,
    );
    t.is(shares[size - 1].range!.to, shares[0].range!.total);
    const first = shares[0];
    for (const share of shares) {
      t.deepEqual(share.labels?.names, whole.labels?.names, where);
      t.deepEqual(
        [share.columns, share.dropped, share.imageShape],
        [first.columns, first.dropped, first.imageShape],
      );
    }
    if (whole.labels)
      t.deepEqual(
        shares.flatMap((each) => [...each.labels!.values]),
        [...whole.labels.values],
        where,
      );
  }
}

/** An exchange among so many: everybody hears what all have said, when all have. */
function roundTable(size: number) {
  const said: string[] = [];
  let heard: (texts: string[]) => void;
  const all = new Promise<string[]>((resolve) => (heard = resolve));
  let count = 0;
  return (rank: number) => (text: string) => {
    said[rank] = text;
    if (++count === size) heard(said);
    return all;
  };
}

test('.npy files of every order, type and rank', async (t) => {
  const bytes = new Uint8Array(points.buffer);
  const c = npyBytes(npyHeader('<f4', `(${N}, ${D})`), bytes);
  await matches(t, put(t, 'c.npy', c));
  await matches(t, put(t, 'c.npy.gz', gzipSync(c)));
  await matches(t, put(t, 'c.npy', c), { labelColumn: -1, dtype: 'float64' });
  await matches(t, put(t, 'c.npy', c), { columns: '2,0' });
  const fortran = new Uint8Array(
    Float32Array.from({ length: N * D }, (_, i) => value(i % N, Math.floor(i / N))).buffer,
  );
  const f = npyBytes(npyHeader('<f4', `(${N}, ${D})`, 'True'), fortran);
  await matches(t, put(t, 'f.npy', f));
  await fails(t, gathered(put(t, 'f.npy.gz', gzipSync(f)), {}), 'UNSUPPORTED', /ascontiguousarray/);
  const images = Uint8Array.from({ length: 24 * 5 * 4 }, (_, i) => (i * 37) % 251);
  await matches(t, put(t, 'i.npy', npyBytes(npyHeader('|u1', '(24, 5, 4)'), images)));
  await matches(t, put(t, 'if.npy', npyBytes(npyHeader('|u1', '(24, 5, 4)', 'True'), images)));
  const big = new Uint8Array(BigInt64Array.from({ length: 60 }, (_, i) => 2n ** 40n - BigInt(i)).buffer);
  await matches(t, put(t, 'l.npy', npyBytes(npyHeader('<i8', '(60,)'), big)));
});

test('.npz and safetensors files with labels of their own', async (t) => {
  const folder = emptyFolder(t);
  const y = Int32Array.from({ length: N }, (_, row) => row % 4);
  const X = { data: points, shape: [N, D] };
  await writeNpz(join(folder, 'a.npz'), { X, y: { data: y, shape: [N] }, other: X });
  await matches(t, join(folder, 'a.npz'));
  await matches(t, join(folder, 'a.npz'), { array: 'other', labelColumn: false });
  await writeSafetensors(join(folder, 'a.safetensors'), {
    X,
    label: { data: Float64Array.from(y), shape: [N] },
  });
  await matches(t, join(folder, 'a.safetensors'));
  await matches(t, join(folder, 'a.safetensors'), { labelColumn: 1 });
});

test('IDX files with the labels beside them', async (t) => {
  const folder = emptyFolder(t);
  const header = Buffer.from([0, 0, 8, 3, 0, 0, 0, 30, 0, 0, 0, 4, 0, 0, 0, 5]);
  const images = Buffer.concat([header, Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 7) % 256))]);
  const labels = Buffer.concat([
    Buffer.from([0, 0, 8, 1, 0, 0, 0, 30]),
    Buffer.from(Array.from({ length: 30 }, (_, i) => i % 10)),
  ]);
  writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(images));
  await matches(t, join(folder, 'train-images-idx3-ubyte.gz'));
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), labels);
  await matches(t, join(folder, 'train-images-idx3-ubyte.gz'));
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), Buffer.concat([labels.subarray(0, 7), Buffer.from([29]), labels.subarray(8, 37)])); // prettier-ignore
  await fails(t, gathered(join(folder, 'train-images-idx3-ubyte.gz'), { batch: 7 }), 'INVALID_SHAPE', /29/);
});

test('CSV files with headers, quotes, classes and comments', async (t) => {
  const lines = Array.from(
    { length: N },
    (_, row) => `${value(row, 0)},"${value(row, 1)}",${classOf(row)},${value(row, 2)}`,
  );
  const text = `# made here\na,b,label,c\n${lines.join('\n')}\n`;
  await matches(t, put(t, 'a.csv', text));
  await matches(t, put(t, 'a.csv.gz', gzipSync(text)));
  await matches(t, put(t, 'a.csv', text), { dropColumns: 'b' });
  await matches(t, put(t, 'b.csv', lines.map((line) => line.replace(/,\w+,/, ',')).join('\r\n')));
});

const kind = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8());
const list = new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float32()));

/** A table in record batches of so many rows each. */
function recordBatches(sizes: readonly number[]): arrow.Table {
  const rows = Array.from({ length: N }, (_, row) => row);
  const table = new arrow.Table({
    x: arrow.vectorFromArray(rows.map((row) => value(row, 0)), new arrow.Float32()),
    label: arrow.vectorFromArray(rows.map(classOf), kind),
    pair: arrow.vectorFromArray(rows.map((row) => [value(row, 1), value(row, 2)]), list),
  }) as unknown as arrow.Table; // prettier-ignore
  const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
  const parts = ends.map((end, i) => table.slice(end - sizes[i], end));
  return parts[0].concat(...parts.slice(1));
}

test('Arrow files and streams of several record batches', async (t) => {
  const table = recordBatches([40, 1, 100, 16]);
  await matches(t, put(t, 'a.arrow', arrow.tableToIPC(table, 'file')), { batch: 30 });
  await matches(t, put(t, 'a.arrows', arrow.tableToIPC(table, 'stream')), { batch: 30 });
  await matches(t, put(t, 'a.arrow', arrow.tableToIPC(table, 'file')), { columns: 'pair', batch: 200 });
});

/** A Parquet file of groups of so many rows. */
function parquetBytes(rowGroupSize: number): Buffer {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'x', type: 'FLOAT', repetition_type: 'REQUIRED' },
      { name: 'label', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'y', type: 'FLOAT', repetition_type: 'REQUIRED' },
      { name: 'z', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
  });
  void parquet.write({
    rowGroupSize,
    columnData: [
      { name: 'x', data: columnOf(0) },
      { name: 'label', data: Array.from({ length: N }, (_, row) => classOf(row)) },
      { name: 'y', data: columnOf(1) },
      { name: 'z', data: columnOf(2) },
    ],
  });
  void parquet.finish();
  return Buffer.from(writer.getBuffer());
}

test('Parquet files of several groups of rows', async (t) => {
  for (const size of [1000, 25]) await matches(t, put(t, 'a.parquet', parquetBytes(size)), { batch: 30 });
});

test('JSON of every form, larger than what is read at once', async (t) => {
  const rows = Array.from({ length: 30_000 }, (_, row) => ({ a: value(row, 0), in: { b: value(row, 1) }, label: classOf(row), note: `{"]` })); // prettier-ignore
  const arrays = rows.map((row) => [row.a, row.in.b]);
  const batch = { batch: 7000 };
  await matches(t, put(t, 'a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')), batch);
  await matches(t, put(t, 'a.json', JSON.stringify(rows)), batch);
  await matches(t, put(t, 'a.json.gz', gzipSync(JSON.stringify(rows, undefined, 1))), batch);
  await matches(t, put(t, 'b.json', JSON.stringify([['u', 'v'], ...arrays, ...arrays])), batch);
  await matches(t, put(t, 'b.jsonl', `\ufeff${[...arrays, ...arrays, ...arrays].map((row) => JSON.stringify(row)).join('\r\n')}\n`), batch); // prettier-ignore
  await matches(t, put(t, 'c.json', JSON.stringify([...columnOf(0), ...new Float32Array(400_000).fill(0.125)])), { batch: 100_000 }); // prettier-ignore
  await matches(t, put(t, 'small.json', JSON.stringify({ x: [1, 2, 3], y: [4, 5, 7] })));
  const nested = put(t, 'd.json', JSON.stringify({ points: [...arrays, ...arrays, ...arrays] }));
  await fails(t, gathered(nested, {}), 'UNSUPPORTED', /JSON Lines/);
  const late = [...rows, { ...rows[0], later: 7 }];
  const more = put(t, 'e.jsonl', late.map((row) => JSON.stringify(row)).join('\n'));
  await fails(t, gathered(more, batch), 'FILE_FORMAT', /"later"/);
  t.is((await gathered(more, { ...batch, columns: 'a' })).length, 5);
  const cut = put(t, 'f.json', JSON.stringify(rows).slice(0, -30));
  await fails(t, gathered(cut, batch), 'FILE_FORMAT', /ends within row 30000/);
  const double = put(t, 'g.json', JSON.stringify(rows).replace('},{"a"', '}{"a"'));
  await fails(t, gathered(double, batch), 'FILE_FORMAT', /comma after row 1/);
});

for (const name of readdirSync(fixture('')))
  test(`a file of others: ${name}`, async (t) => {
    const path = fixture(name);
    const whole = await readCloud(path).catch((error: unknown) => error);
    if (whole instanceof RidgeflowError) {
      const error = await t.throwsAsync(gathered(path, {}), { instanceOf: RidgeflowError });
      t.is(error?.code, whole.code, error?.message);
    } else await matches(t, path, { batch: 16 });
  });

test('what is missing is left out or filled in, row by row', async (t) => {
  const lines = Array.from({ length: 50 }, (_, row) => `${row % 4 ? row : ''},${row},${row % 9 ? 'c' : ''}`);
  const path = put(t, 'a.csv', `x,y,label\n${lines.join('\n')}\n`);
  await matches(t, path, { dropMissing: true, batch: 8 });
  await matches(t, path, { dropMissing: true, batch: 1 });
  const whole = await readCloud(path, { dropMissing: true });
  const batches = await gathered(path, { dropMissing: true, batch: 8 });
  t.deepEqual(batches.flatMap(({ rowNumbers }) => [...rowNumbers!]), [...whole.rowNumbers!]); // prettier-ignore
  const filled = await gathered(path, { fill: 0.5, batch: 8 });
  t.deepEqual(
    filled.flatMap((each) => [...each.points.data]),
    [...(await readCloud(path, { fill: 0.5 })).points.data],
  );
  await fails(t, gathered(path, {}), 'NON_FINITE', /line 2/);
  t.throws(() => readRows(path, { fill: 'mean' as unknown as number }), { code: 'INVALID_ARGUMENT' });
  const none = put(t, 'b.csv', 'x,y\n1,\n2,\n3,\n,4\n');
  await fails(t, gathered(none, { dropMissing: true, batch: 2 }), 'EMPTY_CLOUD', /4 rows/);
});

test('errors name the row of the file, however it is divided', async (t) => {
  const wrong = points.slice();
  wrong[100 * D + 1] = NaN;
  const npy = put(t, 'a.npy', npyBytes(npyHeader('<f4', `(${N}, ${D})`), new Uint8Array(wrong.buffer)));
  await fails(t, gathered(npy, { batch: 30 }), 'NON_FINITE', /row 101, column 2/);
  const csv = put(
    t,
    'a.csv',
    `a,b\n${Array.from({ length: 90 }, (_, i) => `${i},${i === 77 ? 'x' : 1}`).join('\n')}`,
  );
  await fails(t, gathered(csv, { batch: 10 }), 'FILE_FORMAT', /line 79/);
  const table = new arrow.Table({ x: arrow.vectorFromArray([1, 2, 3, Infinity, 5], new arrow.Float64()) });
  const tables = table.slice(0, 3).concat(table.slice(3)) as unknown as arrow.Table;
  const file = put(t, 'a.arrow', arrow.tableToIPC(tables, 'file'));
  await fails(t, gathered(file, { batch: 2 }), 'NON_FINITE', /row 4/);
  const cut = put(
    t,
    'b.npy',
    npyBytes(npyHeader('<f4', `(${N}, ${D})`), new Uint8Array(wrong.buffer, 0, 400)),
  );
  await fails(t, gathered(cut, {}), 'FILE_TRUNCATED');
  await fails(
    t,
    gathered(put(t, 'e.npy', npyBytes(npyHeader('<f4', '(0, 3)'), new Uint8Array(0))), {}),
    'EMPTY_CLOUD',
  );
  await fails(t, gathered(put(t, 'e.csv', 'a,b\n'), {}), 'EMPTY_CLOUD');
  await fails(t, gathered(join(emptyFolder(t), 'none.npy'), {}), 'FILE_NOT_FOUND');
  t.throws(() => readRows(npy, { batch: 0 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => readRows(npy, { rows: 3 } as ReadRowsOptions), { code: 'INVALID_ARGUMENT' });
});

test('float64 where the first rows need it, and one numbering of the classes', async (t) => {
  const path = put(
    t,
    'a.csv',
    `t,label\n${Array.from({ length: 40 }, (_, i) => `${1.7e9 + i / 8},${i >> 3}`).join('\n')}\n`,
  );
  const batches = await gathered(path, { batch: 8 });
  t.true(batches.every(({ points: { data } }) => data instanceof Float64Array));
  t.regex(batches[0].notes!.join(), /float64/);
  t.deepEqual(batches.map(({ labels }) => [labels!.values[0], labels!.names.at(-1)]), [[0, '4'], [1, '4'], [2, '4'], [3, '4'], [4, '4']]); // prettier-ignore
});

test('an abort and a loop that is left end the reading', async (t) => {
  const parquet = put(t, 'a.parquet', parquetBytes(25));
  const npy = put(t, 'a.npy', npyBytes(npyHeader('<f4', `(${N}, ${D})`), new Uint8Array(points.buffer)));
  for (const path of [parquet, npy]) {
    const controller = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { firstRow } of readRows(path, { batch: 10, signal: controller.signal })) {
        seen.push(firstRow);
        if (seen.length === 2) controller.abort();
      }
    })();
    await fails(t, reading, 'ABORTED');
    t.deepEqual(seen, [0, 10]);
    for await (const { firstRow } of readRows(path, { batch: 10 })) if (firstRow > 0) break;
    await fails(t, gathered(path, { signal: AbortSignal.abort() }), 'ABORTED');
  }
});
