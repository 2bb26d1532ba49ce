import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { readExternalWeights } from '../../io/onnx-external.js';
import { ONNX_TYPES, type OnnxModel, type OnnxNode, encodeOnnx, readOnnx } from '../../io/onnx-model.js';
import {
  type Block,
  type LeftOutLayer,
  type ModelInput,
  type ModelLayer,
  type ModelValue,
  type NetworkModel,
  feedsOf,
  noLayers,
} from './model.js';
import { repeated } from './repeated.js';
import { onnxFailure } from './onnx-failure.js';
import { widenHalves } from './onnx-halves.js';
import { onnxInputs, onnxTensor } from './onnx-inputs.js';
import { onnxLayers } from './onnx-layers.js';
import { nodesBetween, partFor } from './onnx-parts.js';
import type { Dequantisation } from './onnx-quantised.js';
import { isError, isFloat32Array, isFloat64Array } from '../../core/realm.js';
import { checkCall } from '../../core/call.js';
import { METHODS } from '../method-signatures.js';

type Runtime = typeof import('onnxruntime-node');

/** A session, and how many runs of it have not ended. */
interface Entry {
  readonly session: Promise<InferenceSession>;
  readonly part: boolean;
  uses: number;
  /** Of the model that the session holds, once it is made. */
  bytes: number;
}

/** Sessions from the inputs that are kept for the next run: each holds the weights of its part. */
const KEPT = 3;
/** Bytes of the parts that are kept: the rest of a deep model behind each of its blocks is many times the model. */
const PART_BYTES = 2 ** 27;

/** An ONNX model on onnxruntime. */
export class OnnxNetwork implements NetworkModel {
  readonly format = 'onnx';
  readonly engine = 'onnxruntime';
  readonly source: string;
  readonly input: ModelInput;
  readonly inputs: readonly ModelInput[];
  readonly layers: readonly ModelLayer[];
  readonly leftOut: readonly LeftOutLayer[];
  readonly values: readonly ModelValue[];
  readonly #quantised: Dequantisation;
  readonly #runtime: Runtime;
  readonly #model: OnnxModel;
  readonly #sessions = new Map<string, Entry>();

  private constructor(source: string, model: OnnxModel, runtime: Runtime, inputs: readonly ModelInput[]) {
    this.source = source;
    this.#runtime = runtime;
    this.#model = model;
    this.inputs = inputs;
    this.input = inputs.find(({ axis }) => axis !== null) ?? inputs[0];
    const { layers, leftOut, quantised, values } = onnxLayers(model, inputs);
    this.layers = layers;
    this.leftOut = leftOut;
    this.values = values;
    this.#quantised = quantised;
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
    widenHalves(model);
    // Made here rather than at the first run, so that a model that cannot run is refused when it is opened.
    const last = network.#valueOf(network.layers[network.layers.length - 1].name);
    const outputs = new Set([...model.graph.output.map(({ name }) => name), last]);
    await network.#entry('', [...outputs]).session;
    return network;
  }

  async run(
    batch: NdArray | ReadonlyMap<string, NdArray>,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>> {
    checkCall(METHODS.NetworkModel.run, { batch, layers });
    const feeds = feedsOf(this, batch);
    const tensors = this.inputs.map(({ name, type }) => [
      name,
      onnxTensor(this.#runtime.Tensor, type, feeds.get(name)!),
    ]);
    const entry = this.#entry(
      '',
      layers.map((name) => this.#valueOf(name)),
    );
    return this.#infer(entry, Object.fromEntries(tensors) as InferenceSession.FeedsType, layers);
  }

  block(from: string, to: string, others?: ReadonlyMap<string, NdArray>): Block | undefined {
    checkCall(METHODS.NetworkModel.block, { from, to, others });
    const { nodes: added } = this.#quantised;
    const [first, last] = [this.#valueOf(from), this.#valueOf(to)];
    const given = this.inputs.filter(({ name, axis }) => others?.has(name) && (axis === 0 || axis === null));
    const names = new Map(given.map(({ name }) => [name, others!.get(name)!]));
    const nodes =
      added.has(first) || added.has(last)
        ? undefined
        : nodesBetween(this.#model, first, last, this.inputs, names);
    if (!nodes) return undefined;
    const taken = new Set(nodes.flatMap(({ input }) => input));
    const used = given.filter(({ name }) => taken.has(name));
    return async (x) => {
      const entry = this.#entry(
        first,
        [last],
        nodes,
        used.map(({ name }) => name),
      );
      const { Tensor } = this.#runtime;
      const feeds: Record<string, Tensor> = { [first]: onnxTensor(Tensor, 'float32', x) };
      for (const { name, type, axis } of used) {
        const value = names.get(name)!;
        feeds[name] = onnxTensor(Tensor, type, axis === null ? value : repeated(value, x.shape[0]));
      }
      const found = await this.#infer(entry, feeds, [to]);
      return found.get(to)!;
    };
  }

  async dispose(): Promise<void> {
    const sessions = await Promise.allSettled(Array.from(this.#sessions.values(), ({ session }) => session));
    this.#sessions.clear();
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The value that is looked at for a layer. */
  #valueOf(layer: string): string {
    return this.#quantised.instead.get(layer) ?? layer;
  }

  #entry(
    from: string,
    outputs: readonly string[],
    nodes?: OnnxNode[],
    others: readonly string[] = [],
  ): Entry {
    const key = JSON.stringify([from, ...outputs, others]);
    const entry = this.#sessions.get(key) ?? this.#made(from, outputs, nodes, others);
    // The last used stands last.
    this.#sessions.delete(key);
    this.#sessions.set(key, entry);
    return entry;
  }

  #made(
    from: string,
    outputs: readonly string[],
    nodes: OnnxNode[] | undefined,
    others: readonly string[],
  ): Entry {
    const session = this.#create(from, outputs, nodes, others).then(
      (made) => {
        entry.bytes = made.bytes;
        return made.session;
      },
      (cause: unknown) => {
        throw onnxFailure(this.source, cause, this.#runtime.env.versions?.node);
      },
    );
    const entry: Entry = { session, part: nodes !== undefined, uses: 0, bytes: 0 };
    return entry;
  }

  /** Lets the sessions go that have not been used for longest. */
  async #trim(): Promise<void> {
    let [whole, parts, bytes] = [0, 0, 0];
    for (const [key, entry] of [...this.#sessions].reverse()) {
      const { session, part, uses } = entry;
      if (part) [parts, bytes] = [parts + 1, bytes + entry.bytes];
      else whole++;
      // The part that was used last is kept however large: it is what the next batch needs.
      if (uses > 0 || (part ? parts === 1 || bytes <= PART_BYTES : whole <= KEPT)) continue;
      this.#sessions.delete(key);
      await session.then(
        (made) => made.release(),
        () => undefined,
      );
    }
  }

  async #create(
    from: string,
    outputs: readonly string[],
    nodes: OnnxNode[] | undefined,
    others: readonly string[],
  ): Promise<{ session: InferenceSession; bytes: number }> {
    const { graph } = this.#model;
    const known = new Map([...graph.output, ...(graph.valueInfo ?? [])].map((info) => [info.name, info]));
    const floats = { type: { tensorType: { elemType: ONNX_TYPES.float } } };
    const added = outputs.flatMap((name) => this.#quantised.nodes.get(name) ?? []);
    const whole = { ...graph, node: [...(nodes ?? graph.node), ...added] };
    // A part carries its own weights alone: of a deep model all of them, once for every part, would take long.
    const part = {
      ...partFor(whole, outputs),
      ...(nodes && {
        input: [{ name: from, ...floats }, ...graph.input.filter(({ name }) => others.includes(name))],
        valueInfo: [],
      }),
    };
    const bytes = await encodeOnnx({
      ...this.#model,
      graph: {
        ...graph,
        ...part,
        output: outputs.map((name) => (nodes ? undefined : known.get(name)) ?? { name }),
      },
    });
    const session = await this.#runtime.InferenceSession.create(bytes, { logSeverityLevel: 4 });
    return { session, bytes: bytes.byteLength };
  }

  async #infer(
    entry: Entry,
    feeds: InferenceSession.FeedsType,
    layers: readonly string[],
  ): Promise<Map<string, NdArray>> {
    let outputs: InferenceSession.OnnxValueMapType;
    entry.uses++;
    try {
      const session = await entry.session;
      outputs = await session.run(
        feeds,
        layers.map((name) => this.#valueOf(name)),
      );
    } catch (cause) {
      throw onnxFailure(this.source, cause, this.#runtime.env.versions?.node);
    } finally {
      entry.uses--;
    }
    await this.#trim();
    const found = new Map<string, NdArray>();
    for (const name of layers) {
      const { data, dims } = outputs[this.#valueOf(name)];
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
