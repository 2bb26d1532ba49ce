import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { analyseAttention, openActivations, openModel } from '../ts/network/index.js';
import { normals } from './network-models.js';
import { saveLayersModel } from './trained-model.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-keras-masks-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const [WORDS, TOKENS] = [9, 6];
const normal = (seed: number) => tfl.initializers.randomNormal({ seed, stddev: 0.5 });
const symbolic = (value: unknown) => value as tfl.SymbolicTensor;
const ids = ndarray(Float32Array.of(3, 4, 0, 0, 0, 0, 5, 5, 1, 2, 8, 7, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 0), [
  4,
  TOKENS,
]);

/** Saves a model, as one of another tool where its version is given; returns what TensorFlow.js predicts. */
async function saved(
  name: string,
  model: tfl.LayersModel,
  x: NdArray,
  version?: string,
): Promise<ArrayLike<number>> {
  const path = join(folder, name);
  await saveLayersModel(path, model);
  if (version !== undefined) {
    const file = join(path, 'model.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"keras_version":"[^"]*"/, `"keras_version":"${version}"`));
  }
  const predicted = tf.tidy(() => (model.predict(tf.tensor(x.data, [...x.shape])) as tf.Tensor).dataSync());
  model.dispose();
  return predicted;
}

const embedding = (name: string, seed: number, maskZero: boolean) =>
  tfl.layers.embedding({
    ...{ inputDim: WORDS, outputDim: 4, name, maskZero, embeddingsInitializer: normal(seed) },
  });

/** The mean over the tokens of a dense layer on words, of which 0 is padding. */
function pooled(): tfl.LayersModel {
  const x = tfl.input({ shape: [TOKENS], name: 'ids' });
  const words = embedding('words', 3, true).apply(x);
  const inner = tfl.layers
    .dense({ units: 5, activation: 'tanh', name: 'inner', kernelInitializer: normal(4) })
    .apply(symbolic(words));
  const mean = tfl.layers.globalAveragePooling1d({ name: 'mean' }).apply(symbolic(inner));
  return tfl.model({ inputs: x, outputs: symbolic(mean) });
}

test.serial(
  'what is masked does not move recurrent layers on, as TensorFlow.js itself predicts',
  async (t) => {
    const recurrent = () => {
      const x = tfl.input({ shape: [TOKENS, 3], name: 'x' });
      const masked = tfl.layers.masking({ maskValue: -1, name: 'masking' }).apply(x);
      const lstm = tfl.layers.lstm({
        ...{ units: 4, returnSequences: true, name: 'lstm' },
        ...{ kernelInitializer: normal(1), recurrentInitializer: normal(2) },
      });
      const gru = tfl.layers.gru({ units: 3, kernelInitializer: normal(5), recurrentInitializer: normal(6) });
      const both = tfl.layers.bidirectional({
        layer: gru,
        mergeMode: 'concat',
        name: 'both',
      });
      const y = both.apply(symbolic(lstm.apply(symbolic(masked))));
      return tfl.model({ inputs: x, outputs: symbolic(y) });
    };
    const x = normals(4, TOKENS, 3);
    ids.data.forEach((id, at) => id === 0 && x.data.fill(-1, 3 * at, 3 * at + 3));
    const words = () => {
      const input = tfl.input({ shape: [TOKENS], name: 'ids' });
      const lstm = tfl.layers.lstm({
        units: 3,
        name: 'both',
        kernelInitializer: normal(7),
        recurrentInitializer: normal(8),
      });
      return tfl.model({
        inputs: input,
        outputs: symbolic(lstm.apply(symbolic(embedding('words', 9, true).apply(input)))),
      });
    };
    for (const [name, make, data, padding] of [
      ['recurrent', recurrent, x, { input: 'x', value: -1 }],
      ['words', words, ids, { input: 'ids', value: 0 }],
    ] as const) {
      const right = await saved(name, make(), data);
      const before = tf.memory().numTensors;
      const model = await openModel(join(folder, name), { backend: 'tfjs-cpu' });
      t.deepEqual(model.padding, padding);
      const opened = await openActivations(model, data, { featureMaps: 'flatten', batch: 3 });
      const found = (await opened.collect(['both'])).get('both')!.data;
      t.is(found.length, right.length);
      found.forEach((value, k) =>
        t.true(Math.abs(value - right[k]) < 1e-6, `${name} ${k}: ${value} ${right[k]}`),
      );
      t.is(
        model.block(name === 'words' ? 'words' : 'lstm', 'both'),
        undefined,
        'the mask is not known between',
      );
      await model.dispose();
      t.is(tf.memory().numTensors, before);
    }
  },
);

test.serial('a sum of which one term has a mask: Keras 2 hands it on, Keras 3 does not', async (t) => {
  const sum = () => {
    const x = tfl.input({ shape: [TOKENS], name: 'ids' });
    const [words, plain] = [embedding('words', 3, true), embedding('plain', 4, false)].map((layer) =>
      symbolic(layer.apply(x)),
    );
    const added = symbolic(tfl.layers.add({ name: 'sum' }).apply([words, plain]));
    const lstm = tfl.layers.lstm({
      units: 3,
      name: 'lstm',
      recurrentActivation: 'sigmoid',
      kernelInitializer: normal(5),
      recurrentInitializer: normal(6),
    });
    return tfl.model({ inputs: x, outputs: symbolic(lstm.apply(added)) });
  };
  const states: Record<string, NdArray> = {};
  for (const version of ['2.15.0', '3.15.1']) {
    const built = sum();
    // TensorFlow.js itself fails on such a sum.
    await saveLayersModel(join(folder, version), built);
    built.dispose();
    const file = join(folder, version, 'model.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"keras_version":"[^"]*"/, `"keras_version":"${version}"`));
    const model = await openModel(join(folder, version), { backend: 'tfjs-cpu' });
    states[version] = (await model.run(ids, ['lstm'])).get('lstm')!;
    // The last example ends in padding, which moves the state on where it does not count as such.
    const shorter = ndarray(
      ids.data.map((id) => (id === 0 ? 8 : id)),
      ids.shape,
    );
    const other = (await model.run(shorter, ['lstm'])).get('lstm')!;
    t.notDeepEqual([...other.data.subarray(9)], [...states[version].data.subarray(9)]);
    await model.dispose();
  }
  // Without padding both are the same.
  const at = (version: string, i: number) => [...states[version].data.subarray(3 * i, 3 * i + 3)];
  t.deepEqual(at('2.15.0', 1), at('3.15.1', 1));
  t.notDeepEqual(at('2.15.0', 3), at('3.15.1', 3));
});

test.serial('tokens that an Embedding with mask_zero leaves out are no rows, and in no mean', async (t) => {
  const plain = await saved('pooled', pooled(), ids, '3.15.1');
  const model = await openModel(join(folder, 'pooled'), { backend: 'tfjs-cpu' });
  const tokens = [[0, 1], [0, 1, 2, 3, 4, 5], [5], [0, 1, 2, 3, 4]];
  const whole = await openActivations(model, ids, { featureMaps: 'flatten' });
  const all = (await whole.collect(['inner'])).get('inner')!.data;
  const at = (i: number, p: number) => [...all.subarray((6 * i + p) * 5, (6 * i + p + 1) * 5)];
  const rows = await openActivations(model, ids, { featureMaps: 'positions', batch: 2 });
  t.deepEqual([...rows.tokenExamples!], [0, 0, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3]);
  t.deepEqual(
    [...(await rows.collect(['inner'])).get('inner')!.data],
    tokens.flatMap((kept, i) => kept.flatMap((p) => at(i, p))),
  );
  for (const [pool, place] of [
    ['cls', 0],
    ['last', -1],
  ] as const) {
    const opened = await openActivations(model, ids, { pool, batch: 2 });
    t.deepEqual(
      [...(await opened.collect(['inner'])).get('inner')!.data],
      tokens.flatMap((kept, i) => at(i, kept.at(place)!)),
    );
    // The data themselves: the share of each token, of which padding is none.
    t.is(opened.layers[0].tokens, 8);
    const [{ data: shares }] = [...(await opened.collect(['input'])).values()];
    t.deepEqual([...shares.subarray(0, 8)], [0, 0, 0.5, 0.5, 0, 0, 0, 0]);
  }
  const means = await openActivations(model, ids, { batch: 2 });
  const found = await means.collect(['inner', 'mean']);
  // The model's own mean leaves them out as well.
  found.get('inner')!.data.forEach((value, k) => t.true(Math.abs(value - found.get('mean')!.data[k]) < 1e-6));
  // Keras leaves padding out of it, TensorFlow.js does not: in a model that was made there it counts.
  t.true(found.get('mean')!.data.some((value, k) => Math.abs(value - plain[k]) > 1e-2));
  const right = await saved('pooled-there', pooled(), ids);
  const there = await openModel(join(folder, 'pooled-there'), { backend: 'tfjs-cpu' });
  const own = (await there.run(ids, ['mean'])).get('mean')!;
  own.data.forEach((value, k) => t.true(Math.abs(value - right[k]) < 1e-6));
  await there.dispose();
  const unmasked = await openActivations(model, ids, { mask: false });
  t.notDeepEqual([...(await unmasked.collect(['inner'])).get('inner')!.data], [...found.get('inner')!.data]);
  t.is(model.block('words', 'mean'), undefined, 'its mask is not known from the words alone');
  t.truthy(model.block('words', 'inner'));
  await model.dispose();
});

test.serial(
  'a mask among the inputs: its tokens do not count, and blocks run with one that is the same for all',
  async (t) => {
    const [T, C] = [5, 4];
    const seeded = (seed: number) => tfl.initializers.randomNormal({ seed });
    const dense = (units: number, name: string, seed: number) =>
      tfl.layers.dense({ units, name, kernelInitializer: seeded(seed) });
    const x = tfl.input({ shape: [T, 3], name: 'x' });
    const mask = tfl.input({ shape: [T], name: 'attention_mask' });
    const penalty = tfl.layers
      .dense({ units: T, name: 'penalty', useBias: true, trainable: false })
      .apply(mask) as tfl.SymbolicTensor;
    const bias = tfl.layers
      .reshape({ targetShape: [1, T], name: 'row' })
      .apply(penalty) as tfl.SymbolicTensor;
    const embedded = dense(C, 'embed', 1).apply(x) as tfl.SymbolicTensor;
    const query = dense(C, 'query', 2).apply(embedded) as tfl.SymbolicTensor;
    const product = tfl.layers
      .dot({ axes: 2, name: 'product' })
      .apply([query, embedded]) as tfl.SymbolicTensor;
    const repeated = tfl.layers
      .concatenate({ axis: 1, name: 'rows' })
      .apply(Array.from({ length: T }, () => bias));
    const scores = tfl.layers
      .add({ name: 'scores' })
      .apply([product, repeated as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    const weights = tfl.layers.softmax({ axis: -1, name: 'weights' }).apply(scores) as tfl.SymbolicTensor;
    const values = tfl.layers.dot({ axes: [2, 1], name: 'values' }).apply([weights, embedded]);
    const sum = tfl.layers.add({ name: 'sum' }).apply([embedded, values as tfl.SymbolicTensor]);
    const built = tfl.model({ inputs: [x, mask], outputs: sum as tfl.SymbolicTensor });
    // 1000 (mask − 1) for each position.
    const scale = tf.tidy(() => tf.mul(tf.eye(T), 1000));
    built.getLayer('penalty').setWeights([scale, tf.fill([T], -1000)]);
    await saveLayersModel(join(folder, 'attention'), built);
    built.dispose();

    const model = await openModel(join(folder, 'attention'), { backend: 'tfjs-cpu' });
    const lengths = [5, 2, 3, 1, 4, 5];
    const marks = Float32Array.from({ length: 30 }, (_, k) => Number(k % T < lengths[Math.floor(k / T)]));
    const points = { x: normals(6, T, 3), attention_mask: { data: marks, shape: [6, T] } };
    const { layers } = await analyseAttention(model, points);
    t.deepEqual(
      layers.map(({ name }) => name),
      ['weights'],
    );
    const tokens = lengths.reduce((a, b) => a + b);
    const even = lengths.reduce((all, length) => all + length * Math.log(length), 0) / tokens;
    t.true(
      Math.abs(layers[0].evenEntropy - even) < 1e-5,
      'what is masked is not attended to, and does not attend',
    );
    const opened = await openActivations(model, points, { featureMaps: 'positions', layers: ['Add'] });
    t.is(opened.tokenExamples!.length, tokens);

    // With one mask for all, the part of the model that takes it can be run alone.
    t.is(model.block('embed', 'sum'), undefined);
    const one = ndarray(Float32Array.of(1, 1, 1, 0, 0), [1, T]);
    const block = model.block('embed', 'sum', new Map([['attention_mask', one]]))!;
    const same = {
      x: points.x,
      attention_mask: ndarray(
        Float32Array.from({ length: 30 }, (_, k) => Number(k % T < 3)),
        [6, T],
      ),
    };
    const states = await model.run(new Map(Object.entries(same)), ['embed', 'sum']);
    const again = await block(states.get('embed')!);
    again.data.forEach((value, k) => t.true(Math.abs(value - states.get('sum')!.data[k]) < 1e-5));
    await model.dispose();
  },
);
