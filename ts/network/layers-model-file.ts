import { join } from 'node:path';
import type { Activation } from '../core/activation.js';
import type { NdArray } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { readWhole } from '../io/onnx-model.js';
import { type WriteOptions, ensureOutputFolder, writeAtomic, writeTextAtomic } from '../io/write.js';

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

/** The name of an activation in TensorFlow.js Layers. Throws UNSUPPORTED, with what to do instead, where it has none. */
export function layersActivation({ tfjs, name }: Activation, instead: string): string {
  if (tfjs) return tfjs;
  throw new RidgeflowError(
    'UNSUPPORTED',
    `TensorFlow.js Layers has no activation ${name}: ${instead}, or use relu, tanh, sigmoid, softplus or gelu`,
  );
}

/** A model of TensorFlow.js Layers in the making: dense layers and additions, from the input `x` on. */
export class LayersModelWriter {
  readonly #topology: object[] = [];
  readonly #entries: WeightEntry[] = [];
  readonly #weights: NdArray[] = [];

  constructor(inputs: number) {
    this.#layer('InputLayer', 'x', { batch_input_shape: [null, inputs], sparse: false }, []);
  }

  /** A dense layer, its kernel inputs × units; returns its name. */
  dense(
    name: string,
    input: string,
    { kernel, bias, activation }: { kernel: NdArray; bias: NdArray; activation: string },
  ): string {
    this.#layer('Dense', name, { units: kernel.shape[1], activation, use_bias: true }, [input]);
    for (const [part, array] of Object.entries({ kernel, bias })) {
      this.#entries.push({ name: `${name}/${part}`, shape: [...array.shape], dtype: 'float32' });
      this.#weights.push(array);
    }
    return name;
  }

  /** The sum of two layers; returns its name. */
  sum(name: string, inputs: readonly [string, string]): string {
    this.#layer('Add', name, {}, inputs);
    return name;
  }

  /** Writes `model.json` and `weights.bin` into this folder, each atomically, the weights first. Throws FILE_WRITE, ABORTED. */
  async write(
    folder: string,
    { name, output, metadata }: { name: string; output: string; metadata: Record<string, string> },
    options: WriteOptions,
  ): Promise<void> {
    await ensureOutputFolder(folder);
    const count = this.#weights.reduce((sum, { data }) => sum + data.length, 0);
    const bytes = new DataView(new ArrayBuffer(4 * count));
    let at = 0;
    for (const { data } of this.#weights) {
      for (const value of data) {
        bytes.setFloat32(at, value, true);
        at += 4;
      }
    }
    const config = {
      name,
      layers: this.#topology,
      input_layers: [['x', 0, 0]],
      output_layers: [[output, 0, 0]],
    };
    const model: ModelFile = {
      format: 'layers-model',
      generatedBy: 'ridgeflow',
      convertedBy: null,
      modelTopology: {
        keras_version: '2.4.0',
        backend: 'tensorflow',
        model_config: { class_name: 'Model', config },
      },
      weightsManifest: [{ paths: [WEIGHTS], weights: this.#entries }],
      userDefinedMetadata: metadata,
    };
    await writeAtomic(join(folder, WEIGHTS), (append) => append(new Uint8Array(bytes.buffer)), options);
    await writeTextAtomic(join(folder, 'model.json'), `${JSON.stringify(model)}\n`, options);
  }

  #layer(className: string, name: string, config: object, inputs: readonly string[]): void {
    this.#topology.push({
      class_name: className,
      name,
      // Keras refuses an InputLayer with a word about training.
      config: { name, ...(className !== 'InputLayer' && { trainable: true }), dtype: 'float32', ...config },
      inbound_nodes: inputs.length > 0 ? [inputs.map((input) => [input, 0, 0, {}])] : [],
    });
  }
}

/** What a model that {@link LayersModelWriter} wrote holds. */
export interface LayersModelContent {
  metadata: Partial<Record<string, string>>;
  /** The weights by their names; empty where the files do not hold those that model.json lists. */
  weights: ReadonlyMap<string, NdArray>;
}

/** Reads the files of a model; undefined where model.json is no JSON object. Throws FILE_NOT_FOUND. */
export async function readLayersModelFolder(folder: string): Promise<LayersModelContent | undefined> {
  const text = Buffer.from(await readWhole(join(folder, 'model.json'))).toString('utf8');
  const bytes = await readWhole(join(folder, WEIGHTS));
  let model: ModelFile | null;
  try {
    model = JSON.parse(text) as ModelFile | null;
  } catch {
    return undefined;
  }
  if (typeof model !== 'object' || model === null) return undefined;
  const { weightsManifest, userDefinedMetadata: metadata } = model;
  let weights: ReadonlyMap<string, NdArray>;
  try {
    weights = weightsOf(weightsManifest, bytes);
  } catch {
    weights = new Map();
  }
  return { metadata: metadata ?? {}, weights };
}

function weightsOf(manifest: ModelFile['weightsManifest'], bytes: Uint8Array): Map<string, NdArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const arrays = new Map<string, NdArray>();
  let at = 0;
  for (const { name, shape } of manifest[0].weights) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (!(count >= 0 && at + 4 * count <= bytes.length)) throw new RangeError(`${WEIGHTS} ends too early`);
    const data = Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i, true));
    arrays.set(name, { data, shape });
    at += 4 * count;
  }
  return arrays;
}
