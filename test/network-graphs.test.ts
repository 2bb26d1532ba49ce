import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { analyseNetwork, openActivations, openModel } from '../ts/network/index.js';

const FIXTURES = fileURLToPath(new URL('fixtures/models/', import.meta.url));
const at = (name: string) => `PartitionedCall/${name}`;

test.before(() => tf.setBackend('cpu'));

for (const [folder, reasons] of [
  ['graph-loops', ['is inside a branch', 'is inside a loop']],
  [
    'graph-functions',
    [`is inside the StatelessIf ${at('cond')}`, `is inside the StatelessWhile ${at('while')}`],
  ],
] as const) {
  test.serial(`a GraphModel with a loop and a branch: ${folder}`, async (t) => {
    const { x, before, y } = JSON.parse(await readFile(join(FIXTURES, 'graph.json'), 'utf8')) as Record<
      'x' | 'before' | 'y',
      number[][]
    >;
    for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const) {
      const tensors = tf.memory().numTensors;
      const model = await openModel(join(FIXTURES, folder), { backend });
      const names = model.layers.map(({ name }) => name);
      t.true(
        [at('product'), at('before'), at('after')].every((name) => names.includes(name)),
        names.join(),
      );
      const activations = await openActivations(model, ndarray(x), { batch: 2 });
      const rows = await activations.collect([at('before'), at('after')]);
      for (const [name, right] of [
        [at('before'), before],
        [at('after'), y],
      ] as const)
        right
          .flat()
          .forEach((value, i) => t.true(Math.abs(value - rows.get(name)!.data[i]) < 1e-5, `${name} ${i}`));
      const hidden = activations.leftOut.filter(
        ({ kind }) => kind === 'Tanh' || kind === 'Sin' || kind === 'Neg',
      );
      t.deepEqual([...new Set(hidden.map(({ reason }) => reason))].sort(), [...reasons]);
      t.deepEqual(hidden.map(({ kind }) => kind).sort(), ['Neg', 'Sin', 'Tanh']);
      t.truthy(model.block(at('product'), at('before')));
      t.is(model.block(at('before'), at('after')), undefined);
      const analysis = await analyseNetwork(model, ndarray(x));
      t.is(analysis.leftOut.length, activations.leftOut.length);
      await model.dispose();
      t.is(tf.memory().numTensors, tensors, backend);
    }
  });
}
