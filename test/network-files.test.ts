import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ACTIVATION_NAMES, type ActivationName } from '../ts/core/activation.js';
import { type NdArray, zeros } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { decodeOnnx, encodeOnnx, readOnnx } from '../ts/io/onnx-model.js';
import {
  type Network,
  type ResidualNetwork,
  type ShallowNetwork,
  readLayersModel,
  readNetworkOnnx,
  residualNetwork,
  shallowNetwork,
  writeLayersModel,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import { Random } from './reference/random.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-network-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

/** From a generator of its own: tests run at once, and those that shared one would take their numbers in any order. */
function normals(random: Random, ...shape: number[]): NdArray {
  const array = zeros(shape);
  array.data.set(random.normals(array.data.length));
  return array;
}

/** Of outputs of unit size: a chain of larger ones magnifies the rounding of its first layer. */
function scaled({ data, shape }: NdArray, factor: number): NdArray {
  return { data: data.map((value) => factor * value), shape };
}

function shallow(
  activation: ActivationName,
  d: number,
  k: number,
  m = 19,
  random = new Random(17),
): ShallowNetwork {
  return shallowNetwork({
    activation,
    A: normals(random, m, d),
    b: normals(random, m),
    C: scaled(normals(random, m, k), 1 / Math.sqrt(m)),
    bias: normals(random, k),
  });
}

function residual(activation: ActivationName): ResidualNetwork {
  const random = new Random(18);
  const layers = [0.1, 0.25, 0.05].map((step) => ({ network: shallow(activation, 3, 3, 19, random), step }));
  return residualNetwork({ layers, from: 0.5 });
}

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

async function runOnnx(
  bytes: Uint8Array,
  x: NdArray,
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const { y } = await session.run({ x: new Tensor('float32', x.data as Float32Array, x.shape) });
  return { data: y.data as Float32Array, dims: y.dims };
}

test('ONNX: every activation runs elsewhere with the same outputs, and reads back the same', async (t) => {
  for (const name of ACTIVATION_NAMES) {
    for (const network of [shallow(name, 3, 2), residual(name)]) {
      const path = join(folder, `${name}-${network.constructor.name}.onnx`);
      await writeNetworkOnnx(path, network);
      const x = normals(new Random(19), 11, 3);
      const { data } = await network.evaluate(x);
      const elsewhere = await runOnnx(await readFile(path), x);
      t.deepEqual(elsewhere.dims, [11, data.length / 11]);
      const size = Math.max(1, difference(data, new Float32Array(data.length)));
      const error = difference(elsewhere.data, data) / size;
      t.true(error < 3e-5, `${name}: ${error}`);
      const back = await readNetworkOnnx(path);
      t.deepEqual((await back.evaluate(x)).data, data, name);
      t.is(back.constructor, network.constructor);
    }
  }
});

test('ONNX: steps and times come back as they were, and the file is a plain model', async (t) => {
  const network = residual('tanh');
  const path = join(folder, 'plain.onnx');
  await writeNetworkOnnx(path, network);
  const back = (await readNetworkOnnx(path)) as ResidualNetwork;
  t.deepEqual(back.times, network.times);
  const model = await readOnnx(path);
  t.is(Number(model.opsetImport[0].version), 17);
  const operators = new Set(model.graph.node.map(({ opType }) => opType));
  t.deepEqual([...operators], ['Gemm', 'Tanh', 'Mul', 'Add']);
  t.deepEqual(
    [...model.graph.input, ...model.graph.output].map(({ name }) => name),
    ['x', 'y'],
  );
});

test('ONNX: an inner value can be made an output', async (t) => {
  const network = shallow('relu', 4, 2, 6);
  const path = join(folder, 'inner.onnx');
  await writeNetworkOnnx(path, network);
  const model = await readOnnx(path);
  model.graph.output.push({ name: 'layer0.units' });
  const session = await InferenceSession.create(await encodeOnnx(model));
  const x = normals(new Random(19), 5, 4);
  const values = await session.run({ x: new Tensor('float32', x.data as Float32Array, x.shape) });
  const units = values['layer0.units'].data as Float32Array;
  const found = new Float32Array(10);
  for (let i = 0; i < 5; i++) {
    for (let c = 0; c < 2; c++) {
      found[2 * i + c] = network.bias.data[c];
      for (let j = 0; j < 6; j++) found[2 * i + c] += units[6 * i + j] * network.C.data[2 * j + c];
    }
  }
  t.true(difference(found, values.y.data as Float32Array) < 1e-5);
});

/** The outputs of a model that TensorFlow.js Layers loads from the files. */
async function runLayersModel(path: string, x: NdArray): Promise<{ data: Float32Array; shape: number[] }> {
  const tf = await import('@tensorflow/tfjs-core');
  // Or it prints advice on the console.
  tf.env().set('PROD', true);
  await import('@tensorflow/tfjs-backend-cpu');
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  await tf.setBackend('cpu');
  const model = JSON.parse(await readFile(join(path, 'model.json'), 'utf8')) as {
    modelTopology: object;
    weightsManifest: { weights: [] }[];
  };
  const bytes = await readFile(join(path, 'weights.bin'));
  const weightData = Uint8Array.from(bytes).buffer;
  const { modelTopology, weightsManifest } = model;
  const artifacts = { modelTopology, weightSpecs: weightsManifest[0].weights, weightData };
  const loaded = await loadLayersModel(tf.io.fromMemory(artifacts));
  const out = loaded.predict(tf.tensor2d(x.data as Float32Array, x.shape as [number, number]));
  if (Array.isArray(out)) throw new Error('Expected one output');
  return { data: await out.data<'float32'>(), shape: out.shape };
}

test('TensorFlow.js Layers: loads, gives the same outputs, and reads back the same', async (t) => {
  for (const name of ['relu', 'tanh', 'sigmoid', 'softplus', 'gelu'] as const) {
    for (const network of [shallow(name, 3, 2), residual(name)]) {
      const path = join(folder, 'layers', `${name}-${network.constructor.name}`);
      await writeLayersModel(path, network);
      t.deepEqual((await readdir(path)).sort(), ['model.json', 'weights.bin']);
      const x = normals(new Random(19), 7, 3);
      const { data } = await network.evaluate(x);
      const elsewhere = await runLayersModel(path, x);
      t.deepEqual(elsewhere.shape, [7, data.length / 7]);
      t.true(difference(elsewhere.data, data) < 3e-5, `${name}: ${difference(elsewhere.data, data)}`);
      const back = await readLayersModel(path);
      t.is(back.constructor, network.constructor);
      t.true(difference((await back.evaluate(x)).data, data) < 3e-6);
    }
  }
});

test('networks in files: bad input', async (t) => {
  const fails = async (call: Promise<unknown>, code: ErrorCode) =>
    t.is((await t.throwsAsync(call, { instanceOf: RidgeflowError })).code, code);
  const bad = join(folder, 'bad');
  await fails(writeLayersModel(bad, shallow('cosine', 1, 1)), 'UNSUPPORTED');
  const mixed: Network = residualNetwork({
    layers: [
      { network: shallow('relu', 2, 2), step: 1 },
      { network: shallow('tanh', 2, 2), step: 1 },
    ],
  });
  await fails(writeLayersModel(bad, mixed), 'UNSUPPORTED');
  await fails(writeNetworkOnnx(join(folder, 'mixed.onnx'), mixed), 'UNSUPPORTED');
  await fails(readNetworkOnnx(join(folder, 'none.onnx')), 'FILE_NOT_FOUND');
  await fails(readLayersModel(join(folder, 'none')), 'FILE_NOT_FOUND');
  await fails(readNetworkOnnx(''), 'INVALID_ARGUMENT');
  await fails(writeNetworkOnnx(join(folder, 'no', 'such', 'x.onnx'), shallow('relu', 1, 1)), 'FILE_WRITE');
  await fails(
    writeNetworkOnnx(join(folder, 'a.onnx'), shallow('relu', 1, 1), { signal: AbortSignal.abort() }),
    'ABORTED',
  );
  t.false((await readdir(folder)).includes('a.onnx'));

  const path = join(folder, 'damaged.onnx');
  await writeNetworkOnnx(path, shallow('relu', 2, 1));
  const bytes = await readFile(path);
  for (const length of [0, 1, 10, 100, bytes.length - 30]) {
    await fails(
      decodeOnnx(bytes.subarray(0, length)).then((model) => encodeOnnx(model)),
      'FILE_FORMAT',
    );
  }
  const model = await decodeOnnx(bytes);
  for (const change of [
    () => (model.graph.initializer![0].dataType = 11),
    () => (model.graph.initializer = []),
    () => (model.metadataProps = []),
  ]) {
    change();
    await writeFile(path, await encodeOnnx(model));
    await fails(readNetworkOnnx(path), 'FILE_FORMAT');
  }
  const layers = join(folder, 'damaged');
  await writeLayersModel(layers, shallow('relu', 2, 1));
  const weights = await readFile(join(layers, 'weights.bin'));
  await writeFile(join(layers, 'weights.bin'), weights.subarray(0, 40));
  await fails(readLayersModel(layers), 'FILE_FORMAT');
  for (const text of ['{', '{}', 'null', '{"userDefinedMetadata":{"ridgeflow.network":"7"}}']) {
    await writeFile(join(layers, 'model.json'), text);
    await fails(readLayersModel(layers), 'FILE_FORMAT');
  }
});
