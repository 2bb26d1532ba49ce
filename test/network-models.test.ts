import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import test, { type ExecutionContext } from 'ava';
import { type NdArray, ndarray } from '../ts/core/array.js';
import { type ErrorCode, RidgeflowError } from '../ts/core/errors.js';
import { encodeOnnx, writeOnnx } from '../ts/io/onnx-model.js';
import {
  type NetworkModel,
  RandomProjection,
  openActivations,
  openModel,
  writeLayersModel,
  writeNetworkOnnx,
} from '../ts/network/index.js';
import { convolutionModel, normals, residualStream, writeGraphModel } from './network-models.js';
import { saveLayersModel } from './trained-model.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeflow-models-'));
  await tf.setBackend('cpu');
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

async function rejects(t: ExecutionContext, code: ErrorCode, work: () => Promise<unknown>, text?: RegExp) {
  const error = await t.throwsAsync(work, { instanceOf: RidgeflowError });
  t.is(error.code, code, error?.message);
  if (text) t.regex(error.message, text);
}

const network = residualStream(5, 3);

// Alone, because it counts tensors.
test.serial('await using frees a model, of both formats, and freeing it again does nothing', async (t) => {
  await writeNetworkOnnx(join(folder, 'freed.onnx'), network);
  await writeLayersModel(join(folder, 'freed'), network);
  const x = normals(4, 5);
  const before = tf.memory().numTensors;
  for (const path of ['freed.onnx', 'freed']) {
    let kept: NetworkModel | undefined;
    {
      await using model = await openModel(join(folder, path), { backend: 'tfjs-cpu' });
      t.is((await model.run(x, [model.layers[0].name])).size, 1, path);
      kept = model;
    }
    t.is(tf.memory().numTensors, before, path);
    await t.notThrowsAsync(() => kept.dispose(), path);
  }
});

// Alone, because it counts tensors.
test.serial('a residual network gives the same activations as ONNX, LayersModel and directly', async (t) => {
  const x = normals(37, 5);
  const states: NdArray[] = [];
  let at = x;
  for (const { network: layer, step } of network.layers) {
    const change = await layer.evaluate(at);
    at = { data: at.data.map((value, i) => value + step * change.data[i]), shape: at.shape };
    states.push(at);
  }
  await writeNetworkOnnx(join(folder, 'stream.onnx'), network);
  await writeLayersModel(join(folder, 'stream'), network);
  for (const [path, backend] of [
    ['stream.onnx', undefined],
    ['stream', 'tfjs-cpu'],
    ['stream/model.json', 'tfjs-wasm'],
  ] as const) {
    const before = tf.memory().numTensors;
    const model = await openModel(join(folder, path), { backend });
    const activations = await openActivations(model, x, { layers: ['Add'], batch: 10 });
    const names = activations.layers.map(({ name }) => name);
    t.is(names.length, 4, path);
    const rows = await activations.collect(names);
    t.deepEqual(rows.get('input')!.data, x.data);
    states.forEach(({ data }, l) => {
      const error = difference(rows.get(names[l + 1])!.data, data);
      t.true(error < 2e-5, `${path} layer ${l}: ${error}`);
    });
    const block = model.block(names[1], names[3]);
    const moved = await block!(states[0]);
    t.true(difference(moved.data, states[2].data) < 2e-5, path);
    // What a layer adds does not follow from the addition after it.
    t.is(model.block(names[2], names[1]), undefined);
    await model.dispose();
    t.is(tf.memory().numTensors, before, path);
  }
});

test('a graph model gives what it computes, and blocks from within', async (t) => {
  const W = normals(3, 4);
  const place = join(folder, 'graph');
  await mkdir(place);
  await writeGraphModel(place, W);
  const model = await openModel(place);
  t.is(model.format, 'tfjs-graph');
  t.deepEqual(model.layers, [
    { name: 'product', kind: 'MatMul' },
    { name: 'hidden', kind: 'Relu' },
    { name: 'out', kind: 'Tanh' },
  ]);
  const x = normals(7, 3);
  const rows = await (await openActivations(model, x)).collect(['hidden', 'out']);
  const hidden = Float64Array.from({ length: 28 }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum += x.data[Math.floor(at / 4) * 3 + k] * W.data[k * 4 + (at % 4)];
    return Math.max(0, sum);
  });
  t.true(difference(rows.get('hidden')!.data, hidden) < 1e-5);
  t.true(difference(rows.get('out')!.data, hidden.map(Math.tanh)) < 1e-5);
  const block = model.block('hidden', 'out');
  t.true(difference((await block!(rows.get('hidden')!)).data, hidden.map(Math.tanh)) < 1e-5);
  t.is(model.block('out', 'hidden'), undefined);
  await model.dispose();
});

test('feature maps are flattened, pooled or taken by position, channels first in ONNX', async (t) => {
  const weights = normals(3, 1, 2, 2);
  const path = join(folder, 'convolution.onnx');
  await writeOnnx(path, convolutionModel(weights));
  const model = await openModel(path);
  const x = normals(6, 16);
  const maps = Float64Array.from({ length: 6 * 27 }, (_, at) => {
    const [i, c, r, s] = [Math.floor(at / 27), Math.floor(at / 9) % 3, Math.floor(at / 3) % 3, at % 3];
    let sum = 0;
    for (let a = 0; a < 2; a++)
      for (let b = 0; b < 2; b++)
        sum += x.data[i * 16 + (r + a) * 4 + s + b] * weights.data[c * 4 + 2 * a + b];
    return sum;
  });
  const of = async (featureMaps: 'flatten' | 'mean' | 'positions', rows?: number) =>
    (await (await openActivations(model, x, { featureMaps, rows, batch: 4 })).collect(['maps'])).get('maps')!;
  const flat = await of('flatten');
  t.deepEqual(flat.shape, [6, 27]);
  t.true(difference(flat.data, maps) < 1e-5);
  const mean = await of('mean');
  t.deepEqual(mean.shape, [6, 3]);
  const means = Array.from({ length: 18 }, (_, at) =>
    maps.subarray(9 * at, 9 * at + 9).reduce((sum, value) => sum + value / 9, 0),
  );
  t.true(difference(mean.data, means) < 1e-5);
  const positions = await of('positions');
  t.deepEqual(positions.shape, [54, 3]);
  const byPosition = Array.from({ length: 162 }, (_, at) => {
    const [i, p, c] = [Math.floor(at / 27), Math.floor(at / 3) % 9, at % 3];
    return maps[i * 27 + c * 9 + p];
  });
  t.true(difference(positions.data, byPosition) < 1e-5);
  t.deepEqual((await of('positions', 13)).shape, [12, 3]);
  await model.dispose();
});

test('feature maps of TensorFlow.js have their channels last', async (t) => {
  const kernel = normals(2, 2, 1, 3);
  const maps = layers.layers.conv2d({
    inputShape: [4, 4, 1],
    filters: 3,
    kernelSize: 2,
    useBias: false,
    name: 'maps',
  });
  const built = layers.sequential({ layers: [maps, layers.layers.flatten()] });
  maps.setWeights([tf.tensor4d(kernel.data as Float32Array, [2, 2, 1, 3])]);
  const place = join(folder, 'convolutional');
  await saveLayersModel(place, built);
  built.dispose();
  const x = normals(5, 16);
  // By example, row, column and channel.
  const direct = Float64Array.from({ length: 5 * 27 }, (_, at) => {
    const [i, r, s, c] = [Math.floor(at / 27), Math.floor(at / 9) % 3, Math.floor(at / 3) % 3, at % 3];
    let sum = 0;
    for (let a = 0; a < 2; a++)
      for (let b = 0; b < 2; b++)
        sum += x.data[i * 16 + (r + a) * 4 + s + b] * kernel.data[(2 * a + b) * 3 + c];
    return sum;
  });
  for (const backend of ['tfjs-cpu', 'tfjs-wasm'] as const) {
    const model = await openModel(place, { backend });
    t.deepEqual(model.layers, [{ name: 'maps', kind: 'Conv2D' }]);
    const of = async (featureMaps: 'flatten' | 'mean' | 'positions') =>
      (await (await openActivations(model, x, { featureMaps })).collect(['maps'])).get('maps')!;
    const [flat, mean, positions] = [await of('flatten'), await of('mean'), await of('positions')];
    t.deepEqual(
      [flat.shape, mean.shape, positions.shape],
      [
        [5, 27],
        [5, 3],
        [45, 3],
      ],
    );
    t.true(difference(flat.data, direct) < 1e-5);
    // Channels last, the values of a position lie together already.
    t.true(difference(positions.data, direct) < 1e-5);
    const means = Array.from({ length: 15 }, (_, at) => {
      let sum = 0;
      for (let p = 0; p < 9; p++) sum += direct[Math.floor(at / 3) * 27 + 3 * p + (at % 3)] / 9;
      return sum;
    });
    t.true(difference(mean.data, means) < 1e-5);
    await model.dispose();
  }
});

test('a random projection keeps distances, is linear and depends on its seed', async (t) => {
  const projection = new RandomProjection(3000, 400, 5);
  const points = normals(12, 3000);
  const projected = await projection.apply(points);
  t.deepEqual(projected.shape, [12, 400]);
  const square = ({ data, shape: [, d] }: NdArray, i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (data[i * d + k] - data[j * d + k]) ** 2;
    return sum;
  };
  for (let i = 1; i < 12; i++) {
    const ratio = square(projected, i, 0) / square(points, i, 0);
    t.true(Math.abs(ratio - 1) < 5 * Math.sqrt(2 / 400), String(ratio));
  }
  const twice = { data: points.data.map((value) => 2 * value), shape: points.shape };
  t.deepEqual(
    (await projection.apply(twice)).data,
    projected.data.map((value) => 2 * value),
  );
  t.deepEqual(await new RandomProjection(3000, 400, 5).apply(points), projected);
  t.deepEqual(await new RandomProjection(3000, 400, 5).apply(points, { backend: 'tfjs-cpu' }), projected);
  t.notDeepEqual((await new RandomProjection(3000, 400, 6).apply(points)).data, projected.data);
});

test('wide layers are projected, which the layer says', async (t) => {
  const path = join(folder, 'wide.onnx');
  await writeOnnx(path, convolutionModel(normals(3, 1, 2, 2)));
  const model = await openModel(path);
  const activations = await openActivations(model, normals(6, 16), { width: 10, featureMaps: 'flatten' });
  const maps = activations.layers.find(({ name }) => name === 'maps')!;
  t.deepEqual([maps.fullWidth, maps.width, [...maps.shape]], [27, 10, [3, 3, 3]]);
  t.deepEqual((await activations.collect(['maps'])).get('maps')!.shape, [6, 10]);
  await model.dispose();
});

test('what cannot be opened says so with its code', async (t) => {
  await rejects(t, 'FILE_NOT_FOUND', () => openModel(join(folder, 'none.onnx')));
  await rejects(t, 'FILE_NOT_FOUND', () => openModel(folder));
  await rejects(t, 'INVALID_ARGUMENT', () => openModel(''));
  const other = join(folder, 'model.h5');
  await writeFile(other, 'x');
  await rejects(t, 'UNSUPPORTED', () => openModel(other));
  const broken = join(folder, 'broken.onnx');
  const bytes = await encodeOnnx(convolutionModel(normals(3, 1, 2, 2)));
  await writeFile(broken, bytes.subarray(0, bytes.length / 2));
  await rejects(t, 'FILE_FORMAT', () => openModel(broken));
  await writeFile(broken, await encodeOnnx(convolutionModel(normals(3, 1, 2, 2), 'Frobnicate')));
  await rejects(t, 'UNSUPPORTED', () => openModel(broken), /Frobnicate/);
  await writeFile(broken, await encodeOnnx(convolutionModel(normals(3, 1, 2, 2), 'Own', 'com.example')));
  await rejects(t, 'UNSUPPORTED', () => openModel(broken), /Own/);
});

test('model.json that lists too much, names files elsewhere or unknown layers is refused', async (t) => {
  const good = join(folder, 'good');
  await writeLayersModel(good, network);
  const text = await readFile(join(good, 'model.json'), 'utf8');
  let count = 0;
  const changed = async (change: (text: string) => string) => {
    const place = join(folder, `bad${count++}`);
    await cp(good, place, { recursive: true });
    await writeFile(join(place, 'model.json'), change(text));
    return openModel(place);
  };
  await rejects(t, 'FILE_FORMAT', () => changed((json) => json.slice(0, 100)));
  await rejects(t, 'FILE_FORMAT', () => changed(() => '[]'));
  await rejects(t, 'FILE_FORMAT', () => changed(() => '{"modelTopology":{},"weightsManifest":[]}'));
  for (const path of ['../good/weights.bin', '/etc/passwd', 'http://example.org/w', '..\\w', ''])
    await rejects(
      t,
      'FILE_FORMAT',
      () => changed((json) => json.replace('"weights.bin"', JSON.stringify(path))),
      /weightsManifest/,
    );
  await rejects(t, 'FILE_NOT_FOUND', () => changed((json) => json.replace('weights.bin', 'absent.bin')));
  // A link that leaves the folder is no file in it; one that does not is.
  const linked = join(folder, 'linked');
  await cp(good, linked, { recursive: true });
  await symlink(join(linked, 'weights.bin'), join(linked, 'inside.bin'));
  await symlink(join(good, 'weights.bin'), join(linked, 'outside.bin'));
  const named = async (name: string) => {
    const text = await readFile(join(good, 'model.json'), 'utf8');
    await writeFile(join(linked, 'model.json'), text.replace('weights.bin', name));
    return openModel(linked);
  };
  await (await named('inside.bin')).dispose();
  await rejects(t, 'FILE_FORMAT', () => named('outside.bin'), /no link to elsewhere/);
  await rejects(t, 'FILE_TRUNCATED', () =>
    changed((json) => json.replace('"shape":[5,8]', '"shape":[5,800000]')),
  );
  await rejects(
    t,
    'UNSUPPORTED',
    () => changed((json) => json.replace('"Dense"', '"Frobnicate"')),
    /Frobnicate/,
  );
  const place = join(folder, 'graph-unknown');
  await mkdir(place);
  await writeGraphModel(place, normals(3, 4), 'Frobnicate');
  await rejects(
    t,
    'UNSUPPORTED',
    async () => openActivations(await openModel(place), normals(5, 3)),
    /Frobnicate/,
  );
  const dynamic = join(folder, 'graph-dynamic');
  await mkdir(dynamic);
  await writeGraphModel(dynamic, normals(3, 4), 'Where');
  const model = await openModel(dynamic);
  // Its size depends on the data: it is run, and left out.
  const { layers: shown, leftOut } = await openActivations(model, normals(5, 3));
  t.deepEqual(
    [shown.map(({ kind }) => kind), leftOut.map(({ kind }) => kind)],
    [['input', 'MatMul', 'Relu'], ['Where']],
  );
  // The layers before it can be looked at.
  const before = await openActivations(model, normals(5, 3), { layers: ['hidden'] });
  t.deepEqual((await before.collect(['hidden'])).get('hidden')!.shape, [5, 4]);
  await model.dispose();
});

test('data that do not fit the model, and layers it does not have', async (t) => {
  const path = join(folder, 'fit.onnx');
  await writeNetworkOnnx(path, network);
  const model = await openModel(path);
  await rejects(t, 'INVALID_SHAPE', () => openActivations(model, normals(5, 4)), /\[5\].*\[4\]/);
  await rejects(t, 'INVALID_ARGUMENT', () => openActivations(model, normals(5, 5), { layers: ['none'] }));
  await rejects(t, 'INVALID_ARGUMENT', () =>
    openActivations(model, normals(5, 5), { featureMaps: 'max' as 'mean' }),
  );
  await rejects(t, 'EMPTY_CLOUD', () => openActivations(model, ndarray(new Float32Array(0), [0, 5])));
  const activations = await openActivations(model, ndarray(new Float32Array(25).fill(NaN), [5, 5]));
  await rejects(t, 'NON_FINITE', () => activations.collect([activations.layers[1].name]), /example 0/);
  const controller = new AbortController();
  const fine = await openActivations(model, normals(50, 5), { batch: 5 });
  const seen: number[] = [];
  await rejects(t, 'ABORTED', () =>
    fine.stream(
      ['input'],
      ({ first }) => {
        seen.push(first);
        controller.abort();
      },
      { signal: controller.signal },
    ),
  );
  t.deepEqual(seen, [0]);
  await model.dispose();
});
