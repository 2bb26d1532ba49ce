import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { NdArray } from '../ts/core/array.js';

/** A residual classifier, trained by Adam on these points for a few epochs, as files of a LayersModel. */
export async function trainResidualClassifier(
  folder: string,
  points: NdArray,
  labels: ArrayLike<number>,
  { width, blocks, epochs, classes }: { width: number; blocks: number; epochs: number; classes: number },
): Promise<void> {
  await tf.setBackend('cpu');
  const seeded = (seed: number) => layers.initializers.glorotNormal({ seed });
  const input = layers.input({ shape: [points.shape[1]] });
  let x = layers.layers
    .dense({ units: width, activation: 'tanh', name: 'embed', kernelInitializer: seeded(1) })
    .apply(input) as layers.SymbolicTensor;
  for (let b = 0; b < blocks; b++) {
    const change = layers.layers
      .dense({ units: width, activation: 'tanh', name: `change${b}`, kernelInitializer: seeded(2 + b) })
      .apply(x) as layers.SymbolicTensor;
    x = layers.layers.add({ name: `state${b}` }).apply([x, change]) as layers.SymbolicTensor;
  }
  const y = layers.layers
    .dense({ units: classes, activation: 'softmax', name: 'classes', kernelInitializer: seeded(99) })
    .apply(x) as layers.SymbolicTensor;
  const model = layers.model({ inputs: input, outputs: y });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const [n, d] = points.shape;
  const data = tf.tensor2d(Float32Array.from(points.data), [n, d]);
  const targets = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), classes));
  await model.fit(data, targets, { epochs, batchSize: 64, shuffle: false, verbose: 0 });
  await saveLayersModel(folder, model);
  tf.dispose([data, targets]);
  model.dispose();
}

/** Writes any LayersModel as model.json and weights.bin. */
export async function saveLayersModel(folder: string, model: layers.LayersModel): Promise<void> {
  await mkdir(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const manifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const text = JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: manifest });
      await writeFile(join(folder, 'model.json'), text);
      await writeFile(join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
}
