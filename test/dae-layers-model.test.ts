import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel, model as layersModel } from '@tensorflow/tfjs-layers';
import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import {
  type AnyTrainedDae,
  type StackedDae,
  fitComposedDae,
  fitDae,
  readDaeLayersModel,
  trainComposedDae,
  trainDae,
  trainStackedDae,
  writeDaeLayersModel,
} from '../ts/dae/index.js';
import { gaussianGrid } from '../ts/measure/index.js';
import { openModel, readLayersModel } from '../ts/network/index.js';
import { emptyFolder } from './command-line.js';
import { backendNames } from './native.js';

const [backend] = backendNames;
const call = { backend, dtype: 'float32' as const };
const { points } = gaussianGrid(50, { side: 2, spacing: 3, noise: 0.5, seed: 1, dtype: 'float32' });

/** The model as TensorFlow.js itself loads it. */
async function loaded(folder: string): Promise<LayersModel> {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  const { modelTopology, weightsManifest } = JSON.parse(
    await readFile(join(folder, 'model.json'), 'utf8'),
  ) as { modelTopology: object; weightsManifest: { weights: [] }[] };
  const weightData = Uint8Array.from(await readFile(join(folder, 'weights.bin'))).buffer;
  return loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }),
  );
}

async function outputs(model: LayersModel, x: NdArray): Promise<NdArray> {
  const input = tf.tensor2d(Float32Array.from(x.data), x.shape as [number, number]);
  const out = model.predict(input) as tf.Tensor;
  return { data: await out.data<'float32'>(), shape: out.shape };
}

/** Largest difference, relative to the largest value. */
function difference(a: NdArray, b: NdArray): number {
  let [most, size] = [0, 1];
  a.data.forEach((value, at) => {
    most = Math.max(most, Math.abs(value - b.data[at]));
    size = Math.max(size, Math.abs(value));
  });
  return most / size;
}

test('single, composed and stacked autoencoders: TensorFlow.js computes the same map, and it is read back', async (t) => {
  const folder = emptyFolder(t);
  const short = { ...call, epochs: 3, earlyStopping: {} };
  for (const activation of ['relu', 'tanh', 'sigmoid', 'softplus', 'gelu'] as const) {
    const maps: Record<string, AnyTrainedDae> = {
      single: await trainDae(points, { ...short, activation, width: 9, noise: 0.2, tied: true }),
      plain: await trainDae(points, { ...short, activation, width: 9, noise: 0.2, residual: false }),
      composed: await trainComposedDae(points, { ...short, activation, width: 7, layers: 3, T: 0.3 }),
      stacked: await trainStackedDae(points, { ...short, activation, widths: [9, 4, 6], layers: 3, T: 0.3 }),
      fitted: await fitDae(points, { ...call, activation, width: 9, noise: 0.2 }),
    };
    for (const [name, dae] of Object.entries(maps)) {
      const path = join(folder, `${activation}-${name}`);
      await writeDaeLayersModel(path, dae);
      t.deepEqual((await readdir(path)).sort(), ['model.json', 'weights.bin']);
      const expected = await dae.apply(points, call);
      const elsewhere = await outputs(await loaded(path), points);
      t.deepEqual(elsewhere.shape, expected.shape);
      t.true(difference(elsewhere, expected) < 3e-5, `${path}: ${difference(elsewhere, expected)}`);
      const back = await readDaeLayersModel(path);
      t.is(back.constructor, dae.constructor);
      t.deepEqual((await back.apply(points, call)).data, expected.data);
      const [was, is] = [dae, back].map((one) => ('layers' in one ? one.layers : [one]));
      t.deepEqual(
        is.map(({ history, reason, residual, regression }) => ({ history, reason, residual, regression })),
        was.map(({ history, reason, residual, regression }) => ({ history, reason, residual, regression })),
      );
    }
  }
});

test('the hidden layers of a stack, in TensorFlow.js, are its features', async (t) => {
  const folder = emptyFolder(t);
  const stack: StackedDae = await trainStackedDae(points, {
    ...{ ...call, widths: [8, 5, 6], noises: [0.1, 0.1, 0.1], epochs: 3, activation: 'softplus' },
  });
  await writeDaeLayersModel(folder, stack);
  const model = await loaded(folder);
  for (const layer of [1, 2, 3]) {
    const features = layersModel({
      inputs: model.inputs,
      outputs: model.getLayer(`hidden${layer - 1}`).output,
    });
    const expected = await stack.encode(points, { ...call, layer });
    t.true(difference(await outputs(features, points), expected) < 3e-6);
  }
  // And the analysis of networks sees them.
  const opened = await openModel(folder, { backend: 'tfjs-cpu' });
  t.deepEqual(
    opened.layers.map(({ name }) => name).filter((name) => /^(hidden|output)/.test(name)),
    ['hidden0', 'hidden1', 'hidden2', 'output2', 'output1', 'output0'],
  );
  await opened.dispose();
});

test('weights of float64 are rounded to float32, and nothing more', async (t) => {
  const folder = emptyFolder(t);
  const dae = await fitComposedDae(points, { width: 6, layers: 2, T: 0.2, backend, ridge: 1e-2 });
  await writeDaeLayersModel(folder, dae);
  const back = await readDaeLayersModel(folder);
  const moved = await back.apply(points, call);
  t.true(difference(moved, await dae.apply(points, call)) < 1e-5);
});

test('what a model of TensorFlow.js cannot hold is refused, and so are files of others', async (t) => {
  const folder = emptyFolder(t);
  for (const activation of ['cosine', 'gaussian', 'gaussian-derivative-3', 'step'] as const) {
    const dae = await fitDae(points, { ...call, width: 4, noise: 0.1, activation, copies: 1 });
    await t.throwsAsync(writeDaeLayersModel(folder, dae), {
      code: 'UNSUPPORTED',
      message: new RegExp(`no activation ${activation}: write it by writeDae`),
    });
  }
  t.deepEqual(await readdir(folder), [], 'nothing is begun');
  await t.throwsAsync(writeDaeLayersModel(folder, {} as never), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(readDaeLayersModel(''), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(readDaeLayersModel(join(folder, 'none')), { code: 'FILE_NOT_FOUND' });

  const stack = await trainStackedDae(points, { ...call, widths: [5, 3], noises: [0.1, 0.1], epochs: 1 });
  await writeDaeLayersModel(folder, stack);
  await t.throwsAsync(readLayersModel(folder), { code: 'FILE_FORMAT' });
  const text = await readFile(join(folder, 'model.json'), 'utf8');
  const weights = await readFile(join(folder, 'weights.bin'));
  const changed = (change: (facts: { kind: string; layers: Record<string, unknown>[] }) => void) => {
    const model = JSON.parse(text) as { userDefinedMetadata: Record<string, string> };
    const facts = JSON.parse(model.userDefinedMetadata['ridgeflow.dae']) as Parameters<typeof change>[0];
    change(facts);
    model.userDefinedMetadata['ridgeflow.dae'] = JSON.stringify(facts);
    return JSON.stringify(model);
  };
  const texts = [
    '',
    '{',
    'null',
    '{}',
    text.replace('"ridgeflow.dae"', '"another"'),
    text.replace('hidden1/kernel', 'hidden7/kernel'),
    text.replaceAll('[5,3]', '[5,1e12]'),
    changed((facts) => (facts.kind = 'composition')),
    changed((facts) => (facts.kind = 'dae')),
    changed((facts) => (facts.layers = [])),
    changed((facts) => (facts.layers[0].activation = '__proto__')),
    changed((facts) => (facts.layers[0].residual = 1)),
    changed((facts) => (facts.layers[1].reason = 'none')),
    changed((facts) => (facts.layers[1].history = [[1]])),
    changed((facts) => (facts.layers[1].history = 'long')),
  ];
  for (const [i, wrong] of texts.entries()) {
    await writeFile(join(folder, 'model.json'), wrong);
    await t.throwsAsync(readDaeLayersModel(folder), { code: 'FILE_FORMAT' }, `case ${i}`);
  }
  await writeFile(join(folder, 'model.json'), text);
  await writeFile(join(folder, 'weights.bin'), weights.subarray(0, 50));
  await t.throwsAsync(readDaeLayersModel(folder), { code: 'FILE_FORMAT' });
});
