// A residual classifier of digits is trained with TensorFlow.js; then every layer's cloud is drawn, and measured.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type SymbolicTensor, initializers, input, layers, model } from '@tensorflow/tfjs-layers';
import { analyseNetwork, openModel, readCloud } from 'ridgeflow';
import { panels, rows, writePicture } from './picture.js';

tf.enableProdMode(); // without advice to install other engines
const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const [n, d] = points.shape;

let seed = 1;
const dense = (units: number, activation: 'tanh' | 'softmax', name?: string) =>
  layers.dense({ units, activation, name, kernelInitializer: initializers.glorotUniform({ seed: seed++ }) });
const x = input({ shape: [d] });
let state = dense(64, 'tanh', 'embed').apply(x) as SymbolicTensor;
for (let block = 1; block <= 4; block++) {
  const change = dense(64, 'tanh').apply(state) as SymbolicTensor;
  state = layers.add({ name: `state_${block}` }).apply([state, change]) as SymbolicTensor;
}
const classes = dense(10, 'softmax', 'classes').apply(state);
const classifier = model({ inputs: x, outputs: classes as SymbolicTensor });
classifier.compile({ optimizer: tf.train.adam(0.003), loss: 'categoricalCrossentropy' });
const targets = tf.oneHot(tf.tensor1d(labels!.values, 'int32'), 10);
await classifier.fit(tf.tensor2d(points.data as Float32Array, [n, d]), targets, {
  epochs: 6,
  shuffle: false,
  verbose: 0,
});

const folder = await mkdtemp(join(tmpdir(), 'classifier-'));
const handler = tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  await writeFile(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
  await writeFile(join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
  return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
});
await classifier.save(handler);

const network = await openModel(folder);
const wanted = ['embed', 'state_*', 'classes'];
const analysis = await analyseNetwork(network, points, { layers: wanted, labels: labels!.values });
for (const { name, intrinsicDimension, separation } of analysis.layers)
  console.log(name, 'dimension', intrinsicDimension, 'Fisher ratio', separation?.fisherRatio);
await network.dispose();

const shown = ['input', 'embed', 'state_1', 'state_2', 'state_4', 'classes'];
const values = analysis.layers.flatMap(({ name, plane }) =>
  shown.includes(name)
    ? rows(plane.positions, (i) => ({ panel: name, group: String(labels!.values[analysis.drawn[i]]) }))
    : [],
);
await writePicture(panels(values, { title: 'Digits in the layers of a classifier', half: 1.5, size: 190 }));
