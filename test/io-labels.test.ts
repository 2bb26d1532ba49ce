import test from 'ava';
import { readCloud, readNpz, readSafetensors } from '../ts/io/index.js';
import { fails, fixture, npyBytes, npyHeader, put } from './io-files.js';
import { npz, safetensors } from './io-label-files.js';

const integers = (values: bigint[]) =>
  npyBytes(npyHeader('<i8', `(${values.length},)`), new Uint8Array(BigInt64Array.from(values).buffer));

test('texts that NumPy saves are labels: <U in .npz and .npy, |S', async (t) => {
  const archive = await readCloud(fixture('text-labels.npz'));
  t.deepEqual(archive.labels?.names, ['b', 'é']);
  t.deepEqual([...archive.labels!.values], [0, 1, 0]);
  t.deepEqual([...archive.points.data], [1, 2, 3, 4, 5, 6]);
  const points = put(t, 'points.csv', '1,2\n3,4\n5,6\n');
  const names = async (name: string) => (await readCloud(points, { labels: fixture(name) })).labels?.names;
  t.deepEqual(await names('text-labels.npy'), ['b', 'é']);
  t.deepEqual(await names('byte-labels.npy'), ['b', 'long']);
  await fails(t, names('object-labels.npy'), 'INVALID_DTYPE', /Python objects.*labels with \.astype\(str\)/);
});

test('an entry that is not wanted never stops the others', async (t) => {
  const cloud = await readCloud(fixture('mixed.npz'));
  t.deepEqual(cloud.points.shape, [3, 2]);
  t.deepEqual(cloud.labels?.names, ['9007199254740992', '9007199254740993']);
  t.deepEqual(Object.keys(await readNpz(fixture('mixed.npz'))), ['X', 'y']);
  await fails(t, readNpz(fixture('mixed.npz'), { names: ['X', 'z'] }), 'INVALID_DTYPE', /complex/);
  await fails(t, readNpz(fixture('mixed.npz'), { names: ['w'] }), 'INVALID_ARGUMENT', /X/);
  await fails(t, readNpz(put(t, 'objects.npz', npz({ y: objects }))), 'INVALID_DTYPE', /Python objects/);
});

const objects = npyBytes(npyHeader('|O', '(1,)'), new Uint8Array(8));

test('tensors of a dtype that is not converted are left out, and refused by name', async (t) => {
  const path = put(
    t,
    'model.safetensors',
    safetensors({ a: { dtype: 'F8_E4M3', bytes: [1, 2] }, b: { dtype: 'F32', bytes: [0, 0, 128, 63] } }),
  );
  const { tensors } = await readSafetensors(path);
  t.deepEqual([...tensors], [['b', { data: Float32Array.of(1), shape: [1] }]]);
  t.deepEqual([...(await readSafetensors(path, { names: ['b'] })).tensors.keys()], ['b']);
  await fails(t, readSafetensors(path, { names: ['a'] }), 'INVALID_DTYPE', /F8_E4M3/);
  await fails(t, readSafetensors(path, { names: ['c'] }), 'INVALID_ARGUMENT', /a, b/);
  const alone = put(t, 'alone.safetensors', safetensors({ a: { dtype: 'F8_E4M3', bytes: [1] } }));
  await fails(t, readSafetensors(alone), 'INVALID_DTYPE', /F8_E4M3/);
});

test('a label is its text or its integer, whatever its value in floating point', async (t) => {
  const names = async (file: string) => (await readCloud(file)).labels?.names;
  t.deepEqual(await names(put(t, 'a.csv', 'x,label\n1,1\n2,01\n3,1e2\n4,100\n')), ['01', '1', '100', '1e2']);
  const large = ['9007199254740992', '9007199254740993'];
  t.deepEqual(await names(put(t, 'b.csv', `x,label\n1,${large[1]}\n2,${large[0]}\n`)), large);
  t.deepEqual(await names(put(t, 'c.csv', 'x,label\n1,1.0\n2,2.0\n3,1\n')), ['1', '2'], 'as pandas has it');
  const labels = put(t, 'labels.npy', integers([2n ** 53n, 2n ** 53n + 1n]));
  const points = put(t, 'points.csv', '1,2\n3,4\n');
  t.deepEqual((await readCloud(points, { labels })).labels?.names, large);
  // float32 has no 16777217, which the column of an array of integers can hold.
  const table = npyBytes(
    npyHeader('<i8', '(2, 2)'),
    new Uint8Array(BigInt64Array.of(1n, 16777216n, 2n, 16777217n).buffer),
  );
  const column = await readCloud(put(t, 'table.npy', table), { labelColumn: 1 });
  t.deepEqual(column.labels?.names, ['16777216', '16777217']);
});
