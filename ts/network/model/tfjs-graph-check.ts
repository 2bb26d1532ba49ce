import { damaged } from '../../io/errors.js';
import type { TfjsFiles } from './tfjs-files.js';

type Fields = Record<string, unknown>;

/** A call of a layer: how many results of which layers it waits for. */
interface Call {
  layer: string;
  needs: [layer: string, node: number][];
}

/** Layers whose first result is there before any call: the inputs, and models within a model. */
const GIVEN = new Set(['InputLayer', 'Functional', 'Model', 'Sequential']);

/**
 * Checks that the layers or nodes of a model refer to each other by names that it has, and not in a circle, since
 * TensorFlow.js waits for ever for what cannot come. Linear in the size of the model.
 *
 * @throws FILE_FORMAT naming the layer or node.
 */
export function checkModelGraph({ path, format, topology }: TfjsFiles): void {
  if (format === 'graph-model') {
    checkNodes(path, topology as Fields);
    return;
  }
  // Not recursive: hostile models are nested as deep as they please.
  const wrapped = fields(topology)?.modelConfig;
  const model = fields(wrapped ?? topology);
  if (typeof model?.className !== 'string') throw damaged(path, 'its modelTopology has no class_name');
  const models: unknown[] = [model];
  while (models.length > 0) {
    const config = fields(fields(models.pop())?.config);
    if (!Array.isArray(config?.layers)) continue;
    const layers = config.layers.map(fields).filter((layer) => layer !== undefined);
    for (const layer of layers) if (fields(layer.config)?.layers) models.push(layer);
    if (layers.some(({ inboundNodes: calls }) => Array.isArray(calls))) checkLayers(path, layers, config);
  }
}

function checkLayers(path: string, layers: readonly Fields[], config: Fields): void {
  const made = new Map<string, number>();
  const calls: Call[] = [];
  for (const layer of layers) {
    const { name, className: kind, inboundNodes: nodes } = layer;
    const own = fields(layer.config)?.name ?? name;
    if (typeof name !== 'string' || name !== own)
      throw damaged(path, `its layer ${String(name)} has no name, or two names`);
    if (made.has(name)) throw damaged(path, `two of its layers are named ${name}`);
    made.set(name, GIVEN.has(String(kind)) ? 1 : 0);
    for (const node of Array.isArray(nodes) ? (nodes as unknown[]) : []) {
      if (!Array.isArray(node)) throw damaged(path, `its layer ${name} has an inbound node that is no list`);
      if (node.length > 0)
        calls.push({ layer: name, needs: node.map((input) => reference(path, name, input)) });
    }
  }
  const known = (name: string, by: string) => {
    if (!made.has(name))
      throw damaged(path, `${by} refers to a layer ${JSON.stringify(name)} that it does not have`);
  };
  for (const { layer, needs } of calls) for (const [name] of needs) known(name, `its layer ${layer}`);
  for (const [list, by] of [
    [config.inputLayers, 'its list of inputs'],
    [config.outputLayers, 'its list of outputs'],
  ] as const) {
    for (const end of Array.isArray(list) ? (list as unknown[]) : [])
      if (Array.isArray(end)) known(String(end[0]), by);
  }
  const stuck = unreachable(made, calls);
  if (stuck)
    throw damaged(
      path,
      `its layer ${stuck.layer} follows from ${stuck.needs.map(([name]) => name).join(', ')}, which follows from it or is never computed`,
    );
}

function reference(path: string, layer: string, input: unknown): Call['needs'][number] {
  if (Array.isArray(input)) {
    const [name, node] = input as unknown[];
    if (typeof name === 'string' && Number.isSafeInteger(node) && (node as number) >= 0)
      return [name, node as number];
  }
  throw damaged(path, `its layer ${layer} has an inbound node without a layer's name and number`);
}

/** The first call that never gets all that it waits for. Calls are numbered as they become possible. */
function unreachable(made: Map<string, number>, calls: readonly Call[]): Call | undefined {
  const waiting = new Map<string, Call[]>();
  const left = new Map<Call, number>();
  const ready: Call[] = [];
  for (const call of calls) {
    const missing = call.needs.filter(([name, node]) => node >= made.get(name)!);
    left.set(call, missing.length);
    if (missing.length === 0) ready.push(call);
    for (const need of missing) {
      const key = JSON.stringify(need);
      const known = waiting.get(key);
      if (known) known.push(call);
      else waiting.set(key, [call]);
    }
  }
  while (ready.length > 0) {
    const call = ready.pop()!;
    left.delete(call);
    const node = made.get(call.layer)!;
    made.set(call.layer, node + 1);
    for (const next of waiting.get(JSON.stringify([call.layer, node])) ?? []) {
      left.set(next, left.get(next)! - 1);
      if (left.get(next) === 0) ready.push(next);
    }
  }
  return left.keys().next().value;
}

/** The nodes of a GraphModel. What a loop hands to its next turn leads back on purpose. */
function checkNodes(path: string, { node }: Fields): void {
  const nodes = (Array.isArray(node) ? (node as unknown[]) : []).map(fields);
  const inputs = new Map<string, string[]>();
  for (const entry of nodes) {
    if (typeof entry?.name !== 'string') throw damaged(path, 'it has a node without a name');
    if (inputs.has(entry.name)) throw damaged(path, `two of its nodes are named ${entry.name}`);
    const list = Array.isArray(entry.input) ? (entry.input as unknown[]).map(String) : [];
    inputs.set(
      entry.name,
      list.map((text) => text.replace(/^\^/, '').replace(/:.*$/, '')),
    );
  }
  const loops = new Set(nodes.filter((entry) => entry?.op === 'NextIteration').map((entry) => entry!.name));
  const followers = new Map<string, string[]>();
  const left = new Map<string, number>();
  const ready: string[] = [];
  for (const [name, list] of inputs) {
    for (const input of list) {
      if (!inputs.has(input))
        throw damaged(
          path,
          `its node ${name} refers to a node ${JSON.stringify(input)} that it does not have`,
        );
      if (loops.has(input)) continue;
      const known = followers.get(input);
      if (known) known.push(name);
      else followers.set(input, [name]);
    }
    left.set(name, list.filter((input) => !loops.has(input)).length);
    if (left.get(name) === 0) ready.push(name);
  }
  while (ready.length > 0) {
    const name = ready.pop()!;
    left.delete(name);
    for (const next of followers.get(name) ?? []) {
      left.set(next, left.get(next)! - 1);
      if (left.get(next) === 0) ready.push(next);
    }
  }
  const [stuck] = left.keys();
  if (stuck !== undefined)
    throw damaged(path, `its node ${stuck} follows from ${inputs.get(stuck)!.join(', ')} in a circle`);
}

/** The fields of an object by their names in camel case, as TensorFlow.js Layers looks for them. */
function fields(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const named = Object.entries(value).map(([key, field]): [string, unknown] => [
    key.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase()),
    field,
  ]);
  return Object.fromEntries(named);
}
