import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { RidgeflowError } from '../ts/core/errors.js';
import { openActivations, openModel } from '../ts/network/index.js';

const FIXTURES = fileURLToPath(new URL('fixtures/models/', import.meta.url));

interface Layer {
  class_name: string;
  config: Record<string, unknown>;
}

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-keras-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

for (const [name, kind] of [
  ['convolutional', 'keras3-convolutional'],
  ['convolutional', 'keras3-store-convolutional'],
  ['mixed', 'keras3-store-mixed'],
])
  test.serial(`${kind}: what the layers give is what Keras gives`, async (t) => {
    const all = JSON.parse(await readFile(join(FIXTURES, 'keras3-store.json'), 'utf8')) as Record<
      string,
      { x: number[][]; shape: number[]; y: number[][] }
    >;
    const { x, shape, y } = all[name];
    for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const) {
      const before = tf.memory().numTensors;
      const model = await openModel(join(FIXTURES, kind), { backend });
      const last = model.layers.at(-1)!.name;
      const activations = await openActivations(model, ndarray(new Float32Array(x.flat()), shape));
      const out = (await activations.collect([last])).get(last)!.data;
      t.is(out.length, y.flat().length);
      y.flat().forEach((value, i) =>
        t.true(Math.abs(value - out[i]) < 1e-5, `${backend} ${i}: ${out[i]} ${value}`),
      );
      await model.dispose();
      t.is(tf.memory().numTensors, before, backend);
    }
  });

/** A copy of a model of the fixtures, its first layer of a class changed. */
async function changed(name: string, kind: string, change: (layer: Layer) => void): Promise<string> {
  const to = join(folder, `${name}-${kind}-${Math.random()}`);
  await cp(join(FIXTURES, name), to, { recursive: true });
  const file = join(to, 'model.json');
  const json = JSON.parse(await readFile(file, 'utf8')) as {
    modelTopology: { model_config: { config: { layers: Layer[] } } };
  };
  change(json.modelTopology.model_config.config.layers.find((layer) => layer.class_name === kind)!);
  await writeFile(file, JSON.stringify(json));
  return to;
}

for (const [what, kind, change] of [
  [
    'negative_slope 0.2 of a ReLU',
    'PReLU',
    (layer) => {
      layer.class_name = 'ReLU';
      layer.config.negative_slope = 0.2;
    },
  ],
  ['groups 2 of a Conv2D', 'Conv2D', ({ config }) => (config.groups = 2)],
  ['the hard_sigmoid of Keras 3', 'Conv2D', ({ config }) => (config.activation = 'hard_sigmoid')],
] as [string, string, (layer: Layer) => void][])
  test(`what TensorFlow.js would read as something else is refused: ${what}`, async (t) => {
    const path = await changed('keras3-convolutional', kind, change);
    const error = await t.throwsAsync(openModel(path), { instanceOf: RidgeflowError });
    t.is(error.code, 'UNSUPPORTED');
    t.true(error.message.includes(what), error.message);
    t.regex(error.message, /layer .*Export the model as ONNX/);
  });

test('a .keras file whose layers have other weights than it says is refused by the layer', async (t) => {
  const path = await changed(
    'keras3-store-convolutional',
    'Conv2D',
    ({ config }) => (config.use_bias = false),
  );
  const error = await t.throwsAsync(openModel(path), { instanceOf: RidgeflowError });
  t.is(error.code, 'UNSUPPORTED');
  t.regex(error.message, /layer conv2d\w* has 1 weights, but the file holds 2 in layers\/conv2d\//);
});
