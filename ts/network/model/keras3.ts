import { bridgeDifferences } from './keras-differences.js';
import { isKerasStore } from './keras-store.js';
import type { TfjsFiles, WeightSpec } from './tfjs-files.js';

type Fields = Record<string, unknown>;
type Adapt = (kind: string, config: Fields) => void;

/** The class that stands for a GRU whose reset gate comes after the product. */
export const RESET_AFTER = 'ridgeflow>GRU';

/**
 * Rewrites what Keras 3 and newer Keras 2 say of a model, as the converter hands it on, into what TensorFlow.js Layers reads:
 * `batch_shape`, types and initialisers as objects, `__keras_tensor__` in the calls, flat lists of inputs and outputs, names
 * of packages before classes, and weights named by the path of their layer (those of a `.keras` file keep theirs, see
 * `keras-store.ts`). Models of older Keras are left as they are. The topology is
 * changed in place. Throws UNSUPPORTED for what TensorFlow.js would read as something else.
 */
export function toLayersFormat(files: TfjsFiles): TfjsFiles {
  const topology = files.topology as Fields;
  const wrapped = (topology.model_config ?? topology.modelConfig ?? topology) as Fields;
  const names = new Map<string, string>();
  const isKeras3 = String(topology.keras_version ?? topology.kerasVersion).startsWith('3');
  const adapt = (kind: string, config: Fields) => bridgeDifferences(kind, config, isKeras3, files.path);
  // Not recursive: hostile models are nested as deep as they please.
  const models: Fields[] = [wrapped];
  while (models.length > 0) models.push(...rewriteModel(models.pop()!, names, adapt));
  return { ...files, topology, ...renamedWeights(files, names) };
}

/** Rewrites one model; returns those within it. */
function rewriteModel(model: Fields, names: Map<string, string>, adapt: Adapt): Fields[] {
  const config = model.config as Fields | Fields[] | undefined;
  const layers = Array.isArray(config) ? config : config?.layers;
  if (!Array.isArray(layers)) return [];
  const inner: Fields[] = [];
  const calls = new Map<Fields, unknown[]>();
  for (const layer of (layers as unknown[]).filter(isFields)) {
    rewriteLayer(layer, adapt);
    const own = layer.config as Fields | undefined;
    names.set(String(own?.name ?? layer.name), String(layer.class_name));
    if (Array.isArray(own?.layers)) inner.push(layer);
    if (Array.isArray(layer.inbound_nodes)) calls.set(layer, layer.inbound_nodes);
  }
  // Keras 3 counts the calls of a model within from 0; its own graph came first before.
  const fromZero = [...calls.values()].flat().some(isFields);
  const models = new Set(fromZero ? inner.map(({ config, name }) => (config as Fields).name ?? name) : []);
  const counted = ([name, call, ...rest]: unknown[]) => [
    name,
    Number(call) + Number(models.has(name)),
    ...rest,
  ];
  for (const [layer, nodes] of calls)
    layer.inbound_nodes = nodes.map((node) => (isFields(node) ? tensorsIn(node).map(counted) : node));
  if (!Array.isArray(config)) {
    for (const ends of ['input_layers', 'output_layers']) {
      const list = config![ends];
      if (isFields(list)) config![ends] = Object.values(list);
      else if (Array.isArray(list) && typeof list[0] === 'string') config![ends] = [list];
      const all = config![ends];
      if (fromZero && Array.isArray(all))
        config![ends] = all.map((end: unknown) => (Array.isArray(end) ? counted(end) : end));
    }
    if (isFields(config!.dtype)) delete config!.dtype;
  }
  return inner;
}

/** A layer's class and configuration, and those of a layer that it wraps. */
function rewriteLayer(layer: Fields, adapt: Adapt): void {
  let at: Fields | undefined = layer;
  while (at) {
    if (typeof at.class_name === 'string') at.class_name = at.class_name.replace(/^.*>/, '');
    delete at.registered_name;
    delete at.module;
    delete at.build_config;
    const config: Fields = isFields(at.config) ? at.config : {};
    if (at.class_name === 'GRU' && config.reset_after === true) at.class_name = RESET_AFTER;
    // Before the rest, which would take the shape away.
    if (config.batch_shape !== undefined) {
      config.batch_input_shape = config.batch_shape;
      delete config.batch_shape;
    }
    for (const [key, value] of Object.entries(config)) {
      if (key === 'dtype') config[key] = dtypeOf(value);
      // The weights are in the file.
      else if (/_initializer$/.test(key)) config[key] = { class_name: 'Zeros', config: {} };
      else if (/_(?:regularizer|constraint)$/.test(key)) config[key] = null;
      else if (/activation$/.test(key) && isFields(value)) config[key] = functionName(value);
    }
    adapt(String(at.class_name), config);
    // Another initial value, for which TensorFlow.js leaves tensors behind.
    if (config.unit_forget_bias !== undefined) config.unit_forget_bias = false;
    for (const key of ['ragged', 'optional', 'seed', 'quantization_config']) delete config[key];
    const wrapped: Fields | undefined = isFields(config.layer) ? config.layer : undefined;
    // TensorFlow.js names the two directions itself.
    if (
      at.class_name === 'Bidirectional' &&
      isFields(wrapped?.config) &&
      typeof wrapped.config.name === 'string'
    )
      wrapped.config.name = wrapped.config.name.replace(/^forward_/, '');
    at = wrapped;
  }
}

function dtypeOf(value: unknown): unknown {
  if (!isFields(value)) return value;
  const name = isFields(value.config) ? value.config.name : undefined;
  // Weights of 16 bits are converted to 32.
  return typeof name === 'string' && !/float|mixed/.test(name) ? name : 'float32';
}

/** `{ class_name: 'function', config: 'gelu' }`, or a layer in the place of a function, by its name. */
function functionName(value: Fields): unknown {
  if (typeof value.config === 'string') return value.config;
  const name = typeof value.class_name === 'string' ? value.class_name.replace(/^.*>/, '') : undefined;
  return (
    name
      ?.replace(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .replace(/^re_?lu$/, 'relu') ?? value
  );
}

/** The tensors among the arguments of a call as name, number of the call, number of the result. */
function tensorsIn(node: Fields): unknown[][] {
  const found: unknown[][] = [];
  const stack: unknown[] = [node.kwargs, node.args];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...[...(value as unknown[])].reverse());
    else if (isFields(value)) {
      if (value.class_name === '__keras_tensor__' && isFields(value.config)) {
        const history: unknown = value.config.keras_history;
        if (Array.isArray(history)) found.push([...(history as unknown[]).slice(0, 3), {}]);
      } else if (value.class_name === undefined) stack.push(...Object.values(value).reverse());
    }
  }
  return found;
}

/** Weights by the innermost layer in their path, and none that only random layers hold. */
function renamedWeights(
  { specs, weights }: TfjsFiles,
  names: ReadonlyMap<string, string>,
): Pick<TfjsFiles, 'specs' | 'weights'> {
  const isStore = isKerasStore(specs);
  const kept: WeightSpec[] = [];
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const spec of specs) {
    const bytes = byteLength(spec);
    if (bytes === undefined) return { specs: [...specs], weights };
    if (!/(?:^|\/)seed_generator/.test(spec.name)) {
      const path = spec.name.split('/');
      let from = path.length - 2;
      while (from > 0 && !names.has(path[from])) from--;
      from = Math.max(0, from);
      // Keras 3 calls it so in every convolution.
      if (names.get(path[from]) === 'DepthwiseConv2D' && path.at(-1) === 'kernel')
        path[path.length - 1] = 'depthwise_kernel';
      kept.push({ ...spec, name: isStore ? spec.name : path.slice(from).join('/') });
      parts.push(new Uint8Array(weights, at, bytes));
    }
    at += bytes;
  }
  if (kept.length === specs.length) return { specs: kept, weights };
  return { specs: kept, weights: Uint8Array.from(Buffer.concat(parts)).buffer };
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

function byteLength({ shape, dtype, quantization }: WeightSpec): number | undefined {
  const each = BYTES[quantization?.dtype ?? dtype];
  return each && each * shape.reduce((product, extent) => product * extent, 1);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
