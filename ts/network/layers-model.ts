import { join } from 'node:path';
import { type ActivationName, activation } from '../core/activation.js';
import type { FloatData, NdArray } from '../core/array.js';
import type { RidgeflowError } from '../core/errors.js';
import { fileError } from '../io/errors.js';
import type { WriteOptions } from '../io/write.js';
import {
  type LayersModelContent,
  LayersModelWriter,
  layersActivation,
  readLayersModelFolder,
} from './layers-model-file.js';
import { DESCRIPTION, type Network, assembleNetwork, describeNetwork, parseDescription } from './network.js';
import { type ShallowNetwork, shallowNetwork } from './shallow-network.js';
import { isFloat64Array } from '../core/realm.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/**
 * Writes a network as a model of TensorFlow.js Layers, float32: `model.json` and `weights.bin` in this folder, which is
 * made where it is missing. `tf.loadLayersModel` loads it. A residual layer is two dense layers and an addition, with its
 * step in the weights of the second. Each file is written atomically, the weights first.
 *
 * @throws UNSUPPORTED for an activation that TensorFlow.js Layers does not have (step, the Gaussian and its derivatives,
 *   cosine: write ONNX), or layers of different activations; FILE_WRITE, ABORTED.
 */
export async function writeLayersModel(
  folder: string,
  network: Network,
  options: WriteOptions = {},
): Promise<void> {
  checkCall(SIGNATURES.writeLayersModel, { folder, network, options });
  const { layers, description } = describeNetwork(network);
  const name = layersActivation(
    activation(description.activation as ActivationName),
    'write the network as ONNX',
  );
  const model = new LayersModelWriter(layers[0].inputs);
  let x = 'x';
  layers.forEach((layer, l) => {
    const hidden = model.dense(`hidden${l}`, x, { ...hiddenWeights(layer), activation: name });
    const step = description.steps?.[l] ?? 1;
    const output = model.dense(`output${l}`, hidden, { ...outputWeights(layer, step), activation: 'linear' });
    x = description.kind === 'shallow' ? output : model.sum(`x${l + 1}`, [x, output]);
  });
  const metadata = { [DESCRIPTION]: JSON.stringify(description) };
  await model.write(folder, { name: description.kind, output: x, metadata }, options);
}

/**
 * Reads a network that {@link writeLayersModel} wrote into this folder.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT where it is another model.
 */
export async function readLayersModel(folder: string): Promise<Network> {
  checkCall(SIGNATURES.readLayersModel, { folder });
  const content = await readLayersModelFolder(folder);
  const description = parseDescription(content?.metadata[DESCRIPTION]);
  if (!content || !description) throw notOurs(folder);
  try {
    const count = description.kind === 'shallow' ? 1 : description.steps!.length;
    const name = description.activation as ActivationName;
    const layers = Array.from({ length: count }, (_, l) =>
      layerOf(content, l, { activation: name, step: description.steps?.[l] ?? 1 }),
    );
    return assembleNetwork(description, layers);
  } catch (cause) {
    throw notOurs(folder, cause);
  }
}

function notOurs(folder: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file: join(folder, 'model.json'),
    problem: 'it does not hold a network that ridgeflow wrote',
    remedy: 'Only models of writeLayersModel can be read back as a network',
    cause,
  });
}

/** The hidden layer as a dense one: x ↦ η(xAᵀ − b). */
export function hiddenWeights({ A, b }: ShallowNetwork): { kernel: NdArray; bias: NdArray } {
  return { kernel: transposed(A), bias: scaled(b, -1) };
}

/** The output layer, times `step`, as a dense one. */
export function outputWeights({ C, bias }: ShallowNetwork, step = 1): { kernel: NdArray; bias: NdArray } {
  return { kernel: scaled(C, step), bias: scaled(bias, step) };
}

/** The network of the dense layers `hidden<l>` and `output<l>`. Throws where they do not make one. */
export function layerOf(
  { weights }: LayersModelContent,
  l: number,
  { activation: name, step = 1 }: { activation: ActivationName; step?: number },
): ShallowNetwork {
  const [kernel, minusB, C, bias] = ['hidden', 'output'].flatMap((layer) =>
    ['kernel', 'bias'].map((part) => weights.get(`${layer}${l}/${part}`)!),
  );
  return shallowNetwork({
    activation: name,
    A: transposed(kernel),
    b: scaled(minusB, -1),
    C: scaled(C, 1 / step),
    bias: scaled(bias, 1 / step),
  });
}

function transposed({ data, shape: [rows, columns] }: NdArray): NdArray {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return { data: narrowed(data, out), shape: [columns, rows] };
}

function scaled({ data, shape }: NdArray, factor: number): NdArray {
  // Adding 0 makes −0 a plain 0.
  return {
    data: narrowed(
      data,
      Float64Array.from(data, (value) => factor * value + 0),
    ),
    shape,
  };
}

/** In the element type of what it came from. */
function narrowed(like: FloatData, values: Float64Array): FloatData {
  return isFloat64Array(like) ? values : Float32Array.from(values);
}
