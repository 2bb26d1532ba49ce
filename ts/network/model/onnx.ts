import type { InferenceSession } from 'onnxruntime-node';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { readExternalWeights } from '../../io/onnx-external.js';
import { ONNX_TYPES, type OnnxModel, type OnnxNode, encodeOnnx, readOnnx } from '../../io/onnx-model.js';
import {
  type Block,
  type ModelInput,
  type ModelLayer,
  type NetworkModel,
  computes,
  feedsOf,
  noLayers,
} from './model.js';
import { channelAxes } from './onnx-channels.js';
import { onnxFailure } from './onnx-failure.js';
import { onnxInputs, onnxTensor } from './onnx-inputs.js';
import { walkBack } from './walk-back.js';
import { isError, isFloat32Array, isFloat64Array } from '../../core/realm.js';

type Runtime = typeof import('onnxruntime-node');

/** An ONNX model on onnxruntime. */
export class OnnxNetwork implements NetworkModel {
  readonly format = 'onnx';
  readonly engine = 'onnxruntime';
  readonly source: string;
  readonly input: ModelInput;
  readonly inputs: readonly ModelInput[];
  readonly layers: readonly ModelLayer[];
  readonly #runtime: Runtime;
  readonly #model: OnnxModel;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  private constructor(source: string, model: OnnxModel, runtime: Runtime, inputs: readonly ModelInput[]) {
    this.source = source;
    this.#runtime = runtime;
    this.#model = model;
    this.inputs = inputs;
    this.input = inputs.find(({ axis }) => axis !== null) ?? inputs[0];
    this.layers = layersOf(
      model,
      inputs.map(({ name }) => name),
    );
  }

  /**
   * Reads the file; the session is made at the first run. Throws BACKEND_UNAVAILABLE without onnxruntime-node, FILE_FORMAT,
   * UNSUPPORTED.
   */
  static async open(path: string): Promise<OnnxNetwork> {
    const model = await readOnnx(path);
    const runtime = await loadRuntime();
    const inputs = onnxInputs(path, model.graph);
    if (inputs.length === 0) throw noLayers(path, 'node');
    const network = new OnnxNetwork(path, model, runtime, inputs);
    if (network.layers.length === 0) throw noLayers(path, 'node');
    await readExternalWeights(path, model);
    // Made here rather than at the first run, so that a model that cannot run is refused when it is opened.
    await network.#session('', [network.layers[network.layers.length - 1].name]);
    return network;
  }

  async run(
    batch: NdArray | ReadonlyMap<string, NdArray>,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>> {
    const feeds = feedsOf(this, batch);
    const session = await this.#session('', layers);
    const tensors = this.inputs.map(({ name, type }) => [
      name,
      onnxTensor(this.#runtime.Tensor, type, feeds.get(name)!),
    ]);
    return this.#infer(session, Object.fromEntries(tensors) as InferenceSession.FeedsType, layers);
  }

  block(from: string, to: string): Block | undefined {
    const nodes = nodesBetween(this.#model, from, to, this.inputs);
    if (!nodes) return undefined;
    return async (x) => {
      const session = await this.#session(from, [to], nodes);
      const tensor = onnxTensor(this.#runtime.Tensor, 'float32', x);
      const found = await this.#infer(session, { [from]: tensor }, [to]);
      return found.get(to)!;
    };
  }

  async dispose(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.release();
  }

  #session(from: string, outputs: readonly string[], nodes?: OnnxNode[]): Promise<InferenceSession> {
    const key = JSON.stringify([from, ...outputs]);
    let session = this.#sessions.get(key);
    if (!session) {
      session = this.#create(from, outputs, nodes).catch((cause: unknown) => {
        throw onnxFailure(this.source, cause, this.#runtime.env.versions?.node);
      });
      this.#sessions.set(key, session);
    }
    return session;
  }

  async #create(from: string, outputs: readonly string[], nodes?: OnnxNode[]): Promise<InferenceSession> {
    const { graph } = this.#model;
    const known = new Map([...graph.output, ...(graph.valueInfo ?? [])].map((info) => [info.name, info]));
    const floats = { type: { tensorType: { elemType: ONNX_TYPES.float } } };
    // A block carries its own weights alone: of a deep model all of them, once for every block, would take long.
    const used = new Set(nodes?.flatMap(({ input }) => input));
    const part = nodes && {
      node: nodes,
      input: [{ name: from, ...floats }],
      initializer: graph.initializer?.filter(({ name = '' }) => used.has(name)),
      valueInfo: [],
    };
    const bytes = await encodeOnnx({
      ...this.#model,
      graph: {
        ...graph,
        ...part,
        output: outputs.map((name) => (nodes ? undefined : known.get(name)) ?? { name }),
      },
    });
    return this.#runtime.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  }

  async #infer(
    session: InferenceSession,
    feeds: InferenceSession.FeedsType,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>> {
    let outputs: InferenceSession.OnnxValueMapType;
    try {
      outputs = await session.run(feeds, [...layers]);
    } catch (cause) {
      throw onnxFailure(this.source, cause, this.#runtime.env.versions?.node);
    }
    const found = new Map<string, NdArray>();
    for (const name of layers) {
      const { data, dims } = outputs[name];
      // The array is ours: the runtime makes a new one at every run.
      if (isFloat32Array(data)) found.set(name, { data, shape: [...dims] });
      else if (isFloat64Array(data)) found.set(name, { data: new Float32Array(data), shape: [...dims] });
    }
    return found;
  }
}

async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    return runtime;
  } catch (cause) {
    const reason = isError(cause) ? cause.message.split('\n')[0] : String(cause);
    throw new RidgeflowError(
      'BACKEND_UNAVAILABLE',
      `ONNX models need the package onnxruntime-node, which cannot be loaded (${reason}): npm install onnxruntime-node`,
      { cause },
    );
  }
}

/** The values that are computed from the inputs, in the file's order, which is that of computation. */
function layersOf({ graph }: OnnxModel, inputs: readonly string[]): ModelLayer[] {
  const fed = new Set(inputs);
  const axes = channelAxes(graph);
  const layers: ModelLayer[] = [];
  const seen = new Set<string>();
  for (const { opType, input, output } of graph.node) {
    if (!input.some((name) => fed.has(name))) continue;
    for (const name of output) if (name !== '') fed.add(name);
    // A recurrent layer may give its last state alone: its first output has no name then.
    const name = output.find((value) => value !== '');
    if (!computes(opType) || !name || seen.has(name)) continue;
    seen.add(name);
    const channelAxis = axes.get(name);
    layers.push({ name, kind: opType, ...(channelAxis === undefined ? {} : { channelAxis }) });
  }
  return layers;
}

/** The nodes that make `to` of `from`, or undefined where they need the model's inputs as well. */
function nodesBetween(
  { graph }: OnnxModel,
  from: string,
  to: string,
  inputs: readonly ModelInput[],
): OnnxNode[] | undefined {
  const fed = new Set(inputs.map(({ name }) => name));
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const met = walkBack(to, from, (name) => {
    if (fed.has(name)) return undefined;
    const node = makers.get(name);
    // A subgraph may refer to any value around it.
    if (node?.attribute?.some(({ g }) => g)) return undefined;
    return node?.input.filter((value) => value !== '') ?? [];
  });
  if (!met) return undefined;
  met.delete(from);
  const wanted = new Set(Array.from(met, (name) => makers.get(name)));
  return graph.node.filter((node) => wanted.has(node));
}
