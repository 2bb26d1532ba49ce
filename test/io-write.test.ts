import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { unzipSync } from 'fflate';
import {
  ensureOutputFolder,
  readNpy,
  readNpz,
  writeAtomic,
  writeNpy,
  writeNpz,
  writeTextAtomic,
} from '../ts/io/index.js';
import { readZipDirectory, openZipEntry } from '../ts/io/zip-read.js';
import { writeZip } from '../ts/io/zip-write.js';
import { emptyFolder } from './command-line.js';
import { fails } from './io-files.js';

const noise = Float32Array.from({ length: 300_001 }, (_, i) => Math.sin(i * i));

test('arrays come back as they were written', async (t) => {
  const path = join(emptyFolder(t), 'a.npy');
  for (const [data, shape] of [
    [noise, [noise.length]],
    [Float64Array.of(1 / 3, -0, NaN, Infinity, 1e-300, 2), [3, 2]],
    [Float32Array.of(), [0, 4]],
    [Float32Array.of(5), []],
    [new Float64Array(24).map((_, i) => i), [2, 3, 4]],
  ] as [Float32Array | Float64Array, number[]][]) {
    await writeNpy(path, { data, shape });
    const back = await readNpy(path);
    t.deepEqual(back.shape, shape);
    t.true(back.data.length === data.length && back.data.every((value, i) => Object.is(value, data[i])));
    t.is(readFileSync(path).length % 64, data.byteLength % 64, 'the data begins at a multiple of 64 bytes');
  }
  await writeNpy(path, { data: Int32Array.of(-1, 2 ** 31 - 1), shape: [2] });
  t.deepEqual(await readNpy(path), { data: Float64Array.of(-1, 2 ** 31 - 1), shape: [2] });
});

test('a view of a larger buffer is written as what it shows', async (t) => {
  const path = join(emptyFolder(t), 'a.npy');
  await writeNpy(path, { data: noise.subarray(10, 13), shape: [3] });
  t.deepEqual((await readNpy(path)).data, noise.slice(10, 13));
});

const arrays = {
  start: { data: noise, shape: [noise.length] },
  labels: { data: Int32Array.of(3, 1, 2), shape: [3] },
  depth_é: { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] },
  none: { data: new Float32Array(0), shape: [0, 2] },
};

test('named arrays come back, also through another reader of zip files', async (t) => {
  const path = join(emptyFolder(t), 'a.npz');
  for (const compress of [true, false]) {
    await writeNpz(path, arrays, { compress });
    const back = await readNpz(path);
    t.deepEqual(Object.keys(back), Object.keys(arrays));
    t.true(back.start.data.every((value, i) => value === noise[i]));
    t.deepEqual([...back.labels.data], [3, 1, 2]);
    t.deepEqual(back['depth_é'], arrays['depth_é']);
    t.deepEqual(back.none, arrays.none);
    const other = unzipSync(readFileSync(path));
    t.deepEqual(Object.keys(other), ['start.npy', 'labels.npy', 'depth_é.npy', 'none.npy']);
    t.is(other['start.npy'].length, 128 + noise.byteLength);
  }
  const first = readFileSync(path);
  await writeNpz(path, arrays, { compress: false });
  t.true(readFileSync(path).equals(first), 'equal arrays give equal bytes');
});

test('NumPy loads what is written', async (t) => {
  const folder = emptyFolder(t);
  await writeNpz(join(folder, 'a.npz'), arrays);
  await writeNpy(join(folder, 'a.npy'), { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
  const program = `
import numpy, json
z = numpy.load('a.npz')
a = numpy.load('a.npy')
print(json.dumps({**{k: [str(z[k].dtype), *z[k].shape] for k in z.files}, 'a': a.tolist(), 'sum': float(z['start'].astype('f8').sum())}))`;
  let output: string;
  try {
    output = execFileSync('python3', ['-c', program], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    t.pass('there is no NumPy here');
    return;
  }
  const { sum, ...rest } = JSON.parse(output) as { sum: number };
  t.deepEqual(rest, {
    start: ['float32', noise.length],
    labels: ['int32', 3],
    depth_é: ['float64', 2, 2],
    none: ['float32', 0, 2],
    a: [[1, 2], [3, 4], [5, 6]], // prettier-ignore
  });
  t.true(Math.abs(sum - noise.reduce((total, value) => total + value, 0)) < 1e-6);
});

test("zip's 64-bit extension", async (t) => {
  const path = join(emptyFolder(t), 'wide.zip');
  const contents = ['first', 'second'.repeat(1000), ''];
  const inputs = contents.map((text, i) => ({
    name: `${i}`,
    size: text.length,
    chunks: [Buffer.from(text)],
  }));
  await writeAtomic(path, (append) => writeZip(append, inputs, { zip64Above: -1 }));
  const entries = await readZipDirectory(path);
  t.deepEqual(entries.map(({ size }) => size), contents.map(({ length }) => length)); // prettier-ignore
  for (const [i, entry] of entries.entries()) {
    const source = await openZipEntry(path, entry);
    t.is(Buffer.from(await source.take(entry.size, 'text')).toString(), contents[i]);
    await source.drain();
  }
  t.deepEqual(Object.values(unzipSync(readFileSync(path))).map((bytes) => Buffer.from(bytes).toString()), contents); // prettier-ignore
});

test('what cannot be written is refused before a file is touched', async (t) => {
  const folder = emptyFolder(t);
  const path = join(folder, 'a.npz');
  const data = new Float32Array(4);
  await fails(t, writeNpy(path, { data, shape: [3] }), 'INVALID_SHAPE', /array/);
  await fails(t, writeNpy(path, { data: Int32Array.of(1), shape: [2] }), 'INVALID_SHAPE', /array/);
  await fails(
    t,
    writeNpy(path, { data: new Uint8Array(1) as unknown as Float32Array, shape: [1] }),
    'INVALID_DTYPE',
  );
  await fails(t, writeNpz(path, { X: { data, shape: [5] } }), 'INVALID_SHAPE', /X/);
  for (const name of ['', 'a/b', 'a\\b', 'a\0', 'x'.repeat(1001)]) {
    await fails(t, writeNpz(path, { [name]: { data, shape: [4] } }), 'INVALID_ARGUMENT', /names/);
  }
  t.deepEqual(readdirSync(folder), []);
});

test('an error or an abort leaves the old file and nothing else', async (t) => {
  const folder = emptyFolder(t);
  const path = join(folder, 'report.html');
  await writeTextAtomic(path, 'old');
  await t.throwsAsync(
    writeAtomic(path, async (append) => {
      await append('half');
      throw new Error('mine');
    }),
    { message: 'mine' },
  );
  const abort = new AbortController();
  const writing = writeAtomic(
    path,
    async (append) => {
      await append('half');
      abort.abort();
      await append('rest');
    },
    { signal: abort.signal },
  );
  await fails(t, writing, 'ABORTED');
  await fails(t, writeNpz(path, arrays, { signal: AbortSignal.abort() }), 'ABORTED');
  t.is(readFileSync(path, 'utf8'), 'old');
  t.deepEqual(readdirSync(folder), ['report.html']);
  await writeTextAtomic(path, 'new é');
  t.is(readFileSync(path, 'utf8'), 'new é');
});

test('an abort during the compression of a large array', async (t) => {
  const folder = emptyFolder(t);
  const abort = new AbortController();
  const large = { data: new Float32Array(1e7).map((_, i) => i * 0.1), shape: [1e7] };
  const writing = writeNpz(join(folder, 'a.npz'), { large }, { signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await fails(t, writing, 'ABORTED');
  t.deepEqual(readdirSync(folder), []);
});

test('places that cannot be written to', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  mkdirSync(join(folder, 'folder'));
  await fails(t, writeTextAtomic(join(folder, 'folder'), 'x'), 'FILE_WRITE', /folder/, /it is a folder/);
  await fails(t, writeTextAtomic(join(file, 'x'), 'x'), 'FILE_WRITE', /is a file, not a folder/);
  await fails(
    t,
    writeTextAtomic(join(folder, 'missing', 'x'), 'x'),
    'FILE_WRITE',
    /does not exist/,
    /Create/,
  );
  await fails(t, writeTextAtomic(join(folder, 'x'.repeat(300)), 'x'), 'FILE_WRITE', /too long/);
  await fails(t, ensureOutputFolder(file), 'FILE_WRITE', /file/);
  await fails(t, ensureOutputFolder(join(file, 'out')), 'FILE_WRITE', /out/, /is a file, not a folder/);
  await fails(t, ensureOutputFolder('/proc/ridgeflow'), 'FILE_WRITE', /\/proc\/ridgeflow/);
  await fails(t, writeTextAtomic('', 'x'), 'INVALID_ARGUMENT', /path/);
  await fails(t, readNpz(undefined as unknown as string), 'INVALID_ARGUMENT', /path/);
  await fails(t, ensureOutputFolder(''), 'INVALID_ARGUMENT', /path/);
  t.deepEqual(readdirSync(folder).sort(), ['file', 'folder']);
});

test('an output folder is made with those above it', async (t) => {
  const folder = join(emptyFolder(t), 'a', 'b', 'c');
  await ensureOutputFolder(folder);
  await ensureOutputFolder(folder);
  t.true(existsSync(folder));
  t.deepEqual(readdirSync(folder), []);
  t.is(readdirSync(dirname(folder)).length, 1);
});
