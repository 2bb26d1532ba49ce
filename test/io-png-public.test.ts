import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readPng, writePng } from '../ts/index.js';

test('a picture that is written comes back, from its least to its largest value or in a window', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'a.png');
  const image = { data: Float64Array.of(-1, 0, 1, 3, 2, 1), shape: [2, 3] };
  await writePng(file, image);
  const { image: back, notes } = await readPng(file);
  t.deepEqual(back.shape, [2, 3]);
  t.regex(notes.join(), /16-bit/);
  image.data.forEach((value, i) => t.true(Math.abs(back.data[i] - (value + 1) / 4) < 1e-4));
  await writePng(file, image, { black: 0, white: 1 });
  t.deepEqual(Array.from((await readPng(file)).image.data), [0, 0, 1, 1, 1, 1]);
  await t.throwsAsync(writePng(file, { data: new Float32Array(4), shape: [4] }), { code: 'INVALID_SHAPE' });
  await t.throwsAsync(writePng(file, { data: Float32Array.of(NaN), shape: [1, 1] }), { code: 'NON_FINITE' });
  await t.throwsAsync(writePng(file, image, { black: 0, white: NaN }), {
    code: 'INVALID_ARGUMENT',
    message: /window\.white/,
  });
});
