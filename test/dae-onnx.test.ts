import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import {
  type AnyTrainedDae,
  trainComposedDae,
  trainDae,
  trainStackedDae,
  writeDaeLayersModel,
  writeDaeOnnx,
} from '../ts/dae/index.js';
import { gaussianGrid } from '../ts/measure/index.js';
import { openActivations, openModel, writeNetworkOnnx } from '../ts/network/index.js';
import { emptyFolder } from './command-line.js';
import { backendNames } from './native.js';

const [backend] = backendNames;
const call = { backend, dtype: 'float32' as const };
const { points } = gaussianGrid(50, { side: 2, spacing: 3, noise: 0.5, seed: 1, dtype: 'float32' });
const short = { ...call, epochs: 3, earlyStopping: {} };

test('single, composed and stacked autoencoders: onnxruntime computes the same map', async (t) => {
  const folder = emptyFolder(t);
  const d = points.shape[1];
  for (const activation of ['relu', 'tanh', 'cosine', 'gaussian'] as const) {
    const maps: Record<string, [dae: AnyTrainedDae, layers: string[]]> = {
      single: [
        await trainDae(points, { ...short, activation, width: 9, noise: 0.2 }),
        ['hidden0', 'output0', 'y'],
      ],
      plain: [
        await trainDae(points, { ...short, activation, width: 9, noise: 0.2, residual: false }),
        ['hidden0', 'y'],
      ],
      composed: [
        await trainComposedDae(points, { ...short, activation, width: 7, layers: 2, T: 0.3 }),
        ['hidden0', 'x1', 'hidden1', 'y'],
      ],
      stacked: [
        await trainStackedDae(points, { ...short, activation, widths: [9, 4], layers: 2, T: 0.3 }),
        ['hidden0', 'hidden1', 'output1', 'y'],
      ],
    };
    for (const [name, [dae, layers]] of Object.entries(maps)) {
      const path = join(folder, `${activation}-${name}.onnx`);
      await writeDaeOnnx(path, dae);
      const model = await openModel(path);
      const rows = await (await openActivations(model, points, { layers })).collect(layers);
      t.deepEqual([...rows.keys()], layers);
      const expected = await dae.apply(points, call);
      t.deepEqual(rows.get('y')!.shape, [points.shape[0], d]);
      rows
        .get('y')!
        .data.forEach((value, i) =>
          t.true(Math.abs(value - expected.data[i]) < 1e-4 * (1 + Math.abs(value)), `${path} ${i}`),
        );
      await model.dispose();
    }
  }
});

test('a stack is no network, and its input layer says nothing of training', async (t) => {
  const folder = emptyFolder(t);
  const stack = await trainStackedDae(points, { ...short, activation: 'tanh', widths: 4, layers: 2, T: 0.3 });
  const error = await t.throwsAsync(writeNetworkOnnx(join(folder, 's.onnx'), stack as never), {
    instanceOf: RidgeflowError,
  });
  t.is(error.code, 'INVALID_ARGUMENT');
  await writeDaeLayersModel(folder, stack);
  const { modelTopology } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as {
    modelTopology: { model_config: { config: { layers: { class_name: string; config: object }[] } } };
  };
  // Python's tensorflowjs: "Unrecognized keyword arguments: trainable" of InputLayer.
  for (const { class_name: kind, config } of modelTopology.model_config.config.layers)
    t.is('trainable' in config, kind !== 'InputLayer');
});
