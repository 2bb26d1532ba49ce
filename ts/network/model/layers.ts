import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { damaged } from '../../io/errors.js';
import { type Block, type ModelInput, type ModelLayer, type NetworkModel, computes } from './model.js';
import { type ModelEngine, tfjsFailure } from './tfjs-engine.js';
import type { TfjsFiles } from './tfjs-files.js';

type Layer = LayersModel['layers'][number];
type Node = Layer['inboundNodes'][number];

/** A LayersModel of TensorFlow.js. */
export class LayersNetwork implements NetworkModel {
  readonly format = 'tfjs-layers';
  readonly source: string;
  readonly input: ModelInput;
  readonly layers: readonly ModelLayer[];
  readonly #model: LayersModel;
  readonly #engine: ModelEngine;
  readonly #outputs = new Map<string, SymbolicTensor>();

  private constructor(source: string, model: LayersModel, engine: ModelEngine) {
    this.source = source;
    this.#model = model;
    this.#engine = engine;
    const [input] = model.inputs;
    this.input = {
      name: input.name,
      shape: input.shape.slice(1),
      batch: input.shape[0],
    };
    const layers: ModelLayer[] = [];
    for (const node of nodesOf(model)) {
      const kind = node.outboundLayer.getClassName();
      if (!computes(kind) || node.outputTensors.length !== 1) continue;
      const plain = node.outboundLayer.name;
      let name = plain;
      for (let use = 2; this.#outputs.has(name); use++) name = `${plain} (${use})`;
      this.#outputs.set(name, node.outputTensors[0]);
      layers.push({ name, kind });
    }
    this.layers = layers;
  }

  get engine(): string {
    return this.#engine.name;
  }

  /** Builds the model. Throws FILE_FORMAT, UNSUPPORTED naming a layer that TensorFlow.js does not have. */
  static async open(files: TfjsFiles, engine: ModelEngine): Promise<LayersNetwork> {
    const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
    const { path, topology, specs, weights } = files;
    const artifacts = { modelTopology: topology, weightSpecs: specs as never, weightData: weights };
    let model: LayersModel;
    try {
      model = await loadLayersModel({ load: () => Promise.resolve(artifacts) });
    } catch (cause) {
      throw tfjsFailure(path, cause);
    }
    if (model.inputs.length !== 1) {
      const count = model.inputs.length;
      model.dispose();
      throw oneInput(path, count);
    }
    const network = new LayersNetwork(path, model, engine);
    if (network.layers.length === 0) {
      model.dispose();
      throw damaged(path, 'it has no layer that computes anything');
    }
    return network;
  }

  async run(batch: NdArray, layers: readonly string[]): Promise<Map<string, NdArray>> {
    const wanted = layers.map((name) => this.#outputOf(name));
    const [input] = this.#model.inputs;
    const dtype = input.dtype === 'int32' ? 'int32' : 'float32';
    return Promise.resolve(this.#evaluate(batch, dtype, layers, input, wanted));
  }

  block(from: string, to: string): Block | undefined {
    const [first, last] = [this.#outputOf(from), this.#outputOf(to)];
    if (!depends(last, first)) return undefined;
    return async (x) => Promise.resolve(this.#evaluate(x, 'float32', [to], first, [last]).get(to)!);
  }

  async dispose(): Promise<void> {
    this.#model.dispose();
    return Promise.resolve();
  }

  #outputOf(name: string): SymbolicTensor {
    const output = this.#outputs.get(name);
    if (!output) throw new RidgeflowError('INVALID_ARGUMENT', `${this.source} has no layer ${name}`);
    return output;
  }

  /** Follows the graph with the values of one symbol given. */
  #evaluate(
    x: NdArray,
    dtype: 'float32' | 'int32',
    names: readonly string[],
    given: SymbolicTensor,
    wanted: readonly SymbolicTensor[],
  ): Map<string, NdArray> {
    try {
      return this.#engine.run(x, dtype, names, (tensor) => {
        const values = new Map<number, Tensor>([[given.id, tensor]]);
        for (const node of nodesOf(this.#model)) {
          if (node.outputTensors.some(({ id }) => values.has(id))) continue;
          const inputs = node.inputTensors.map(({ id }) => values.get(id));
          if (inputs.length === 0 || inputs.some((input) => input === undefined)) continue;
          const ready = inputs as Tensor[];
          const out = node.outboundLayer.apply(ready.length === 1 ? ready[0] : ready, node.callArgs);
          const tensors = (Array.isArray(out) ? out : [out]) as Tensor[];
          node.outputTensors.forEach(({ id }, i) => values.set(id, tensors[i]));
        }
        return wanted.map(({ id }) => values.get(id)!);
      });
    } catch (cause) {
      throw tfjsFailure(this.source, cause);
    }
  }
}

/** The model takes not one input but `count`. */
export function oneInput(file: string, count: number): RidgeflowError {
  return new RidgeflowError(
    'UNSUPPORTED',
    `${file}: the model takes ${count} inputs. Only models of one input can be analysed: make the others constants`,
    { details: { file, inputs: count } },
  );
}

/** The nodes of a model's graph, each after those it needs. */
function nodesOf(model: LayersModel): Node[] {
  const seen = new Set<Node>();
  const ordered: Node[] = [];
  // Not recursive: hostile or deep models would exhaust the stack.
  const stack = [...model.outputs].reverse().map((tensor) => ({ node: nodeOf(tensor), entered: false }));
  while (stack.length > 0) {
    const { node, entered } = stack.pop()!;
    if (entered) {
      ordered.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, entered: true });
    for (const tensor of [...node.inputTensors].reverse())
      stack.push({ node: nodeOf(tensor), entered: false });
  }
  return ordered;
}

const nodeOf = ({ sourceLayer, nodeIndex }: SymbolicTensor): Node => sourceLayer.inboundNodes[nodeIndex];

/** Whether `last` follows from `first` alone. */
function depends(last: SymbolicTensor, first: SymbolicTensor): boolean {
  const seen = new Set<number>([first.id]);
  const stack = [last];
  let met = last.id === first.id;
  while (stack.length > 0) {
    const tensor = stack.pop()!;
    if (tensor.id === first.id) met = true;
    if (seen.has(tensor.id)) continue;
    seen.add(tensor.id);
    const { inputTensors } = nodeOf(tensor);
    if (inputTensors.length === 0) return false;
    stack.push(...inputTensors);
  }
  return met;
}
