import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ResultCache, defaultCacheFolder, resultKey } from '../ts/cli/result-cache.js';
import { fromJson, toJson } from '../ts/cli/result-json.js';
import { writeNpy } from '../ts/io/index.js';
import { writeLayersModel } from '../ts/network/index.js';
import { emptyFolder, ridgeflow } from './command-line.js';
import { normals, residualStream } from './network-models.js';

const TAKEN = /Results of an earlier run/;

test('a second report takes the results of the first, and is the same', async (t) => {
  const folder = emptyFolder(t);
  const [cache, data, out] = ['cache', 'x.npy', 'out'].map((name) => join(folder, name));
  await writeLayersModel(join(folder, 'model'), residualStream(3, 2));
  await writeNpy(data, normals(30, 3));
  const args = ['network', join(folder, 'model'), data, '--backend', 'tfjs-cpu', '--no-blocks', '--out', out];
  const pages = [join(out, 'report.html'), join(out, 'summary.json')];
  const run = async (...more: string[]) => {
    const { code, stderr } = await ridgeflow([...args, '--cache', cache, ...more]);
    t.is(code, 0, stderr);
    return {
      taken: TAKEN.test(stderr),
      files: await Promise.all(pages.map((page) => readFile(page, 'utf8'))),
    };
  };
  const first = await run();
  t.false(first.taken);
  t.deepEqual((await readdir(cache)).length, 1);
  const second = await run();
  t.true(second.taken);
  t.deepEqual(second.files, first.files);

  // A damaged entry is measured again, and mended.
  const entry = join(cache, (await readdir(cache))[0]);
  const text = await readFile(entry, 'utf8');
  await writeFile(entry, text.replace('"layers"', '"leyers"'));
  t.false((await run()).taken);
  t.true((await run()).taken);
  // Other options and other data are other results.
  t.false((await run('--seed', '5')).taken);
  await writeNpy(data, normals(30, 3));
  const other = await run();
  t.false(other.taken);
  t.notDeepEqual(other.files, first.files);
  const { stderr } = await ridgeflow([...args, '--no-cache']);
  t.notRegex(stderr, TAKEN);
  t.is((await readdir(cache)).length, 3);
});

test('the cache is bounded: what was not used for longest goes first', async (t) => {
  const folder = join(emptyFolder(t), 'a', 'b');
  const cache = new ResultCache(folder, true, 3000);
  const keys = ['0', '1', '2', '3'].map((digit) => digit.repeat(64));
  const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (const key of keys) {
    await cache.write(key, { key, text: 'x'.repeat(1000) });
    await wait();
    // The first stays in use.
    if (key !== keys[0]) t.deepEqual((await cache.read(keys[0])) !== undefined, true);
    await wait();
  }
  const left = await Promise.all(keys.map((key) => cache.read(key)));
  t.deepEqual(
    left.map((entry) => entry !== undefined),
    [true, false, false, true],
  );
  await cache.write('4'.repeat(64), 'x'.repeat(5000));
  t.is(await cache.read('4'.repeat(64)), undefined, 'nothing larger than the whole is kept');
  t.true(
    (await readdir(folder)).every((name) => /^[0-3]+\.json$/.test(name)),
    'no temporary files',
  );
});

test('a folder that cannot be written keeps nothing; one that the user named is an error', async (t) => {
  const file = join(emptyFolder(t), 'file');
  await writeFile(file, '');
  await t.notThrowsAsync(new ResultCache(join(file, 'cache'), false).write('0'.repeat(64), 1));
  await t.throwsAsync(new ResultCache(join(file, 'cache'), true).write('0'.repeat(64), 1));
});

test('keys are of contents, and results come back as they were', async (t) => {
  const folder = emptyFolder(t);
  const [a, b] = ['a', 'b'].map((name) => join(folder, name));
  await writeFile(a, 'same');
  await writeFile(b, 'same');
  const key = (file: string, values: unknown = {}) => resultKey({ files: [file], values });
  t.is(await key(a), await key(b));
  t.not(await key(a), await key(a, { seed: 1 }));
  await writeFile(b, 'sane');
  t.not(await key(a), await key(b));
  t.is((await stat(folder)).isDirectory() && typeof (await key(folder)), 'string');
  const value = {
    numbers: [NaN, Infinity, -Infinity, 0.1, -1e-300],
    arrays: [Float32Array.of(1, NaN), Float64Array.of(Math.PI), Int32Array.of(-1), new Float64Array(0)],
    none: null,
    text: 'é\n',
  };
  t.deepEqual(fromJson(toJson(value)), value);
  t.deepEqual(fromJson(toJson(new Float32Array([1, 2, 3]).subarray(1))), Float32Array.of(2, 3));
  t.is(defaultCacheFolder({ XDG_CACHE_HOME: '/c' }), join('/c', 'ridgeflow'));
});
