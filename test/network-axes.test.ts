import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import test, { type ExecutionContext } from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  ONNX_ATTRIBUTES,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  floatTensor,
  floatValueInfo,
  writeOnnx,
} from '../ts/io/onnx-model.js';
import { analyseNetwork, openActivations, openModel } from '../ts/network/index.js';
import type { FeatureMaps } from '../ts/network/model/feature-maps.js';
import { normals } from './network-models.js';
import { saveLayersModel } from './trained-model.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-axes-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const ints = (name: string, ...values: number[]): OnnxAttribute => ({
  name,
  type: ONNX_ATTRIBUTES.ints,
  ints: values,
});
const int = (name: string, value: number): OnnxAttribute => ({ name, type: ONNX_ATTRIBUTES.int, i: value });
const shapeTensor = (name: string, ...values: number[]): OnnxTensor => ({
  name,
  dims: [values.length],
  dataType: 7,
  int64Data: values,
});
const node = (
  opType: string,
  input: string[],
  output: string[],
  ...attribute: OnnxAttribute[]
): OnnxNode => ({
  opType,
  input,
  output,
  attribute,
});

let files = 0;
async function onnx(
  example: (number | string)[],
  nodes: OnnxNode[],
  initializer: OnnxTensor[],
  batch: number | string = 'n',
): Promise<string> {
  const path = join(folder, `${files++}.onnx`);
  const [last] = nodes[nodes.length - 1].output.filter((name) => name !== '');
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'axes',
      node: nodes,
      initializer,
      input: [floatValueInfo('x', [batch, ...example])],
      output: [{ name: last }],
    },
  });
  return path;
}

/** All the rows of every layer, and those of each example run alone, which have to be the same. */
async function rowsOf(t: ExecutionContext, path: string, x: NdArray, featureMaps: FeatureMaps = 'flatten') {
  const model = await openModel(path, { backend: 'tfjs-cpu' });
  const options = { featureMaps, batch: 4 };
  const activations = await openActivations(model, x, options);
  const names = activations.layers.map(({ name }) => name);
  const rows = await activations.collect(names);
  const [n, ...example] = x.shape;
  const size = x.data.length / n;
  if (model.input.batch === null) {
    for (let i = 0; i < n; i++) {
      const data = x.data.slice(i * size, (i + 1) * size);
      const alone = await (
        await openActivations(model, { data, shape: [1, ...example] }, options)
      ).collect(names);
      for (const name of names) {
        const { data: all } = rows.get(name)!;
        const { data: one } = alone.get(name)!;
        t.is(all.length, n * one.length, name);
        one.forEach((value, k) =>
          t.true(Math.abs(value - all[i * one.length + k]) < 1e-4, `${name}, example ${i}, value ${k}`),
        );
      }
    }
  }
  await model.dispose();
  return rows;
}

test('layers between two transposes have their examples in rows', async (t) => {
  const path = await onnx(
    [2],
    [
      node('Transpose', ['x'], ['a'], ints('perm', 1, 0)),
      node('MatMul', ['matrix', 'a'], ['mul']),
      node('Transpose', ['mul'], ['b'], ints('perm', 1, 0)),
      node('Relu', ['b'], ['relu']),
    ],
    [floatTensor('matrix', [2, 2], [2, 0, 0, 3])],
  );
  for (const n of [1, 2, 3, 7]) {
    const x = normals(n, 2);
    const rows = await rowsOf(t, path, x);
    const expected = x.data.map((value, at) => value * (at % 2 === 0 ? 2 : 3));
    t.deepEqual(rows.get('mul')!, { data: expected as Float32Array, shape: [n, 2] });
    t.deepEqual(
      rows.get('relu')!.data,
      expected.map((value) => Math.max(0, value)),
    );
  }
  const model = await openModel(path);
  const { steps } = await analyseNetwork(model, normals(40, 2));
  // What a ReLU makes of a layer stands for it.
  t.deepEqual(
    steps.map(({ from, to }) => [from, to]),
    [['input', 'relu']],
  );
  await model.dispose();
});

test('a batch that is joined with another axis is taken apart', async (t) => {
  // [n, 3, 2] as [3n, 2], and with the positions first as [3 · n, 2].
  const path = await onnx(
    [3, 2],
    [
      node('Reshape', ['x', 'rows'], ['joined']),
      node('Tanh', ['joined'], ['together']),
      node('Transpose', ['x'], ['turned'], ints('perm', 1, 0, 2)),
      node('Reshape', ['turned', 'rows'], ['apart']),
      node('Neg', ['apart'], ['interleaved']),
    ],
    [shapeTensor('rows', -1, 2)],
  );
  const model = await openModel(path);
  t.deepEqual(
    model.layers.map(({ name }) => name),
    ['together', 'interleaved'],
  );
  await model.dispose();
  const x = normals(6, 3, 2);
  const rows = await rowsOf(t, path, x);
  t.deepEqual(rows.get('interleaved')!, {
    data: x.data.map((value) => -value) as Float32Array,
    shape: [6, 6],
  });
  t.deepEqual(rows.get('together')!.shape, [6, 6]);
});

test('recurrent layers give one row per example, in sequences, states and both directions', async (t) => {
  const [T, d, h, dirs] = [5, 3, 4, 2];
  for (const [op, gates] of [
    ['LSTM', 4],
    ['GRU', 3],
    ['RNN', 1],
  ] as const) {
    const weights = [
      floatTensor('W', [dirs, gates * h, d], normals(dirs, gates * h, d).data),
      floatTensor('R', [dirs, gates * h, h], normals(dirs, gates * h, h).data),
    ];
    const both = { name: 'direction', type: ONNX_ATTRIBUTES.string, s: Buffer.from('bidirectional') };
    const hidden = int('hidden_size', h);
    const turned = node('Transpose', ['x'], ['steps'], ints('perm', 1, 0, 2));
    // The sequence; the state alone, whose first output has no name; and the states of two as torch stacks them.
    const path = await onnx(
      [T, d],
      [
        turned,
        node(op, ['steps', 'W', 'R'], ['sequence'], both, hidden),
        node(op, ['steps', 'W', 'R'], ['', 'state'], both, hidden),
        node('Concat', ['state', 'state'], ['stacked'], int('axis', 0)),
        node('Identity', ['sequence'], ['out']),
      ],
      weights,
    );
    const x = normals(6, T, d);
    const rows = await rowsOf(t, path, x);
    t.deepEqual(rows.get('sequence')!.shape, [6, T * dirs * h], op);
    t.deepEqual(rows.get('state')!.shape, [6, dirs * h], op);
    t.deepEqual(rows.get('stacked')!.shape, [6, 2 * dirs * h], op);
    // The forward direction ends in the state.
    const [sequence, state] = [rows.get('sequence')!.data, rows.get('state')!.data];
    for (let i = 0; i < 6; i++)
      for (let k = 0; k < h; k++)
        t.true(
          Math.abs(sequence[i * T * dirs * h + (T - 1) * dirs * h + k] - state[i * dirs * h + k]) < 1e-5,
        );
    const positions = await rowsOf(t, path, x, 'positions');
    t.deepEqual(positions.get('sequence')!.shape, [6 * T, dirs * h], op);
    t.deepEqual(positions.get('sequence')!.data, sequence);
  }
});

test('what follows a one-dimensional convolution is pooled over its positions', async (t) => {
  const path = await onnx(
    [2, 6],
    [
      node('Conv', ['x', 'W'], ['maps'], ints('kernel_shape', 1)),
      node('Relu', ['maps'], ['relu']),
      node('Transpose', ['relu'], ['turned'], ints('perm', 0, 2, 1)),
      node('Mul', ['turned', 'scale'], ['last']),
    ],
    [floatTensor('W', [3, 2, 1], normals(3, 2, 1).data), floatTensor('scale', [3], [1, 2, 3])],
  );
  const x = normals(4, 2, 6);
  const [flat, mean] = [await rowsOf(t, path, x), await rowsOf(t, path, x, 'mean')];
  t.deepEqual(mean.get('maps')!.shape, [4, 3]);
  const relu = flat.get('relu')!.data;
  for (let i = 0; i < 4; i++)
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let p = 0; p < 6; p++) sum += relu[i * 18 + c * 6 + p] / 6;
      t.true(Math.abs(mean.get('relu')!.data[i * 3 + c] - sum) < 1e-5);
      t.true(Math.abs(mean.get('last')!.data[i * 3 + c] - sum * (c + 1)) < 1e-5);
    }
});

test('a ConvNeXt block has its channels first, then last, then first', async (t) => {
  const path = await onnx(
    [3, 4, 4],
    [
      node('Conv', ['x', 'W'], ['depthwise'], int('group', 3), ints('pads', 1, 1, 1, 1)),
      node('Transpose', ['depthwise'], ['last'], ints('perm', 0, 2, 3, 1)),
      node('LayerNormalization', ['last', 'gamma'], ['norm']),
      node('MatMul', ['norm', 'A'], ['wide']),
      node('Relu', ['wide'], ['relu']),
      node('MatMul', ['relu', 'B'], ['narrow']),
      node('Transpose', ['narrow'], ['first'], ints('perm', 0, 3, 1, 2)),
      node('Add', ['x', 'first'], ['sum']),
    ],
    [
      floatTensor('W', [3, 1, 3, 3], normals(3, 1, 3, 3).data),
      floatTensor('gamma', [3], [1, 1, 1]),
      floatTensor('A', [3, 12], normals(3, 12).data),
      floatTensor('B', [12, 3], normals(12, 3).data),
    ],
  );
  const mean = await rowsOf(t, path, normals(5, 3, 4, 4), 'mean');
  const widths = ['depthwise', 'norm', 'wide', 'relu', 'narrow', 'sum'].map(
    (name) => mean.get(name)!.shape[1],
  );
  t.deepEqual(widths, [3, 3, 12, 12, 3, 3]);
  // Normalised over its channels, each position has the mean 0.
  const { data } = mean.get('norm')!;
  for (let i = 0; i < 5; i++) t.true(Math.abs(data[3 * i] + data[3 * i + 1] + data[3 * i + 2]) < 1e-4);
});

test('a model of one number of examples finds them by their order', async (t) => {
  const nodes = [node('Transpose', ['x'], ['a'], ints('perm', 1, 0)), node('Mul', ['a', 'scale'], ['mul'])];
  const scale = [floatTensor('scale', [3, 1], [2, 3, 4])];
  const x = normals(7, 3);
  const expected = x.data.map((value, at) => value * (2 + (at % 3)));
  for (const batch of [2, 3]) {
    const rows = await rowsOf(t, await onnx([3], nodes, scale, batch), x);
    t.deepEqual(rows.get('mul')!.data, expected as Float32Array, String(batch));
  }
});

test('what is one for the whole batch, or one for each pair, is no layer', async (t) => {
  const path = await onnx(
    [2],
    [
      node('ReduceMean', ['x'], ['whole'], ints('axes', 0), int('keepdims', 1)),
      node('Transpose', ['x'], ['a'], ints('perm', 1, 0)),
      node('MatMul', ['x', 'a'], ['pairs']),
      node('Relu', ['x'], ['relu']),
    ],
    [],
  );
  const model = await openModel(path);
  const { layers: found } = await openActivations(model, normals(2, 2));
  t.deepEqual(
    found.map(({ name }) => name),
    ['input', 'relu'],
  );
  await model.dispose();
});

test('a recurrent layer of TensorFlow.js that gives its state as well is there', async (t) => {
  const input = layers.input({ shape: [4, 2] });
  const [sequence, state] = layers.layers
    .lstm({
      units: 3,
      returnSequences: true,
      returnState: true,
      recurrentInitializer: 'glorotUniform',
      name: 'lstm',
    })
    .apply(input) as layers.SymbolicTensor[];
  const summed = layers.layers.dense({ units: 2, name: 'dense' }).apply(state) as layers.SymbolicTensor;
  const built = layers.model({ inputs: input, outputs: [sequence, summed] });
  const place = join(folder, 'lstm');
  await saveLayersModel(place, built);
  built.dispose();
  const rows = await rowsOf(t, place, normals(5, 4, 2), 'positions');
  t.deepEqual(rows.get('lstm')!.shape, [20, 3]);
  t.deepEqual(rows.get('dense')!.shape, [5, 2]);
});
