import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NdArray } from '../../core/array.js';
import { damaged } from '../../io/errors.js';
import { oneInput } from './layers.js';
import { type Block, type ModelInput, type ModelLayer, type NetworkModel, computes } from './model.js';
import { type ModelEngine, tfjsFailure } from './tfjs-engine.js';
import type { TfjsFiles } from './tfjs-files.js';

/** A GraphModel of TensorFlow.js, as the converter makes them from SavedModels. */
export class GraphNetwork implements NetworkModel {
  readonly format = 'tfjs-graph';
  readonly source: string;
  readonly input: ModelInput;
  readonly layers: readonly ModelLayer[];
  readonly #model: GraphModel;
  readonly #engine: ModelEngine;
  readonly #dtype: 'float32' | 'int32';
  readonly #nodes: ReadonlyMap<string, GraphNode>;

  private constructor(files: TfjsFiles, model: GraphModel, engine: ModelEngine, layers: ModelLayer[]) {
    this.source = files.path;
    this.#model = model;
    this.#engine = engine;
    this.#nodes = new Map(nodesIn(files.topology).map((node) => [node.name, node]));
    this.layers = layers;
    const [{ name, shape, dtype }] = model.inputs;
    this.#dtype = dtype === 'int32' ? 'int32' : 'float32';
    const extents = shape?.map((extent) => (extent > 0 ? extent : null));
    this.input = { name, shape: extents?.slice(1), batch: extents?.[0] ?? null };
  }

  get engine(): string {
    return this.#engine.name;
  }

  /** Builds the model. Throws FILE_FORMAT, UNSUPPORTED naming an operator that TensorFlow.js does not have. */
  static async open(files: TfjsFiles, engine: ModelEngine): Promise<GraphNetwork> {
    const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
    const { path, topology, specs, weights, signature } = files;
    const artifacts = {
      modelTopology: topology,
      weightSpecs: specs as never,
      weightData: weights,
      ...(signature ? { signature } : {}),
    };
    let model: GraphModel;
    try {
      model = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
    } catch (cause) {
      throw tfjsFailure(path, cause);
    }
    if (model.inputs.length !== 1) {
      const count = model.inputs.length;
      model.dispose();
      throw oneInput(path, count);
    }
    const layers = layersOf(topology, new Set(specs.map(({ name }) => name)));
    if (layers.length === 0) {
      model.dispose();
      throw damaged(path, 'it has no node that computes anything');
    }
    return new GraphNetwork(files, model, engine, layers);
  }

  async run(batch: NdArray, layers: readonly string[]): Promise<Map<string, NdArray>> {
    return Promise.resolve(this.#execute(batch, this.#dtype, this.input.name, layers));
  }

  block(from: string, to: string): Block | undefined {
    const seen = new Set([from]);
    const stack = [to];
    while (stack.length > 0) {
      const name = stack.pop()!;
      if (seen.has(name)) continue;
      seen.add(name);
      const node = this.#nodes.get(name);
      if (!node || node.op.startsWith('Placeholder')) return undefined;
      stack.push(...node.input);
    }
    return async (x) => Promise.resolve(this.#execute(x, 'float32', from, [to]).get(to)!);
  }

  async dispose(): Promise<void> {
    this.#model.dispose();
    return Promise.resolve();
  }

  #execute(
    x: NdArray,
    dtype: 'float32' | 'int32',
    from: string,
    layers: readonly string[],
  ): Map<string, NdArray> {
    try {
      return this.#engine.run(x, dtype, layers, (tensor): Tensor[] => {
        const out = this.#model.execute({ [from]: tensor }, [...layers]);
        return Array.isArray(out) ? out : [out];
      });
    } catch (cause) {
      throw tfjsFailure(this.source, cause);
    }
  }
}

interface GraphNode {
  name: string;
  op: string;
  input: string[];
}

/** The nodes of a graph, their inputs by name alone. */
function nodesIn(topology: object): GraphNode[] {
  const { node } = topology as { node?: unknown };
  if (!Array.isArray(node)) return [];
  return (node as { name?: string; op?: string; input?: string[] }[]).map(({ name, op, input }) => ({
    name: name ?? '',
    op: op ?? '',
    input: (input ?? []).map((text) => text.replace(/^\^/, '').replace(/:\d+$/, '')),
  }));
}

/** The nodes that compute something from the input, each after those it needs. */
function layersOf(topology: object, weights: ReadonlySet<string>): ModelLayer[] {
  const nodes = nodesIn(topology);
  const fed = new Set(nodes.filter(({ op }) => op.startsWith('Placeholder')).map(({ name }) => name));
  const rest = new Set(nodes.filter(({ name }) => !fed.has(name) && !weights.has(name)));
  const layers: ModelLayer[] = [];
  const done = new Set([...fed, ...weights]);
  for (let grown = true; grown;) {
    grown = false;
    for (const node of rest) {
      const { name, op, input } = node;
      if (input.some((from) => !done.has(from))) continue;
      rest.delete(node);
      done.add(name);
      grown = true;
      if (!input.some((from) => fed.has(from))) continue;
      fed.add(name);
      if (computes(op)) layers.push({ name, kind: op });
    }
  }
  return layers;
}
