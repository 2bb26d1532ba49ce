import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encode } from 'fast-png';
import { type ImageOptions, parseChannels, readImageFolder } from '../ts/cli/image-folder.js';
import { RidgeflowError } from '../ts/core/errors.js';
import type { NetworkModel } from '../ts/network/index.js';
import { emptyFolder } from './command-line.js';

/** What is read of a model: what it takes. */
const takes = (shape: (number | null)[], format = 'onnx') =>
  ({ format, input: { name: 'x', shape }, inputs: [] }) as unknown as NetworkModel;
const options = (more: Partial<ImageOptions> = {}) => ({ signal: new AbortController().signal, ...more });

/** An image of 3 × 2 pixels whose values tell where they are from. */
function png(first: number): Uint8Array {
  const data = Uint8Array.from({ length: 18 }, (_, at) => first + at);
  return encode({ width: 3, height: 2, data, channels: 3, depth: 8 });
}

async function folders(folder: string): Promise<string> {
  for (const [name, firsts] of [
    ['cats', [10, 40]],
    ['dogs', [90]],
  ] as const) {
    await mkdir(join(folder, name));
    for (const first of firsts) await writeFile(join(folder, name, `${first}.png`), png(first));
  }
  await writeFile(join(folder, 'README.txt'), 'no image');
  return folder;
}

const close = (found: ArrayLike<number>, expected: readonly number[]) =>
  found.length === expected.length && expected.every((value, i) => Math.abs(found[i] - value) < 1e-5);

test('images of folders, which are their classes; channels as the model has them', async (t) => {
  const folder = await folders(emptyFolder(t));
  const last = await readImageFolder(takes([2, 3, 3], 'tfjs-layers'), folder, options());
  t.deepEqual(last.points.shape, [3, 2, 3, 3]);
  const bytes = [10, 40, 90].flatMap((first) => Array.from({ length: 18 }, (_, at) => (first + at) / 255));
  t.true(close(last.points.data, bytes));
  t.deepEqual([...last.labels!.values], [0, 0, 1]);
  t.deepEqual(last.labels!.names, ['cats', 'dogs']);
  // Channels first: all red before all green.
  const first = await readImageFolder(takes([3, null, null]), folder, options());
  t.deepEqual(first.points.shape, [3, 3, 2, 3]);
  t.true(
    close(
      first.points.data.subarray(0, 6),
      [10, 13, 16, 19, 22, 25].map((value) => value / 255),
    ),
  );
  const bgr = await readImageFolder(takes([3, 2, 3]), folder, options({ channels: 'bgr' }));
  t.true(
    close(
      bgr.points.data.subarray(0, 6),
      [12, 15, 18, 21, 24, 27].map((value) => value / 255),
    ),
  );
  for (const shape of [
    [1, 2, 3],
    [2, 3],
  ]) {
    const grey = await readImageFolder(takes(shape), folder, options());
    t.deepEqual(grey.points.shape, [3, ...shape]);
    t.true(Math.abs(grey.points.data[0] - (0.2126 * 10 + 0.7152 * 11 + 0.0722 * 12) / 255) < 1e-6);
  }
});

test('pixels are brought to what the model was trained with, by options or a preprocessor_config.json', async (t) => {
  const folder = await folders(emptyFolder(t));
  const [mean, scale] = [
    [0.1, 0.2, 0.3],
    [0.5, 0.25, 2],
  ];
  const expected = Array.from({ length: 18 }, (_, at) => ((10 + at) / 255 - mean[at % 3]) / scale[at % 3]);
  const model = takes([2, 3, 3]);
  const given = await readImageFolder(model, folder, options({ mean, scale }));
  t.true(close(given.points.data.subarray(0, 18), expected));
  const file = join(folder, 'preprocessor_config.json');
  const read = async (config: object, more: Partial<ImageOptions> = {}) => {
    await writeFile(file, JSON.stringify(config));
    const { points } = await readImageFolder(model, folder, options({ preprocessor: file, ...more }));
    return points.data.subarray(0, 18);
  };
  t.true(close(await read({ image_mean: mean, image_std: scale, rescale_factor: 1 / 255 }), expected));
  t.true(close(await read({ image_mean: [9, 9, 9], image_std: scale }, { mean }), expected));
  const plain = Array.from({ length: 18 }, (_, at) => 10 + at);
  t.true(close(await read({ do_rescale: false, do_normalize: false }), plain));
  const whole = plain.map((value, at) => (value - 127) / (at % 3 === 2 ? 2 : 1));
  t.true(close(await read({ do_rescale: false, image_mean: [127], image_std: [1, 1, 2] }), whole));
  t.deepEqual(parseChannels('0.5'), [0.5]);
  for (const text of ['', 'a', '1,2', '1,,2']) t.throws(() => parseChannels(text));
});

test('what is no folder of images says so', async (t) => {
  const folder = await folders(emptyFolder(t));
  const code = async (run: Promise<unknown>) =>
    (await t.throwsAsync(run, { instanceOf: RidgeflowError })).code;
  const model = takes([3, 2, 3]);
  t.is(await code(readImageFolder(model, join(folder, 'dogs'), options())), 'EMPTY_CLOUD');
  t.is(await code(readImageFolder(model, join(folder, 'none'), options())), 'FILE_NOT_FOUND');
  t.is(await code(readImageFolder(model, folder, options({ scale: [0] }))), 'INVALID_ARGUMENT');
  const config = join(folder, 'c.json');
  for (const text of ['{', '{"image_mean":"a"}', '{"image_std":[1,2]}']) {
    await writeFile(config, text);
    t.is(await code(readImageFolder(model, folder, options({ preprocessor: config }))), 'FILE_FORMAT');
  }
  const large = encode({ width: 2, height: 2, data: new Uint8Array(12), channels: 3, depth: 8 });
  await writeFile(join(folder, 'dogs', 'z.png'), large);
  t.is(await code(readImageFolder(model, folder, options())), 'INVALID_SHAPE');
}); // prettier-ignore
