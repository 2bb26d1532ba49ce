import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { openActivations, openModel } from '../ts/network/index.js';

const FIXTURES = fileURLToPath(new URL('fixtures/models/', import.meta.url));
type Expected = Record<keyof typeof KINDS, { x: number[][]; shape: number[]; y: number[][] }>;

const KINDS = {
  sequential: ['hidden Dense', 'norm BatchNormalization', 'out Dense'],
  functional: ['conv Conv2D', 'side Conv2D', 'sum Add', 'mean GlobalAveragePooling2D', 'out Dense'],
  // The model within, used twice, is opened each time.
  nested: [
    'inner/first Dense',
    'inner/second Dense',
    'inner/first (2) Dense',
    'inner/second (2) Dense',
    'out Dense',
  ],
  recurrent: ['lstm LSTM', 'gru GRU', 'out Dense'],
  both: ['both Bidirectional', 'out Dense'],
};

test.before(() => tf.setBackend('cpu'));

for (const version of [2, 3] as const) {
  for (const name of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
    test.serial(`a ${name} model of Keras ${version}, as tensorflowjs converts it`, async (t) => {
      const all = JSON.parse(await readFile(join(FIXTURES, `keras${version}.json`), 'utf8')) as Expected;
      const { x, shape, y } = all[name];
      for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const) {
        const before = tf.memory().numTensors;
        const model = await openModel(join(FIXTURES, `keras${version}-${name}`), { backend });
        t.deepEqual(
          model.layers.map((layer) => `${layer.name} ${layer.kind}`),
          KINDS[name],
        );
        const options = { featureMaps: 'flatten', batch: 3 } as const;
        const activations = await openActivations(model, ndarray(new Float32Array(x.flat()), shape), options);
        const rows = await activations.collect(activations.layers.map((layer) => layer.name));
        const out = rows.get('out')!.data;
        t.is(out.length, y.flat().length);
        y.flat().forEach((value, i) =>
          t.true(Math.abs(value - out[i]) < 1e-5, `${backend} ${i}: ${out[i]} ${value}`),
        );
        await model.dispose();
        t.is(tf.memory().numTensors, before, backend);
      }
    });
  }
}

test.serial('a step between layers of a nested model can be run alone', async (t) => {
  const model = await openModel(join(FIXTURES, 'keras3-nested'), { backend: 'tfjs-cpu' });
  const x = ndarray(
    Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
    [4, 5],
  );
  const rows = await (await openActivations(model, x)).collect(['inner/second', 'inner/second (2)']);
  const block = model.block('inner/second', 'inner/second (2)')!;
  const again = await block(rows.get('inner/second')!);
  again.data.forEach((value, i) => t.true(Math.abs(value - rows.get('inner/second (2)')!.data[i]) < 1e-6));
  t.is(model.block('inner/first (2)', 'inner/second'), undefined);
  await model.dispose();
});
