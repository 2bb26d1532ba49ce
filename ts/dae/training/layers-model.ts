import { join } from 'node:path';
import type { ActivationName } from '../../core/activation.js';
import { type RidgeflowError, invalidArgument } from '../../core/errors.js';
import { fileError } from '../../io/errors.js';
import type { WriteOptions } from '../../io/write.js';
import { hiddenWeights, layerOf, outputWeights } from '../../network/layers-model.js';
import {
  LayersModelWriter,
  layersActivation,
  readLayersModelFolder,
} from '../../network/layers-model-file.js';
import { type AnyTrainedDae, type DaeKind, assembleDae, kindOf, layersOf } from './kind.js';
import { historyOf } from './history.js';
import { type LayerFacts, factsOf, layerFrom } from './layer-tensors.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** What model.json says of an autoencoder beside its weights. */
interface Description {
  kind: DaeKind;
  /** The loss curve of a layer: training, and held out or null, of every epoch. */
  layers: (LayerFacts & { history: (number | null)[][] })[];
}

const DESCRIPTION = 'ridgeflow.dae';

/**
 * Writes a trained autoencoder, a composition or a stack as a model of TensorFlow.js Layers, float32: `model.json` and
 * `weights.bin` in this folder, which is made where it is missing. `tf.loadLayersModel` loads it, and `ridgeflow network`
 * analyses it. The hidden units of layer l are the dense layer `hidden<l>`, its output layer is `output<l>`, and where x is
 * added the sum `x<l + 1>`. Of a stack all encoders come first, then all decoders: `hidden<l>` gives the features of layer
 * l + 1. Each file is written atomically, the weights first.
 *
 * @throws INVALID_ARGUMENT for another object; UNSUPPORTED for an activation that TensorFlow.js Layers does not have (step,
 *   the Gaussian and its derivatives, cosine: `writeDae` keeps those); FILE_WRITE, ABORTED.
 * @example await writeDaeLayersModel('stack', await trainStackedDae(points, { widths: 64, layers: 2, T: 0.1 }));
 */
export async function writeDaeLayersModel(
  folder: string,
  dae: AnyTrainedDae,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeDaeLayersModel, { folder, dae, options });
  const kind = kindOf(dae);
  const layers = layersOf(dae);
  const names = layers.map(({ network }) => layersActivation(network.activation, 'write it by writeDae'));
  const model = new LayersModelWriter(layers[0].dimension);
  let x = 'x';
  const encode = (l: number, input: string) =>
    model.dense(`hidden${l}`, input, { ...hiddenWeights(layers[l].network), activation: names[l] });
  const decode = (l: number, input: string) =>
    model.dense(`output${l}`, input, { ...outputWeights(layers[l].network), activation: 'linear' });
  if (kind === 'stack') {
    for (let l = 0; l < layers.length; l++) x = encode(l, x);
    for (let l = layers.length - 1; l >= 0; l--) x = decode(l, x);
  } else {
    for (const [l, { residual }] of layers.entries()) {
      const output = decode(l, encode(l, x));
      x = residual ? model.sum(`x${l + 1}`, [x, output]) : output;
    }
  }
  const facts = factsOf(layers);
  const description: Description = {
    kind,
    layers: layers.map(({ history }, l) => ({
      ...facts[l],
      history: history.map(({ training, heldOut = null }) => [training, heldOut]),
    })),
  };
  await model.write(
    folder,
    { name: kind, output: x, metadata: { [DESCRIPTION]: JSON.stringify(description) } },
    options,
  );
}

/**
 * Reads what {@link writeDaeLayersModel} wrote into this folder: the same map, its weights in float32.
 *
 * @throws FILE_NOT_FOUND; FILE_FORMAT where it is another model, or its layers do not fit.
 */
export async function readDaeLayersModel(folder: string): Promise<AnyTrainedDae> {
  checkCall(SIGNATURES.readDaeLayersModel, { folder });
  if (typeof folder !== 'string' || folder === '')
    throw invalidArgument('folder', 'the path of a folder', folder);
  const content = await readLayersModelFolder(folder);
  try {
    const { kind, layers: facts } = JSON.parse(content?.metadata[DESCRIPTION] ?? '') as Description;
    const layers = facts.map((layer, l) => {
      const network = layerOf(content!, l, { activation: layer.activation as ActivationName });
      const data = Float64Array.from(layer.history.flat(), (value) => value ?? NaN);
      return layerFrom(network, layer, historyOf({ data, shape: [layer.history.length, 2] }));
    });
    return assembleDae(kind, layers);
  } catch (cause) {
    throw notOurs(folder, cause);
  }
}

function notOurs(folder: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file: join(folder, 'model.json'),
    problem: 'it does not hold an autoencoder that ridgeflow wrote',
    remedy: 'Only models of writeDaeLayersModel can be read back',
    cause,
  });
}
