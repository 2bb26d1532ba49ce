import type { Tensor } from '@tensorflow/tfjs-core';
import { type GraphNode, flowOf, graphNodes } from './graph-flow.js';
import type { LeftOutLayer, ModelLayer, ModelValue } from './model.js';
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
  const nodes = new Map(graphNodes(topology).map((node) => [node.name, node]));
  const flow = flowOf(topology, nodes);
  const listed = (out: Tensor | Tensor[]) => (Array.isArray(out) ? out : [out]);
  return {
    format: 'tfjs-graph',
    unit: 'node',
    inputs: model.inputs,
    ...layersOf([...nodes.values()], new Set(specs.map(({ name }) => name)), flow),
    ...(flow.asynchronous && {
      computeAsync: async (given, layers) => {
        const inputs = Object.fromEntries(given);
        // TensorFlow.js warns where it is asked to wait for nothing.
        return needsWaiting(nodes, layers)
          ? listed(await model.executeAsync(inputs, [...layers]))
          : listed(model.execute(inputs, [...layers]));
      },
    }),
    compute: (given, layers) => listed(model.execute(Object.fromEntries(given), [...layers])),
    follows: (from, to, others) => follows(nodes, from, to, others),
    dispose: () => model.dispose(),
  };
}

/** The nodes that compute something from the input, each after those it needs. */
function layersOf(
  nodes: readonly GraphNode[],
  weights: ReadonlySet<string>,
  { inside, results }: ReturnType<typeof flowOf>,
): { layers: ModelLayer[]; leftOut: LeftOutLayer[]; values: ModelValue[] } {
  const fed = new Set(nodes.filter(({ op }) => op.startsWith('Placeholder')).map(({ name }) => name));
  const rest = new Set(nodes.filter(({ name }) => !fed.has(name) && !weights.has(name)));
  const layers: ModelLayer[] = [];
  const leftOut: LeftOutLayer[] = [];
  const values: ModelValue[] = [...fed].map((name) => ({ name, kind: 'Input', path: name, inputs: [] }));
  // What a loop hands to its next turn does not keep its first from beginning.
  const turns = nodes.filter(({ op }) => op === 'NextIteration').map(({ name }) => name);
  const done = new Set([...fed, ...weights, ...turns]);
  for (let grown = true; grown;) {
    grown = false;
    for (const node of rest) {
      const { name, op, input } = node;
      if (input.some((from) => !done.has(from))) continue;
      rest.delete(node);
      done.add(name);
      grown = true;
      if (!input.some((from) => fed.has(from))) continue;
      const from = [...new Set(input.filter((value) => fed.has(value)))];
      fed.add(name);
      values.push({ name, kind: op, path: name, inputs: from });
      leftOut.push(...(inside.get(name) ?? []));
      const shown = results.get(name) ?? (inside.has(name) ? [] : [name]);
      if (computes(op)) for (const value of shown) layers.push({ name: value, kind: op });
    }
  }
  return { layers, leftOut, values };
}

/** The others that `to` follows from beside `from`, without a loop or a branch between them; undefined where from more. */
function follows(
  nodes: ReadonlyMap<string, GraphNode>,
  from: string,
  to: string,
  others: readonly string[],
): string[] | undefined {
  const inputsOf = (name: string) => {
    const node = nodes.get(name);
    if (others.includes(name)) return [];
    return !node || node.op.startsWith('Placeholder') || node.flows ? undefined : node.input;
  };
  const met = walkBack(to, from, inputsOf);
  return met && others.filter((name) => met.has(name));
}

/** Whether a loop, a branch or a node of unknown size is among what these layers follow from. O(nodes). */
function needsWaiting(nodes: ReadonlyMap<string, GraphNode>, layers: readonly string[]): boolean {
  const met = new Set<string>();
  const stack = layers.map((name) => name.replace(/:\d+$/, ''));
  while (stack.length > 0) {
    const name = stack.pop()!;
    const node = nodes.get(name);
    if (!node || met.has(name)) continue;
    met.add(name);
    if (node.dynamic) return true;
    stack.push(...node.input);
  }
  return false;
}
