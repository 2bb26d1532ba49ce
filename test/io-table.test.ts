import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import * as arrow from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { CloudContent } from '../ts/io/cloud.js';
import { decodeTable } from '../ts/io/decode.js';
import { readCloud } from '../ts/io/index.js';
import { lz4Block, lz4Frame } from '../ts/io/codecs.js';
import type { TableRequest } from '../ts/io/table-request.js';
import { decodeTableHere } from '../ts/io/table.js';
import { fails, fixture, put } from './io-files.js';

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

function parquet(columnData: Columns, options: object = {}): Buffer {
  return Buffer.from(parquetWriteBuffer({ columnData, ...options }));
}

/** What readCloud does in another process, here: much faster where no file can do harm. */
function decode(path: string, options: Partial<TableRequest> = {}): Promise<CloudContent> {
  const format = path.endsWith('parquet') ? 'parquet' : 'arrow';
  return decodeTableHere({ path, format, dtype: 'float32', ...options });
}

function rowsOf({ points }: CloudContent): number[][] {
  const [n, d] = points.shape;
  return Array.from({ length: n }, (_, i) => [...points.data.subarray(i * d, (i + 1) * d)]);
}

test('Arrow files compressed with LZ4 and Zstandard, and Parquet files with lists, as Arrow for Python writes them', async (t) => {
  for (const name of ['lz4.feather', 'lists.parquet', 'zstd.feather', 'zstd.parquet']) {
    const cloud = await readCloud(fixture(name));
    t.deepEqual(cloud.points.shape, [40, 4], name);
    t.deepEqual(cloud.columns, ['x', 'k', 'v[0]', 'v[1]']);
    t.deepEqual(rowsOf(cloud), Array.from({ length: 40 }, (_, i) => [i / 8, Math.floor(i / 5), i / 2, i / 2 + 0.25])); // prettier-ignore
    t.deepEqual(cloud.labels?.names, ['a', 'b']);
    t.true(cloud.labels?.values.every((value, i) => value === 1 - (i % 2)));
  }
});

const table = () =>
  new arrow.Table({
    x: arrow.vectorFromArray([1.5, 2.5, -3], new arrow.Float32()),
    wide: arrow.vectorFromArray([1n, 2n, -(2n ** 40n)], new arrow.Int64()),
    flag: arrow.vectorFromArray([true, false, true], new arrow.Bool()),
    half: arrow.vectorFromArray([0.5, -2, 65504], new arrow.Float16()),
    list: arrow.vectorFromArray([[1, 2], [3, 4], [5, 6]], new arrow.List(new arrow.Field('item', new arrow.Float64()))), // prettier-ignore
    fixed: arrow.vectorFromArray([[1, 2], [3, 4], [5, 6]], new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Int16()))), // prettier-ignore
    label: arrow.vectorFromArray(
      ['dog', 'cat', 'dog'],
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8()),
    ),
  });

test('Arrow files and streams', async (t) => {
  for (const [format, name] of [
    ['file', 'a.arrow'],
    ['stream', 'a.arrows'],
    ['stream', 'a.ipc'],
    ['file', 'a.feather'],
  ] as const) {
    const path = put(t, name, arrow.tableToIPC(table(), format));
    const cloud = await readCloud(path);
    t.deepEqual(rowsOf(cloud), [
      [1.5, 1, 1, 0.5, 1, 2, 1, 2],
      [2.5, 2, 0, -2, 3, 4, 3, 4],
      [-3, -(2 ** 40), 1, 65504, 5, 6, 5, 6],
    ], name); // prettier-ignore
    t.deepEqual(cloud.columns, ['x', 'wide', 'flag', 'half', 'list[0]', 'list[1]', 'fixed[0]', 'fixed[1]']);
    t.deepEqual(cloud.labels, { values: Int32Array.of(1, 0, 1), names: ['cat', 'dog'] });
    t.is(cloud.source, path);
  }
});

test('several record batches', async (t) => {
  const batches = [[1, 2, 3], [4], [5, 6]].map(
    (x) => new arrow.Table({ x: arrow.vectorFromArray(x, new arrow.Float64()) }),
  );
  const path = put(t, 'a.arrow', arrow.tableToIPC(batches[0].concat(...batches.slice(1))));
  t.deepEqual([...(await decode(path, { dtype: 'float64' })).points.data], [1, 2, 3, 4, 5, 6]);
});

test('Parquet files', async (t) => {
  const columns: Columns = [
    { name: 'label', data: [3, 10, 3], type: 'INT32' },
    { name: 'x', data: new Float32Array([1.5, 2.5, -3]), type: 'FLOAT' },
    { name: 'y', data: new Float64Array([0.1, 2, 3]), type: 'DOUBLE' },
    { name: 'wide', data: [1n, 2n, -(2n ** 40n)], type: 'INT64' },
    { name: 'flag', data: [true, false, true], type: 'BOOLEAN' },
  ];
  for (const codec of ['SNAPPY', 'UNCOMPRESSED']) {
    const path = put(t, 'a.parquet', parquet(columns, { codec, rowGroupSize: 2 }));
    const cloud = await decode(path, { dtype: 'float64' });
    t.deepEqual(cloud.columns, ['x', 'y', 'wide', 'flag'], codec);
    t.deepEqual(rowsOf(cloud), [[1.5, 0.1, 1, 1], [2.5, 2, 2, 0], [-3, 3, -(2 ** 40), 1]]); // prettier-ignore
    t.deepEqual(cloud.labels, { values: Int32Array.of(0, 1, 0), names: ['3', '10'] });
    const all = await decode(path, { labelColumn: false });
    t.deepEqual(all.points.shape, [3, 5]);
    t.deepEqual((await decode(path, { labelColumn: 'flag' })).labels?.names, ['0', '1']);
    t.deepEqual((await decode(path, { labelColumn: -1 })).labels?.names, ['0', '1']);
  }
});

test('what a table cannot be, with the row, the column and the remedy', async (t) => {
  const text: Columns = [{ name: 'x', data: [1, 2], type: 'DOUBLE' }, { name: 'kind', data: ['u', 'v'], type: 'STRING' }]; // prettier-ignore
  const path = put(t, 'text.parquet', parquet(text));
  const left = await decode(path);
  t.deepEqual([left.columns, left.dropped], [['x'], [{ column: 'kind', why: 'text' }]]);
  t.regex(left.notes?.[0] ?? '', /"kind" holds text.*labelColumn: "kind"/);
  await fails(t, decode(path, { columns: '*' }), 'FILE_FORMAT', /column "kind"/, /text/, /labelColumn/);
  t.deepEqual((await decode(path, { labelColumn: 'kind' })).labels?.names, ['u', 'v']);
  await fails(t, decode(path, { labelColumn: 'none' }), 'INVALID_ARGUMENT', /"none"/, /x, kind/);

  const only = put(t, 'only.parquet', parquet([{ name: 'label', data: [1, 2], type: 'INT32' }]));
  await fails(t, decode(only), 'INVALID_SHAPE', /coordinate/);
  const points = join(dirname(only), 'points.csv');
  writeFileSync(points, '1,2\n3,4\n');
  t.deepEqual((await readCloud(points, { labels: only })).labels?.names, ['1', '2']);

  const nulls = parquet([{ name: 'x', data: [1, null, 3], type: 'DOUBLE' }]);
  const error = await fails(
    t,
    decode(put(t, 'null.parquet', nulls)),
    'NON_FINITE',
    /row 2, column 1 \("x"\)/,
    /null/,
  );
  t.like(error?.details, { row: 2, column: 1 });
  const nan = parquet([{ name: 'a', data: [1, 2], type: 'DOUBLE' }, { name: 'x', data: [1, NaN], type: 'DOUBLE' }]); // prettier-ignore
  await fails(t, decode(put(t, 'nan.parquet', nan)), 'NON_FINITE', /row 2, column 2 \("x"\)/, /NaN/);
  const large = put(t, 'large.parquet', parquet([{ name: 'x', data: [1, -1e300], type: 'DOUBLE' }]));
  await fails(t, decode(large), 'NON_FINITE', /row 2, column 1 \("x"\)/, /-1e\+300 is too large for float32/);
  t.deepEqual([...(await decode(large, { dtype: 'float64' })).points.data], [1, -1e300]);
});

test('what an Arrow table cannot be', async (t) => {
  const read = (columns: Record<string, arrow.Vector>) =>
    decode(put(t, 'a.arrow', arrow.tableToIPC(new arrow.Table(columns))));
  const list = new arrow.List(new arrow.Field('item', new arrow.Float64(), true));
  await fails(t, read({ v: arrow.vectorFromArray([[1, 2], [3]], list) }), 'FILE_FORMAT', /row 2, column 1/, /list of 2 numbers.*one of 1/); // prettier-ignore
  await fails(t, read({ v: arrow.vectorFromArray([[1, 2], [3, null]], list) }), 'NON_FINITE', /row 2, column 1 \("v\[1\]"\)/, /null/); // prettier-ignore
  await fails(
    t,
    read({ x: arrow.vectorFromArray([1, null], new arrow.Float64()) }),
    'NON_FINITE',
    /row 2, column 1 \("x"\)/,
  );
  await fails(
    t,
    read({ x: arrow.vectorFromArray([1, Infinity], new arrow.Float64()) }),
    'NON_FINITE',
    /row 2.*Infinity/,
  );
  await fails(
    t,
    read({ when: arrow.vectorFromArray([1, 2], new arrow.TimestampMillisecond()) }),
    'INVALID_SHAPE',
    /"when"/,
    /Timestamp/,
  );
  await fails(t, read({ x: arrow.vectorFromArray([1, 2], new arrow.Float64()), label: arrow.vectorFromArray(['a', null], new arrow.Utf8()) }), 'NON_FINITE', /row 2, column 2 \("label"\)/); // prettier-ignore
  await fails(t, read({ x: arrow.vectorFromArray([], new arrow.Float64()) }), 'EMPTY_CLOUD', /no rows/);
});

test('tables that are cut short or are something else', async (t) => {
  const files: [string, Uint8Array][] = [
    ['a.arrow', arrow.tableToIPC(table(), 'file')],
    [
      'a.parquet',
      parquet([{ name: 'x', data: Float64Array.from({ length: 100 }, (_, i) => i), type: 'DOUBLE' }]),
    ],
  ];
  for (const [name, bytes] of files) {
    for (const length of [0, 4, 9, bytes.length >> 1, bytes.length - 1]) {
      const path = put(t, name, bytes.subarray(0, length));
      const error = await t.throwsAsync(length === 0 ? readCloud(path) : decode(path));
      t.is(
        (error as { code?: string }).code,
        'FILE_TRUNCATED',
        `${name} of ${length} bytes: ${error?.message}`,
      );
      t.true(error?.message.includes(path));
    }
  }
  const stream = arrow.tableToIPC(table(), 'stream');
  await fails(t, decode(put(t, 'a.arrows', stream.subarray(0, stream.length - 200))), 'FILE_TRUNCATED');
  await fails(
    t,
    readCloud(put(t, 'a.parquet', Buffer.from('PAR1\x15nothing of the kind\x08\0\0\0PAR1'))),
    'FILE_FORMAT',
  );
});

// A column of 40 numbers and nulls; its definition levels claim runs of 134 million.
const endless = Buffer.from(
  'UEFSMRUEFTAVMEwVBhUAAAAAAAAAAAD4PwAAAAAAAARAAAAAAAAA4D8VBhUkFSRcFf7//39QFRAVDBUAAAALfr/f7/cCCySZJJJEkkkiCQAVBBksSARyb290FQIAFQolAhgBYQAWUBkcGRwmCBwVChklABAZGAFhFQAWUBaYARaYASZSJggAABaYARZQNpgBACgJaHlwYXJxdWV0GRwcAAAAUgAAAFBBUjE=',
  'base64',
);

test('a decoder that does not come to an end is ended', async (t) => {
  const path = put(t, 'endless.parquet', endless);
  const request = { path, format: 'parquet', dtype: 'float32' } as const;
  await fails(
    t,
    decodeTable(request, { timeLimit: 3000 }),
    'FILE_FORMAT',
    /endless\.parquet/,
    /SIGKILL.*3 seconds/,
  );
});

test('an abort ends the decoding', async (t) => {
  const path = put(t, 'a.arrow', arrow.tableToIPC(table()));
  const abort = new AbortController();
  const reading = readCloud(path, { signal: abort.signal });
  setTimeout(() => abort.abort(), 30);
  await fails(t, reading, 'ABORTED');
});

test('LZ4', (t) => {
  // "abc", a match of 13 bytes 3 back, and "d" as the last literal.
  const block = Uint8Array.of(0x39, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x64);
  const output = new Uint8Array(17);
  t.is(lz4Block(block, output), 17);
  const text = 'abcabcabcabcabcad';
  t.is(Buffer.from(output).toString(), text);
  const header = [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0];
  const frame = Uint8Array.of(...header, block.length, 0, 0, 0, ...block, 3, 0, 0, 0x80, 1, 2, 3, 0, 0, 0, 0);
  t.is(Buffer.from(lz4Frame(frame)).toString('latin1'), `${text}\x01\x02\x03`);
  t.throws(() => lz4Block(block, new Uint8Array(16)), { message: /LZ4/ });
  t.throws(() => lz4Block(Uint8Array.of(0x30, 1), output), { message: /LZ4/ });
  t.throws(() => lz4Block(Uint8Array.of(0x10, 1, 9, 0), output), { message: /LZ4/ });
  t.throws(() => lz4Block(Uint8Array.of(0xf0, 255), output), { message: /LZ4/ });
  for (const length of [0, 6, 8, 14, frame.length - 1]) t.throws(() => lz4Frame(frame.subarray(0, length)), { message: /LZ4/ }); // prettier-ignore
});
