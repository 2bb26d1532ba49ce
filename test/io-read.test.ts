import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type CloudFormat, readCloud, writeNpz } from '../ts/io/index.js';
import { fails, fixture, floats, put, zipBytes } from './io-files.js';

/** An IDX file. */
function idx(type: number, shape: number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, type, shape.length]);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 4 + 4 * axis));
  return Buffer.concat([header, data]);
}

const images = idx(8, [3, 2, 2], Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255));
const digits = idx(8, [3], Uint8Array.of(7, 0, 7));

test('IDX images with the labels that lie beside them', async (t) => {
  for (const [name, beside] of [
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
    ['t10k-images.idx3-ubyte.gz', 't10k-labels.idx1-ubyte.gz'],
    ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte'],
  ]) {
    const packed = (file: string, bytes: Buffer) => (file.endsWith('.gz') ? gzipSync(bytes) : bytes);
    const path = put(t, name, packed(name, images));
    const alone = await readCloud(path);
    t.is(alone.labels, undefined);
    writeFileSync(join(dirname(path), beside), packed(beside, digits));
    const { points, labels, imageShape, source } = await readCloud(path);
    t.deepEqual(points.shape, [3, 4]);
    t.deepEqual([...points.data.subarray(8)], [8, 9, 10, 255]);
    t.deepEqual(imageShape, [2, 2]);
    t.deepEqual(labels, { values: Int32Array.of(1, 0, 1), names: ['0', '7'] });
    t.is(source, path);
    t.is((await readCloud(path, { labelColumn: false })).labels, undefined);
    writeFileSync(join(dirname(path), beside), packed(beside, idx(8, [2], Uint8Array.of(1, 2))));
    await fails(t, readCloud(path), 'INVALID_SHAPE', /labels/, /expected 3 labels.*received 2/);
  }
});

test('IDX types', async (t) => {
  const view = new DataView(new ArrayBuffer(16));
  view.setFloat64(0, -1.5);
  view.setFloat64(8, 2.5);
  const float64 = await readCloud(put(t, 'a.idx', idx(0x0e, [2], new Uint8Array(view.buffer))));
  t.deepEqual([...float64.points.data], [-1.5, 2.5]);
  t.deepEqual(float64.points.shape, [2, 1]);
  const int16 = await readCloud(put(t, 'a.idx', idx(0x0b, [1, 2], Uint8Array.of(0xff, 0xfe, 1, 0))));
  t.deepEqual([...int16.points.data], [-2, 256]);
});

test('IDX files that lie or are cut short', async (t) => {
  const read = (bytes: Buffer, name = 'a.idx3-ubyte') => readCloud(put(t, name, bytes));
  for (const length of [2, 6, 15, images.length - 1]) {
    await fails(t, read(images.subarray(0, length)), 'FILE_TRUNCATED', /a\.idx3-ubyte/);
    await fails(t, read(gzipSync(images.subarray(0, length)), 'a.idx3-ubyte.gz'), 'FILE_TRUNCATED');
  }
  await fails(
    t,
    read(idx(8, [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], Buffer.alloc(9))),
    'FILE_TRUNCATED',
  );
  await fails(
    t,
    read(idx(8, [0xffffffff, 2], Buffer.alloc(9))),
    'FILE_TRUNCATED',
    /8589934590 bytes.*only 9/,
  );
  await fails(t, read(gzipSync(idx(8, [0x7fffffff, 1], Buffer.alloc(9))), 'a.idx.gz'), 'FILE_TRUNCATED');
  await fails(t, read(Buffer.concat([images, Buffer.alloc(1)])), 'FILE_FORMAT', /goes on/);
  await fails(t, read(idx(7, [1], Buffer.alloc(1))), 'FILE_FORMAT', /00000701/);
  await fails(t, read(idx(8, [0, 4], Buffer.alloc(0))), 'EMPTY_CLOUD');
  await fails(t, read(Buffer.alloc(0)), 'FILE_TRUNCATED');
});

test('labels from a file of their own, in any format', async (t) => {
  const path = put(t, 'points.csv', '1,2\n3,4\n5,6\n');
  const npz = put(t, 'labels.npz', '');
  await writeNpz(npz, { y: { data: Int32Array.of(2, 1, 2), shape: [3] } });
  for (const labels of [
    put(t, 'a.csv', '2\n1\n2\n'),
    put(t, 'a.txt', 'label\n2\n1\n2\n'),
    put(t, 'a.csv', 'id,class\n10,2\n11,1\n12,2\n'),
    put(t, 'a.csv.gz', gzipSync('2\n1\n2\n')),
    put(t, 'a.npy', floats([2, 1, 2], [3])),
    put(t, 'a.npy', floats([2, 1, 2], [3, 1])),
    put(t, 'labels-idx1-ubyte', idx(8, [3], Uint8Array.of(2, 1, 2))),
    npz,
  ]) {
    t.deepEqual(
      (await readCloud(path, { labels })).labels,
      { values: Int32Array.of(1, 0, 1), names: ['1', '2'] },
      labels,
    );
  }
  const words = await readCloud(path, { labels: put(t, 'words.csv', 'cat\ndog\ncat\n') });
  t.deepEqual(words.labels, { values: Int32Array.of(0, 1, 0), names: ['cat', 'dog'] });

  const short = put(t, 'short.csv', '1\n2\n');
  await fails(
    t,
    readCloud(path, { labels: short }),
    'INVALID_SHAPE',
    /short\.csv/,
    /points\.csv/,
    /expected 3.*received 2/,
  );
  await fails(
    t,
    readCloud(path, { labels: put(t, 'two.csv', '1,2\n3,4\n5,6\n') }),
    'FILE_FORMAT',
    /two\.csv/,
    /2 columns/,
  );
  await fails(
    t,
    readCloud(path, { labels: put(t, 'm.npy', floats([1, 2, 3, 4], [2, 2])) }),
    'INVALID_SHAPE',
    /m\.npy/,
  );
  await fails(
    t,
    readCloud(path, { labels: put(t, 'n.npy', floats([1, NaN, 3], [3])) }),
    'NON_FINITE',
    /n\.npy.*row 2/,
  );
  await fails(
    t,
    readCloud(path, { labels: '/nowhere/labels.csv' }),
    'FILE_NOT_FOUND',
    /\/nowhere\/labels\.csv/,
  );
});

test('the format is told by the name, and the first bytes must agree', async (t) => {
  const npy = floats([1, 2], [1, 2]);
  await fails(
    t,
    readCloud(put(t, 'a.csv', npy)),
    'FILE_FORMAT',
    /a\.csv/,
    /expected csv.*received npy/,
    /Rename/,
  );
  await fails(t, readCloud(put(t, 'a.npz', npy)), 'FILE_FORMAT', /received npy/);
  await fails(t, readCloud(put(t, 'a.npy', zipBytes('X.npy', npy))), 'FILE_FORMAT', /received npz/);
  await fails(t, readCloud(put(t, 'a.parquet', '1,2\n')), 'FILE_TRUNCATED');
  await fails(t, readCloud(put(t, 'a.npy', '1,2\n3,4\n5,6\n')), 'FILE_FORMAT', /first bytes/);
  t.deepEqual((await readCloud(put(t, 'a', npy))).points.shape, [1, 2]);
  t.deepEqual((await readCloud(put(t, 'a.bin', images))).points.shape, [3, 4]);
  t.deepEqual((await readCloud(put(t, 'a.npy.gz', gzipSync(npy)))).points.shape, [1, 2]);
  t.deepEqual((await readCloud(put(t, 'PARK.csv', 'PAR1,PAR2\n1,2\n'))).columns, ['PAR1', 'PAR2']);
  t.deepEqual((await readCloud(put(t, 'a.log', '1,2\n'), { format: 'csv' })).points.shape, [1, 2]);
  await fails(
    t,
    readCloud(put(t, 'a.csv', npy), { format: 'idx' }),
    'FILE_FORMAT',
    /expected idx but received npy/,
  );
  await fails(
    t,
    readCloud(put(t, 'a.dat', Uint8Array.of(1, 2, 3, 0))),
    'UNSUPPORTED',
    /a\.dat/,
    /known format/,
  );
  await fails(t, readCloud(put(t, 'a.feather', 'FEA1....')), 'UNSUPPORTED', /version 1/);
  await fails(t, readCloud(put(t, 'a.parquet.gz', gzipSync('PAR1'))), 'UNSUPPORTED', /Decompress/);
});

test('files that are not there, or are no files', async (t) => {
  await fails(
    t,
    readCloud('/nowhere/points.npy'),
    'FILE_NOT_FOUND',
    /\/nowhere\/points\.npy/,
    /no such file/,
  );
  const folder = dirname(put(t, 'a', ''));
  mkdirSync(join(folder, 'b.csv'));
  await fails(t, readCloud(join(folder, 'b.csv')), 'FILE_NOT_FOUND', /b\.csv/, /folder/);
  await fails(t, readCloud(put(t, 'c', '') + '/d.csv'), 'FILE_NOT_FOUND', /not a folder/);
  await fails(t, readCloud('/dev/zero'), 'FILE_NOT_FOUND', /not a regular file/);
});

test('arguments', async (t) => {
  const path = put(t, 'a.csv', '1,2,3,4\n5,6,7,8\n');
  t.deepEqual((await readCloud(path, { imageShape: [2, 2] })).imageShape, [2, 2]);
  await fails(t, readCloud(path, { imageShape: [3, 3] }), 'INVALID_SHAPE', /3 × 3 has 9 values.*have 4/);
  await fails(t, readCloud(path, { imageShape: [0.5, 8] }), 'INVALID_ARGUMENT', /imageShape\[0\]/);
  await fails(t, readCloud(''), 'INVALID_ARGUMENT', /path/);
  await fails(t, readCloud(5 as unknown as string), 'INVALID_ARGUMENT', /path/);
  await fails(t, readCloud(path, { format: 'xls' as CloudFormat }), 'INVALID_ARGUMENT', /format/);
  await fails(t, readCloud(path, { dtype: 'float16' as 'float32' }), 'INVALID_DTYPE', /dtype/);
  await fails(t, readCloud(path, { labelColumn: 1.5 }), 'INVALID_ARGUMENT', /labelColumn/);
  await fails(t, readCloud(path, { header: 'yes' as 'auto' }), 'INVALID_ARGUMENT', /header/);
  await fails(t, readCloud(path, { array: 3 as unknown as string }), 'INVALID_ARGUMENT', /array/);
  t.true(
    (await readCloud(fixture('dtypes.npz'), { array: 'f2', dtype: 'float64' })).points.data instanceof
      Float64Array,
  );
});
