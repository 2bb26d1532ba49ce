import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import {
  type NetworkModel,
  analyseNetwork,
  openModel,
  residualStreams,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import { normals, residualStream } from './network-models.js';
import { ModelWriter } from './residual-models.js';
import { saveLayersModel } from './trained-model.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-streams-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const C = 6;
const path = (name: string) => join(folder, `${name}.onnx`);
const facts = (model: NetworkModel) =>
  residualStreams(model).map(({ blocks }) => blocks.map(({ path, skip }) => `${path} ${skip}`));

test('a pre-norm transformer: two blocks a layer, none of GELU, bias or scores', async (t) => {
  const writer = new ModelWriter();
  let x = writer.linear('embed', 'x', 4, C);
  const start = x;
  for (const layer of [0, 1, 2]) {
    x = writer.within(`encoder/layer.${layer}`, () => {
      const first = writer.node('Add', [writer.attention(writer.norm('norm1', x, C), C), x]);
      return writer.node('Add', [first, writer.mlp(writer.norm('norm2', first, C), C)]);
    });
  }
  const out = writer.linear('head', writer.norm('norm', x, C), C, 3);
  const model = await openModel(await writer.write(path('pre'), { x: ['n', 5, 4] }, out));
  t.deepEqual(facts(model), [
    [0, 1, 2].flatMap((layer) => [
      `/encoder/layer.${layer}/attention identity`,
      `/encoder/layer.${layer} identity`,
    ]),
  ]);
  const [{ blocks }] = residualStreams(model);
  t.is(blocks[0].from, start);
  t.is(blocks[5].to, x, 'the last state is the sum, not the norm after it');
  const analysis = await analyseNetwork(model, normals(20, 5, 4));
  t.deepEqual(
    analysis.layers.map(({ name }) => name),
    ['input', start, ...blocks.map(({ to }) => to), out],
  );
  t.is(analysis.layers[2].block, '/encoder/layer.0/attention');
  t.is(analysis.folded + analysis.layers.length - 1, model.layers.length);
  t.deepEqual(
    analysis.steps.map(({ from, to }) => [from, to]).slice(0, 6),
    blocks.map(({ from, to }) => [from, to]),
  );
  const opened = await analyseNetwork(model, normals(20, 5, 4), { layers: ['*'] });
  t.is(opened.layers.length, model.layers.length + 1);
  t.is(opened.folded, 0);
  await model.dispose();
});

test('a post-norm transformer with a mask: the states are what the norms give, the last as well', async (t) => {
  const writer = new ModelWriter();
  const bias = writer.node('Mul', [
    writer.node('Sub', ['attention_mask', writer.constant(1)]),
    writer.constant(1e4),
  ]);
  const mask = writer.node('Unsqueeze', [bias, writer.integers(1)]);
  let x = writer.linear('embed', 'x', 4, C);
  for (const layer of [0, 1, 2]) {
    x = writer.within(`layer.${layer}`, () => {
      const attended = writer.node('Add', [writer.attention(x, C, mask), x]);
      const first = writer.oldNorm('attention/norm', attended);
      return writer.oldNorm('norm', writer.node('Add', [writer.mlp(first, C), first]));
    });
  }
  const file = await writer.write(path('post'), { x: ['n', 5, 4], attention_mask: ['n', 5] }, x);
  const model = await openModel(file);
  t.deepEqual(facts(model), [
    [0, 1, 2].flatMap((layer) => [`/layer.${layer}/attention identity`, `/layer.${layer} identity`]),
  ]);
  const [{ blocks }] = residualStreams(model);
  t.true(blocks.every(({ to }) => to.endsWith('/Div_output_0')));
  t.is(blocks[5].to, x);
  const analysis = await analyseNetwork(model, { x: normals(20, 5, 4), attention_mask: 1 });
  t.is(analysis.streams.length, 1, 'one stream, not its fragments');
  t.is(analysis.streams[0].layers.length, 7);
  t.true(analysis.steps.every(({ relativeDisplacement }) => relativeDisplacement! > 0));
  await model.dispose();
});

test('of a model without a stream, steps mix coordinates: what an activation makes of a layer is no step', async (t) => {
  const writer = new ModelWriter();
  const hidden: string[] = [];
  let x = 'x';
  for (const layer of [0, 1, 2]) {
    x = writer.node('Tanh', [writer.linear(`hidden${layer}`, x, C, C)]);
    hidden.push(x);
  }
  const model = await openModel(
    await writer.write(path('mlp'), { x: ['n', C] }, writer.linear('head', x, C, 3)),
  );
  const { layers, steps, streams } = await analyseNetwork(model, normals(20, C));
  t.true(layers.length > 7, 'the activations are layers of their own');
  t.deepEqual(
    steps.map(({ from, to }) => [from, to]),
    ['input', ...hidden].slice(0, 3).map((from, l) => [from, hidden[l]]),
  );
  t.deepEqual(streams[0].layers, ['input', ...hidden]);
  await model.dispose();
});

test('of a model with a stream, only its blocks are steps, whatever else has their width', async (t) => {
  const writer = new ModelWriter();
  const start = writer.linear('embed', 'x', C, C);
  const first = writer.node('Add', [start, writer.mlp(start, C)]);
  const second = writer.node('Add', [first, writer.mlp(first, C)]);
  const out = writer.linear('head', second, C, C);
  const model = await openModel(await writer.write(path('mlp-stream'), { x: ['n', C] }, out));
  const pairs = [
    [start, first],
    [first, second],
  ];
  for (const layers of [undefined, ['*']]) {
    const { steps } = await analyseNetwork(model, normals(20, C), { ...(layers && { layers }) });
    t.deepEqual(
      steps.map(({ from, to }) => [from, to]),
      pairs,
    );
  }
  await model.dispose();
});

test('attention and network side by side are one block', async (t) => {
  const writer = new ModelWriter();
  let x = writer.linear('embed', 'x', 4, C);
  for (const layer of [0, 1, 2]) {
    x = writer.within(`h.${layer}`, () => {
      const normed = writer.norm('ln', x, C);
      const [a, b] = [writer.attention(normed, C), writer.within('mlp', () => writer.mlp(normed, C))];
      // Both orders that exporters write.
      if (layer % 2 === 0) return writer.node('Add', [writer.node('Add', [a, b]), x]);
      return writer.node('Add', [writer.node('Add', [x, a]), b]);
    });
  }
  const model = await openModel(await writer.write(path('parallel'), { x: ['n', 5, 4] }, x));
  t.deepEqual(facts(model), [[0, 1, 2].map((layer) => `/h.${layer} identity`)]);
  await model.dispose();
});

test('a ResNet with a stage of half the size, its stem before and its head after', async (t) => {
  const writer = new ModelWriter();
  const relu = (x: string) => writer.node('Relu', [x]);
  let x = relu(writer.convolution('conv1', 'x', [1, 4]));
  const block = (name: string, [from, to]: [number, number], stride: number) => {
    x = writer.within(name, () => {
      const inner = relu(writer.convolution('conv1', x, [from, to], stride));
      const branch = writer.convolution('conv2', inner, [to, to]);
      const skip = stride === 1 ? x : writer.convolution('downsample/0', x, [from, to], stride, 1);
      return relu(writer.node('Add', [branch, skip]));
    });
    return x;
  };
  const states = [x, block('layer1/layer1.0', [4, 4], 1), block('layer1/layer1.1', [4, 4], 1)];
  states.push(block('layer2/layer2.0', [4, 8], 2), block('layer2/layer2.1', [8, 8], 1));
  const pooled = writer.node('Flatten', [writer.node('GlobalAveragePool', [x])]);
  const out = writer.linear('fc', pooled, 8, 3);
  const model = await openModel(await writer.write(path('resnet'), { x: ['n', 1, 8, 8] }, out));
  const [{ blocks }, ...more] = residualStreams(model);
  t.deepEqual(more, []);
  t.deepEqual(
    blocks.map(({ path, skip }) => [path, skip]),
    [
      ['/layer1/layer1.0', 'identity'],
      ['/layer1/layer1.1', 'identity'],
      ['/layer2/layer2.0', 'projection'],
      ['/layer2/layer2.1', 'identity'],
    ],
  );
  t.deepEqual([blocks[0].from, ...blocks.map(({ to }) => to)], states, 'after the ReLU of each block');
  await model.dispose();
});

test('stages of a ConvNeXt are streams of their own; skips around skips are not blocks', async (t) => {
  const writer = new ModelWriter();
  let x = writer.convolution('stem', 'x', [1, C], 2);
  const stage = (name: string) => {
    for (const b of [0, 1]) {
      x = writer.within(`${name}/blocks.${b}`, () => {
        const moved = writer.node('Transpose', [writer.convolution('dw', x, [C, C])], { perm: [0, 2, 3, 1] });
        const mixed = writer.mlp(writer.norm('norm', moved, C), C);
        const scaled = writer.node('Mul', [mixed, writer.weight(1, C)]);
        return writer.node('Add', [x, writer.node('Transpose', [scaled], { perm: [0, 3, 1, 2] })]);
      });
    }
  };
  const first = x;
  stage('stages.0');
  x = writer.node('Add', [first, x]);
  x = writer.convolution('downsample', x, [C, C], 2);
  stage('stages.1');
  const model = await openModel(await writer.write(path('convnext'), { x: ['n', 1, 8, 8] }, x));
  t.deepEqual(facts(model), [
    ['/stages.0/blocks.0 identity', '/stages.0/blocks.1 identity'],
    ['/stages.1/blocks.0 identity', '/stages.1/blocks.1 identity'],
  ]);
  await model.dispose();
});

test('networks without skips have no stream; those of ridgeflow begin at the data', async (t) => {
  const writer = new ModelWriter();
  const plain = writer.gelu(writer.linear('b', writer.gelu(writer.linear('a', 'x', 4, C)), C, C));
  const model = await openModel(await writer.write(path('plain'), { x: ['n', 4] }, plain));
  t.deepEqual(residualStreams(model), []);
  const analysis = await analyseNetwork(model, normals(20, 4));
  t.is(analysis.layers.length, model.layers.length + 1, 'all layers');
  await model.dispose();

  await writeNetworkOnnx(path('own'), residualStream(5, 4));
  const own = await openModel(path('own'));
  const [{ blocks }] = residualStreams(own);
  t.deepEqual(
    blocks.map(({ from, to }) => [from, to]),
    [
      ['x', 'x1'],
      ['x1', 'x2'],
      ['x2', 'x3'],
      ['x3', 'y'],
    ],
  );
  t.deepEqual(
    (await analyseNetwork(own, normals(20, 5))).layers.map(({ name }) => name),
    ['input', 'x1', 'x2', 'x3', 'y'],
  );
  await own.dispose();
});

test('a Keras model: blocks by what their layers’ names begin with', async (t) => {
  const input = tfl.input({ shape: [4] });
  let x = tfl.layers.dense({ units: C, name: 'stem' }).apply(input) as tfl.SymbolicTensor;
  for (const b of [1, 2, 3]) {
    const name = `conv2_block${b}`;
    const hidden = tfl.layers.dense({ units: 8, activation: 'relu', name: `${name}_1_fc` }).apply(x);
    const dropped = tfl.layers.dropout({ rate: 0.5, name: `${name}_drop` }).apply(hidden);
    const moved = tfl.layers.dense({ units: C, name: `${name}_2_fc` }).apply(dropped);
    x = tfl.layers.add({ name: `${name}_add` }).apply([x, moved as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
  }
  const keras = tfl.model({ inputs: input, outputs: x });
  await saveLayersModel(join(folder, 'keras'), keras);
  const model = await openModel(join(folder, 'keras'), { backend: 'tfjs-cpu' });
  t.deepEqual(facts(model), [[1, 2, 3].map((b) => `conv2_block${b} identity`)]);
  t.is(residualStreams(model)[0].blocks[0].from, 'stem');
  await model.dispose();
});
