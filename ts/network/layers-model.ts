import { join } from 'node:path';
import { type ActivationName, activation } from '../core/activation.js';
import type { FloatData, NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { fileError } from '../io/errors.js';
import { readWhole } from '../io/onnx-model.js';
import { type WriteOptions, ensureOutputFolder, writeAtomic, writeTextAtomic } from '../io/write.js';
import { DESCRIPTION, type Network, assembleNetwork, describeNetwork, parseDescription } from './network.js';
import { type ShallowNetwork, shallowNetwork } from './shallow-network.js';

/** One weight of the binary file, as model.json lists it. */
interface WeightEntry {
  name: string;
  shape: number[];
  dtype: 'float32';
}

/** The parts of model.json. */
interface ModelFile {
  format: 'layers-model';
  generatedBy: string;
  convertedBy: null;
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: WeightEntry[] }[];
  userDefinedMetadata: Record<string, string>;
}

const WEIGHTS = 'weights.bin';

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
  const { model, weights } = layersModelOf(network);
  await ensureOutputFolder(folder);
  const bytes = new DataView(new ArrayBuffer(4 * weights.reduce((sum, { data }) => sum + data.length, 0)));
  let at = 0;
  for (const { data } of weights) {
    for (const value of data) {
      bytes.setFloat32(at, value, true);
      at += 4;
    }
  }
  await writeAtomic(join(folder, WEIGHTS), (append) => append(new Uint8Array(bytes.buffer)), options);
  await writeTextAtomic(join(folder, 'model.json'), `${JSON.stringify(model)}\n`, options);
}

/**
 * Reads a network that {@link writeLayersModel} wrote into this folder.
 *
 * @throws FILE_NOT_FOUND, FILE_FORMAT where it is another model.
 */
export async function readLayersModel(folder: string): Promise<Network> {
  const path = join(folder, 'model.json');
  const text = Buffer.from(await readWhole(path)).toString('utf8');
  const bytes = await readWhole(join(folder, WEIGHTS));
  let model: ModelFile;
  try {
    model = JSON.parse(text) as ModelFile;
  } catch (cause) {
    throw notOurs(path, cause);
  }
  const description = parseDescription(model?.userDefinedMetadata?.[DESCRIPTION]);
  if (!description) throw notOurs(path);
  try {
    const arrays = weightsOf(model, bytes);
    const layers: ShallowNetwork[] = [];
    const count = description.kind === 'shallow' ? 1 : description.steps!.length;
    for (let l = 0; l < count; l++) {
      const step = description.steps?.[l] ?? 1;
      const [kernel, minusB, C, bias] = [
        `hidden${l}/kernel`,
        `hidden${l}/bias`,
        `output${l}/kernel`,
        `output${l}/bias`,
      ].map((name) => arrays.get(name)!);
      layers.push(
        shallowNetwork({
          activation: description.activation as ActivationName,
          A: transposed(kernel),
          b: scaled(minusB, -1),
          C: scaled(C, 1 / step),
          bias: scaled(bias, 1 / step),
        }),
      );
    }
    return assembleNetwork(description, layers);
  } catch (cause) {
    throw notOurs(path, cause);
  }
}

function notOurs(file: string, cause?: unknown): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    problem: 'it does not hold a network that ridgeflow wrote',
    remedy: 'Only models of writeLayersModel can be read back as a network',
    cause,
  });
}

function weightsOf(model: ModelFile, bytes: Uint8Array): Map<string, NdArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const arrays = new Map<string, NdArray>();
  let at = 0;
  for (const { name, shape } of model.weightsManifest[0].weights) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (at + 4 * count > bytes.length) throw new RangeError(`${WEIGHTS} ends too early`);
    const data = Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i, true));
    arrays.set(name, { data, shape });
    at += 4 * count;
  }
  return arrays;
}

/** model.json, and the weights that it lists. */
function layersModelOf(network: Network): { model: ModelFile; weights: NdArray[] } {
  const { layers, description } = describeNetwork(network);
  const { tfjs, name } = activation(description.activation as ActivationName);
  if (!tfjs) {
    throw new RidgeflowError(
      'UNSUPPORTED',
      `TensorFlow.js Layers has no activation ${name}: write the network as ONNX, or use relu, tanh, sigmoid or softplus`,
    );
  }
  const topology: object[] = [];
  const entries: WeightEntry[] = [];
  const weights: NdArray[] = [];
  const add = (className: string, layer: string, config: object, inputs: string[]) =>
    topology.push({
      class_name: className,
      name: layer,
      config: { name: layer, trainable: true, dtype: 'float32', ...config },
      inbound_nodes: inputs.length > 0 ? [inputs.map((input) => [input, 0, 0, {}])] : [],
    });
  const dense = (layer: string, input: string, kernel: NdArray, bias: NdArray, kind: string) => {
    add('Dense', layer, { units: kernel.shape[1], activation: kind, use_bias: true }, [input]);
    for (const [part, array] of [
      ['kernel', kernel],
      ['bias', bias],
    ] as const) {
      entries.push({ name: `${layer}/${part}`, shape: [...array.shape], dtype: 'float32' });
      weights.push(array);
    }
  };
  add('InputLayer', 'x', { batch_input_shape: [null, layers[0].inputs], sparse: false }, []);
  let x = 'x';
  layers.forEach(({ A, b, C, bias }, l) => {
    const step = description.steps?.[l] ?? 1;
    dense(`hidden${l}`, x, transposed(A), scaled(b, -1), tfjs);
    dense(`output${l}`, `hidden${l}`, scaled(C, step), scaled(bias, step), 'linear');
    if (description.kind === 'shallow') x = `output${l}`;
    else {
      add('Add', `x${l + 1}`, {}, [x, `output${l}`]);
      x = `x${l + 1}`;
    }
  });
  const config = {
    name: description.kind,
    layers: topology,
    input_layers: [['x', 0, 0]],
    output_layers: [[x, 0, 0]],
  };
  return {
    model: {
      format: 'layers-model',
      generatedBy: 'ridgeflow',
      convertedBy: null,
      modelTopology: {
        keras_version: '2.4.0',
        backend: 'tensorflow',
        model_config: { class_name: 'Model', config },
      },
      weightsManifest: [{ paths: [WEIGHTS], weights: entries }],
      userDefinedMetadata: { [DESCRIPTION]: JSON.stringify(description) },
    },
    weights,
  };
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
  return like instanceof Float64Array ? values : Float32Array.from(values);
}
