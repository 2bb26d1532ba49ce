import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import test, { type ExecutionContext } from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { ONNX_ATTRIBUTES, floatTensor, floatValueInfo, writeOnnx } from '../ts/io/onnx-model.js';
import { analyseNetwork, openActivations, openModel } from '../ts/network/index.js';
import { exampleShape } from '../ts/network/model/input-shape.js';
import type { ModelInput } from '../ts/network/model/model.js';
import { convolutionModel, normals } from './network-models.js';
import { saveLayersModel } from './trained-model.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-inputs-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

async function rejects(t: ExecutionContext, code: ErrorCode, work: () => Promise<unknown>, text: RegExp) {
  const error = await t.throwsAsync(work, { instanceOf: RidgeflowError });
  t.is(error.code, code, error.message);
  t.regex(error.message, text);
}

const valueInfo = (name: string, elemType: number, shape: (number | string)[]) => {
  const info = floatValueInfo(name, shape);
  info.type!.tensorType!.elemType = elemType;
  return info;
};

/** Embeds ids, masks them, adds a state that has its examples second, and divides by a rate. */
async function textModel(name: string): Promise<string> {
  const path = join(folder, name);
  const cast = { name: 'to', type: ONNX_ATTRIBUTES.int, i: 1 };
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'text',
      node: [
        { opType: 'Gather', input: ['table', 'ids'], output: ['embedded'] },
        { opType: 'Cast', input: ['mask'], output: ['float mask'], attribute: [cast] },
        { opType: 'Unsqueeze', input: ['float mask', 'last'], output: ['wide mask'] },
        { opType: 'Mul', input: ['embedded', 'wide mask'], output: ['masked'] },
        { opType: 'ReduceSum', input: ['state', 'first'], output: ['summed'] },
        {
          opType: 'Transpose',
          input: ['summed'],
          output: ['turned'],
          attribute: [{ name: 'perm', type: ONNX_ATTRIBUTES.ints, ints: [1, 0, 2] }],
        },
        { opType: 'Add', input: ['masked', 'turned'], output: ['sum'] },
        { opType: 'Cast', input: ['rate'], output: ['float rate'], attribute: [cast] },
        { opType: 'Div', input: ['sum', 'float rate'], output: ['out'] },
      ],
      initializer: [
        floatTensor('table', [5, 2], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41]),
        { name: 'last', dims: [1], dataType: 7, int64Data: [2] },
        { name: 'first', dims: [1], dataType: 7, int64Data: [0] },
      ],
      input: [
        valueInfo('ids', 7, ['batch', 'sequence']),
        valueInfo('mask', 7, ['batch', 'sequence']),
        valueInfo('state', 1, [2, 'batch', 2]),
        valueInfo('rate', 7, []),
      ],
      output: [{ name: 'out' }],
    },
  });
  return path;
}

test('an ONNX model of several inputs: ids, a mask, a state with its examples second, a scalar', async (t) => {
  const model = await openModel(await textModel('text.onnx'));
  t.deepEqual(
    model.inputs.map(({ name, type, axis, shape }) => [name, type, axis, shape]),
    [
      ['ids', 'int64', 0, [null]],
      ['mask', 'int64', 0, [null]],
      ['state', 'float32', 1, [2, 2]],
      ['rate', 'int64', null, []],
    ],
  );
  const n = 11;
  const ids = ndarray(
    Float32Array.from({ length: 3 * n }, (_, i) => (i * i) % 5),
    [n, 3],
  );
  const mask = ndarray(
    Float32Array.from({ length: 3 * n }, (_, i) => Number(i % 3 < 2)),
    [n, 3],
  );
  const state = normals(n, 2, 2);
  const find = async (data: Record<string, NdArray | number>) => {
    const opened = await openActivations(model, data, { layers: ['out'], batch: 4, featureMaps: 'flatten' });
    return (await opened.collect(['out'])).get('out')!;
  };
  const expected = (masked: (at: number) => number, held: (i: number, k: number) => number) =>
    Float32Array.from({ length: n * 6 }, (_, at) => {
      const [token, k] = [at >> 1, at & 1];
      return (masked(token) * (10 * ids.data[token] + k) + held(Math.floor(token / 3), k)) / 4;
    });
  const close = (found: NdArray, right: Float32Array) =>
    t.true(found.data.every((value, i) => Math.abs(value - right[i]) < 1e-5));
  const summed = (i: number, k: number) => state.data[4 * i + k] + state.data[4 * i + 2 + k];
  const rate = ndarray(Float32Array.of(4), [1]);
  close(
    await find({ ids, mask, state, rate }),
    expected((token) => mask.data[token], summed),
  );
  // Numbers fill an input; what is open in it is as in the inputs that share its names.
  close(
    await find({ ids, mask: 1, state: 0.5, rate: 4 }),
    expected(
      () => 1,
      () => 1,
    ),
  );

  // Means leave the masked tokens out, unless told otherwise; all are taken where none is left.
  const half = ndarray(
    Float32Array.from({ length: 3 * n }, (_, i) => Number(i < 3 || i % 3 < 1 + (i % 2))),
    [n, 3],
  );
  half.data.fill(0, 3, 6);
  const pooled = async (mask: string | false | undefined) => {
    const activations = await openActivations(
      model,
      { ids, mask: half, state, rate },
      { mask, batch: 4, layers: ['embedded'] },
    );
    return (await activations.collect(['embedded'])).get('embedded')!;
  };
  const meanOf = (i: number, k: number, counts: (token: number) => boolean) => {
    const tokens = [3 * i, 3 * i + 1, 3 * i + 2].filter(counts);
    const taken = tokens.length > 0 ? tokens : [3 * i, 3 * i + 1, 3 * i + 2];
    return taken.reduce((sum, token) => sum + 10 * ids.data[token] + k, 0) / taken.length;
  };
  const means = (counts: (token: number) => boolean) =>
    Float32Array.from({ length: 2 * n }, (_, at) => meanOf(at >> 1, at & 1, counts));
  for (const name of [undefined, 'mask'])
    close(
      await pooled(name),
      means((token) => half.data[token] !== 0),
    );
  close(
    await pooled(false),
    means(() => true),
  );
  await rejects(t, 'INVALID_ARGUMENT', () => pooled('masks'), /ids, mask, state, rate/);

  const opened = (data: Record<string, NdArray | number>) => () => openActivations(model, data);
  await rejects(
    t,
    'INVALID_ARGUMENT',
    opened({ ids }),
    /takes 4 inputs.*nothing is given for mask, state, rate/,
  );
  await rejects(t, 'INVALID_ARGUMENT', opened({ ids, mask, state, rate, more: 1 }), /no input "more"/);
  await rejects(t, 'INVALID_SHAPE', opened({ ids, mask: normals(3, 3), state, rate }), /11 examples.*mask/);
  await rejects(
    t,
    'INVALID_ARGUMENT',
    opened({ ids: normals(n, 3), mask, state, rate }),
    /whole numbers.*example 0/,
  );
  await rejects(t, 'INVALID_ARGUMENT', () => openActivations(model, ids), /takes 4 inputs/);
  await model.dispose();
});

test('an ONNX model of whole numbers refuses what is not one, and takes one input by name', async (t) => {
  const path = join(folder, 'ids.onnx');
  await writeOnnx(path, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'ids',
      node: [
        { opType: 'Gather', input: ['table', 'ids'], output: ['embedded'] },
        { opType: 'Relu', input: ['embedded'], output: ['out'] },
      ],
      initializer: [floatTensor('table', [3, 2], [0, 1, 2, 3, 4, 5])],
      input: [valueInfo('ids', 6, ['n', 2])],
      output: [{ name: 'out' }],
    },
  });
  const model = await openModel(path);
  const ids = ndarray(Float32Array.of(0, 1, 2, 0, 1, 1), [3, 2]);
  const rows = await (await openActivations(model, { ids }, { featureMaps: 'flatten' })).collect(['out']);
  t.deepEqual([...rows.get('out')!.data], [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 2, 3]);
  await rejects(t, 'INVALID_ARGUMENT', () => openActivations(model, normals(3, 2)), /whole numbers/);
  await model.dispose();
});

test('a LayersModel of two inputs, with weights of both', async (t) => {
  const [a, b] = [layers.input({ shape: [3], name: 'a' }), layers.input({ shape: [2], name: 'b' })];
  const wide = layers.layers.concatenate({ name: 'both' }).apply([a, b]) as layers.SymbolicTensor;
  const out = layers.layers.dense({ units: 4, name: 'out' }).apply(wide) as layers.SymbolicTensor;
  const built = layers.model({ inputs: [a, b], outputs: out });
  await saveLayersModel(join(folder, 'two'), built);
  const [x, y] = [normals(9, 3), normals(9, 2)];
  const right = (
    built.predict([
      tf.tensor2d(x.data as Float32Array, [9, 3]),
      tf.tensor2d(y.data as Float32Array, [9, 2]),
    ]) as tf.Tensor
  ).dataSync();
  for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const) {
    const model = await openModel(join(folder, 'two'), { backend });
    t.deepEqual(
      model.inputs.map(({ name }) => name),
      ['a', 'b'],
    );
    const rows = await (await openActivations(model, { a: x, b: y }, { batch: 4 })).collect(['out']);
    t.true(rows.get('out')!.data.every((value, i) => Math.abs(value - right[i]) < 1e-5));
    const analysis = await analyseNetwork(model, { a: x, b: y });
    t.deepEqual(
      analysis.layers.map(({ name }) => name),
      ['input', 'both', 'out'],
    );
    await model.dispose();
  }
});

const input = (...shape: (number | null)[]): ModelInput => ({
  name: 'x',
  shape,
  batch: null,
  axis: 0,
  type: 'float32',
});

test('examples keep their shape, and values in another order are refused', (t) => {
  for (const [shape, example, found] of [
    [[28, 28, 1], [784], [28, 28, 1]],
    [
      [1, 28, 28],
      [28, 28],
      [1, 28, 28],
    ],
    [
      [28, 28],
      [28, 28, 1],
      [28, 28],
    ],
    [
      [null, null, 3],
      [5, 7, 3],
      [5, 7, 3],
    ],
    [
      [1, null, null],
      [5, 7],
      [1, 5, 7],
    ],
    [[null, 3], [12], [4, 3]],
    [
      [3, 32, 32],
      [3, 1024],
      [3, 32, 32],
    ],
    [[3072], [32, 32, 3], [3072]],
    [[], [1], []],
  ] as const)
    t.deepEqual(exampleShape(input(...shape), example), [...found]);
  for (const [shape, example, text] of [
    [[32, 32, 3], [3, 32, 32], /another order.*x\.transpose\(0, 2, 3, 1\)/],
    [[3, 32, 32], [32, 32, 3], /another order.*x\.transpose\(0, 3, 1, 2\)/],
    [[null, null, 3], [3, 5, 7], /another order/],
    [[4, 16], [8, 8], /as many, but their axes/],
    [[3, null, null], [147], /give the shape of an example/],
    [[5], [4], /trained on/],
  ] as const) {
    const error = t.throws(() => exampleShape(input(...shape), example), { instanceOf: RidgeflowError });
    t.is(error.code, 'INVALID_SHAPE');
    t.regex(error.message, text);
  }
});

test('images with their channels elsewhere are refused rather than taken for others', async (t) => {
  const path = join(folder, 'maps.onnx');
  await writeOnnx(path, convolutionModel(normals(3, 1, 2, 2)));
  const model = await openModel(path);
  await rejects(
    t,
    'INVALID_SHAPE',
    () => openActivations(model, normals(5, 2, 8)),
    /axes do not agree|as many/,
  );
  t.is((await openActivations(model, normals(5, 4, 4))).layers.length, 3);
  await model.dispose();
});
