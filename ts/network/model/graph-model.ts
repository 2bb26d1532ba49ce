import type { ModelLayer } from './model.js';
import { computes } from './model.js';
import type { TfjsFiles } from './tfjs-files.js';
import type { TfjsProgram } from './tfjs-network.js';
import { walkBack } from './walk-back.js';

/** Loads a GraphModel of TensorFlow.js, as the converter makes them from SavedModels. */
export async function loadGraphProgram(files: TfjsFiles): Promise<TfjsProgram> {
  const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
  const { topology, specs, weights, signature } = files;
  const artifacts = {
    modelTopology: topology,
    weightSpecs: specs as never,
    weightData: weights,
    ...(signature ? { signature } : {}),
  };
  const model = await loadGraphModel({ load: () => Promise.resolve(artifacts) });
  const nodes = new Map(nodesIn(topology).map((node) => [node.name, node]));
  return {
    format: 'tfjs-graph',
    unit: 'node',
    inputs: model.inputs,
    leftOut: [],
    layers: layersOf([...nodes.values()], new Set(specs.map(({ name }) => name))),
    compute(given, layers) {
      const out = model.execute(Object.fromEntries(given), [...layers]);
      return Array.isArray(out) ? out : [out];
    },
    follows: (from, to) => follows(nodes, from, to),
    dispose: () => model.dispose(),
  };
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
function layersOf(nodes: readonly GraphNode[], weights: ReadonlySet<string>): ModelLayer[] {
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

/** Whether `to` follows from `from` alone. */
function follows(nodes: ReadonlyMap<string, GraphNode>, from: string, to: string): boolean {
  const inputsOf = (name: string) => {
    const node = nodes.get(name);
    return node?.op.startsWith('Placeholder') ? undefined : node?.input;
  };
  return walkBack(to, from, inputsOf) !== undefined;
}
