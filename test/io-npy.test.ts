import test from 'ava';
import { readCloud, readNpy, readNpz } from '../ts/io/index.js';
import { fails, fixture, floats, npyBytes, npyHeader, put, zipBytes } from './io-files.js';

const expected = Array.from({ length: 24 }, (_, i) => (i - 7) / 2);

test('every numeric type that NumPy writes', async (t) => {
  const arrays = await readNpz(fixture('dtypes.npz'));
  t.is(Object.keys(arrays).length, 14);
  for (const type of ['f2', 'f4', 'f8', '>f4', '>f8', 'fortran']) {
    t.deepEqual(arrays[type].shape, [2, 3, 4], type);
    t.deepEqual([...arrays[type].data], expected, type);
  }
  for (const type of ['i1', 'i2', 'i4', 'i8', '>i2'])
    t.deepEqual(
      [...arrays[type].data],
      expected.map(Math.trunc).map((v) => v + 0),
      type,
    );
  t.deepEqual(
    [...arrays.u1.data],
    expected.map((v) => Math.trunc(v + 4)),
  );
  t.deepEqual(
    [...arrays.bool.data],
    expected.map((v) => (v > 0 ? 1 : 0)),
  );
  // NumPy wraps negative numbers on their way to an unsigned type.
  t.is(arrays['>u8'].data[0], 2 ** 64 - 3);
  for (const type of ['f2', 'f4', 'i1', 'i2', 'u1', 'bool'])
    t.true(arrays[type].data instanceof Float32Array, type);
  for (const type of ['f8', 'i4', 'i8', '>u8', 'fortran'])
    t.true(arrays[type].data instanceof Float64Array, type);
});

test('a matrix in Fortran order and big-endian', async (t) => {
  const { points, imageShape } = await readCloud(fixture('fortran-big-endian.npy'));
  t.deepEqual(points, { data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [3, 2] });
  t.is(imageShape, undefined);
});

test('an array of any rank is a cloud', async (t) => {
  const line = await readCloud(put(t, 'line.npy', floats([1, 2, 3], [3])));
  t.deepEqual(line.points.shape, [3, 1]);
  const images = await readCloud(
    put(t, 'images.npy', floats([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2])),
  );
  t.deepEqual(images.points.shape, [2, 6]);
  t.deepEqual(images.imageShape, [3, 2]);
  const colours = await readCloud(put(t, 'rank4.npy', floats([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 1, 2])));
  t.deepEqual(colours.points.shape, [2, 4]);
  t.is(colours.imageShape, undefined);
  await fails(
    t,
    readCloud(put(t, 'number.npy', npyBytes(npyHeader('<f4', '()'), Buffer.alloc(4)))),
    'INVALID_SHAPE',
  );
});

test('versions 2 and 3 of the header', async (t) => {
  for (const version of [2, 3]) {
    const bytes = npyBytes(npyHeader('<f4', '(1, 2)'), new Uint8Array(Float32Array.of(5, 6).buffer), version);
    t.deepEqual([...(await readNpy(put(t, 'v.npy', bytes))).data], [5, 6]);
  }
  const future = npyBytes(npyHeader('<f4', '(1, 2)'), Buffer.alloc(8), 4);
  await fails(t, readNpy(put(t, 'v4.npy', future)), 'UNSUPPORTED', /version/);
});

test('the element type asked for, and a value that float32 cannot hold', async (t) => {
  const data = new Uint8Array(Float64Array.of(1, 0.1, 2, 1e300).buffer);
  const path = put(t, 'wide.npy', npyBytes(npyHeader('<f8', '(2, 2)'), data));
  const { points } = await readCloud(path, { dtype: 'float64' });
  t.deepEqual([...points.data], [1, 0.1, 2, 1e300]);
  const error = await fails(
    t,
    readCloud(path),
    'NON_FINITE',
    /wide\.npy/,
    /row 2, column 2/,
    /1e\+300/,
    /float64/,
  );
  t.like(error?.details, { file: path, row: 2, column: 2 });
});

test('NaN and infinity have a place', async (t) => {
  const nan = put(t, 'nan.npy', floats([1, 2, 3, 4, 5, NaN], [3, 2]));
  await fails(t, readCloud(nan), 'NON_FINITE', /row 3, column 2/, /NaN/);
  const inf = put(t, 'inf.npy', floats([1, -Infinity, 3, 4], [2, 2]));
  await fails(t, readCloud(inf), 'NON_FINITE', /row 1, column 2/, /-Infinity/);
  t.true(Number.isNaN((await readNpy(nan)).data[5]), 'readNpy keeps them');
});

test('types that are no numbers', async (t) => {
  const record = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }";
  const kinds: [string, RegExp][] = [
    [npyHeader('<c8', '(1,)'), /<c8.*complex/],
    [npyHeader('|O', '(1,)'), /\|O.*objects/],
    [npyHeader('<U3', '(1,)'), /<U3.*text/],
    [npyHeader('|S3', '(1,)'), /\|S3.*text/],
    [npyHeader('<M8[ns]', '(1,)'), /dates/],
    [npyHeader('<f16', '(1,)'), /<f16/],
    [record, /records/],
  ];
  for (const [header, pattern] of kinds) {
    await fails(
      t,
      readNpy(put(t, 'a.npy', npyBytes(header, Buffer.alloc(64)))),
      'INVALID_DTYPE',
      /a\.npy/,
      pattern,
    );
  }
});

test('headers that lie', async (t) => {
  const lies: [string, 'FILE_FORMAT' | 'FILE_TRUNCATED', RegExp][] = [
    [npyHeader('<f4', '(-1, 2)'), 'FILE_FORMAT', /-1/],
    [npyHeader('<f4', '(1.5, 2)'), 'FILE_FORMAT', /1\.5/],
    [npyHeader('<f4', '(99999999999999999999,)'), 'FILE_FORMAT', /whole non-negative/],
    [npyHeader('<f4', `(${'1, '.repeat(65)})`), 'FILE_FORMAT', /shape/],
    [npyHeader('<f4', '(1000000000000, 2)'), 'FILE_TRUNCATED', /8000000000000 bytes.*only 8/],
    [npyHeader('<f8', '(9007199254740991, 9007199254740991, 9007199254740991)'), 'FILE_TRUNCATED', /only 8/],
    [npyHeader('<f4', '(3,)'), 'FILE_TRUNCATED', /12 bytes.*only 8/],
    ["{'descr': '<f4', 'shape': (2,), }", 'FILE_FORMAT', /fortran_order/],
    ["{'descr': '<f4', 'fortran_order': 1, 'shape': (2,), }", 'FILE_FORMAT', /fortran_order/],
    ['not a header', 'FILE_FORMAT', /not a header/],
    ['', 'FILE_FORMAT', /header/],
  ];
  for (const [header, code, pattern] of lies) {
    await fails(t, readNpy(put(t, 'lie.npy', npyBytes(header, Buffer.alloc(8)))), code, /lie\.npy/, pattern);
  }
});

test('files that are cut short, anywhere', async (t) => {
  const whole = floats([1, 2, 3, 4], [2, 2]);
  for (const length of [1, 6, 8, 9, 20, whole.length - 17, whole.length - 1]) {
    const path = put(t, 'cut.npy', whole.subarray(0, length));
    await fails(t, readNpy(path), 'FILE_TRUNCATED', /cut\.npy/);
  }
  const long = Buffer.from(npyBytes(npyHeader('<f4', '(1,)'), Buffer.alloc(4), 2));
  long.writeUInt32LE(0xffffffff, 8);
  await fails(t, readNpy(put(t, 'long.npy', long)), 'FILE_TRUNCATED', /4294967295 bytes/);
  await fails(t, readCloud(put(t, 'none.npy', '')), 'FILE_TRUNCATED', /none\.npy/);
});

test('no points, or no coordinates', async (t) => {
  await fails(t, readCloud(put(t, 'a.npy', floats([], [0, 3]))), 'EMPTY_CLOUD', /no rows/);
  await fails(t, readCloud(put(t, 'a.npy', floats([], [3, 0]))), 'INVALID_SHAPE', /coordinate/);
});

test('a column of an array can be the labels', async (t) => {
  const path = put(t, 'labelled.npy', floats([1, 2, 30, 4, 5, 4, 7, 8, 30], [3, 3]));
  const { points, labels } = await readCloud(path, { labelColumn: -1 });
  t.deepEqual(points, { data: Float32Array.of(1, 2, 4, 5, 7, 8), shape: [3, 2] });
  t.deepEqual(labels, { values: Int32Array.of(1, 0, 1), names: ['4', '30'] });
  const first = await readCloud(path, { labelColumn: 0 });
  t.deepEqual([...first.points.data], [2, 30, 5, 4, 8, 30]);
  await fails(t, readCloud(path, { labelColumn: 3 }), 'INVALID_ARGUMENT', /labelColumn/, /3 columns/);
  await fails(t, readCloud(path, { labelColumn: 'digit' }), 'INVALID_ARGUMENT', /digit/);
});

test('which arrays of a .npz file are the points and the labels', async (t) => {
  const { writeNpz } = await import('../ts/io/index.js');
  const path = put(t, 'many.npz', '');
  const weights = { data: Float32Array.of(1, 2), shape: [2] };
  const other = { data: Float32Array.of(9, 9, 9, 9), shape: [2, 2] };
  const X = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
  const y = { data: Int32Array.of(7, 5), shape: [2] };
  await writeNpz(path, { weights, other, X, y });
  const cloud = await readCloud(path);
  t.deepEqual([...cloud.points.data], [1, 2, 3, 4]);
  t.deepEqual(cloud.labels, { values: Int32Array.of(1, 0), names: ['5', '7'] });
  t.deepEqual([...(await readCloud(path, { array: 'other' })).points.data], [9, 9, 9, 9]);
  t.is((await readCloud(path, { labelColumn: false })).labels, undefined);
  t.deepEqual((await readCloud(path, { labels: 'weights' })).labels?.names, ['1', '2']);
  await fails(t, readCloud(path, { array: 'Z' }), 'INVALID_ARGUMENT', /"Z"/, /weights, other, X, y/);
  await fails(t, readCloud(path, { labels: 'Z' }), 'INVALID_ARGUMENT', /"Z"/);

  await writeNpz(path, { weights, images: { data: new Float32Array(8), shape: [2, 2, 2] } });
  t.deepEqual((await readCloud(path)).points.shape, [2, 4], 'the first with two axes or more');
  await writeNpz(path, { X, labels: { data: Int32Array.of(1, 2, 3), shape: [3] } });
  await fails(t, readCloud(path), 'INVALID_SHAPE', /expected 2 labels/, /received 3/);
  await writeNpz(path, { X, labels: other });
  await fails(t, readCloud(path), 'INVALID_SHAPE', /one label per point/);
  await writeNpz(path, { data: weights, indices: weights, indptr: weights });
  await fails(t, readCloud(path), 'UNSUPPORTED', /sparse/);
  await writeNpz(path, {});
  await fails(t, readCloud(path), 'FILE_FORMAT', /no arrays/);
});

test('zip files that lie', async (t) => {
  const content = floats([1, 2, 3, 4], [2, 2]);
  t.deepEqual([...(await readNpz(put(t, 'ok.npz', zipBytes('X.npy', content)))).X.data], [1, 2, 3, 4]);
  const stored = zipBytes('X.npy', content, { stored: true });
  t.deepEqual([...(await readNpz(put(t, 'ok.npz', stored))).X.data], [1, 2, 3, 4]);

  const read = (wrong: Parameters<typeof zipBytes>[2]) =>
    readNpz(put(t, 'lie.npz', zipBytes('X.npy', content, wrong)));
  await fails(t, read({ crc: 1 }), 'FILE_FORMAT', /entry X\.npy/, /checksum/);
  await fails(t, read({ size: content.length - 4 }), 'FILE_FORMAT', /holds more/);
  await fails(t, read({ size: content.length + 4 }), 'FILE_TRUNCATED');
  await fails(t, read({ size: 0xfffffff0 }), 'FILE_FORMAT', /cannot hold/);
  await fails(t, read({ method: 12 }), 'UNSUPPORTED', /method \(12\)/);
  await fails(t, read({ flags: 1 }), 'UNSUPPORTED', /encrypted/);
  await fails(t, read({ offset: 7 }), 'FILE_FORMAT', /begin/);
  await fails(t, read({ offset: 1 << 30 }), 'FILE_TRUNCATED');
  for (const length of [4, 30, stored.length - 30, stored.length - 1]) {
    await fails(t, readNpz(put(t, 'cut.npz', stored.subarray(0, length))), 'FILE_TRUNCATED', /cut\.npz/);
  }
});

test('a zip bomb is refused by what it claims', async (t) => {
  const bomb = npyBytes(npyHeader('<f4', '(4000000, 2)'), Buffer.alloc(32_000_000));
  const { data } = (await readNpz(put(t, 'zeros.npz', zipBytes('X.npy', bomb)))).X;
  t.is(data.length, 8_000_000, 'a real array of zeros compresses a thousandfold');
  const header = npyBytes(npyHeader('<f4', '(4000000, 2)'), Buffer.alloc(100));
  const lie = zipBytes('X.npy', header, { size: 32_000_128 });
  await fails(t, readNpz(put(t, 'bomb.npz', lie)), 'FILE_FORMAT', /cannot hold/);
});
