import type { OnnxGraph, OnnxModel, OnnxNode } from '../../io/onnx-model.js';
import type { ModelInput } from './model.js';
import { walkBack } from './walk-back.js';

/** The part of a graph that makes these values, its weights alone. O(size of the graph). */
export function partFor(
  graph: OnnxGraph,
  values: readonly string[],
): Pick<OnnxGraph, 'node' | 'initializer'> {
  const makers = makersIn(graph);
  const wanted = new Set<OnnxNode>();
  const names = new Set<string>();
  const stack = [...values];
  while (stack.length > 0) {
    const name = stack.pop()!;
    if (names.has(name)) continue;
    names.add(name);
    const node = makers.get(name);
    if (!node || wanted.has(node)) continue;
    wanted.add(node);
    stack.push(...namesIn(node));
  }
  return {
    node: graph.node.filter((node) => wanted.has(node)),
    initializer: graph.initializer?.filter(({ name = '' }) => names.has(name)),
  };
}

/** What a node takes, and the graphs within it from around them. */
function namesIn(node: OnnxNode): string[] {
  const found: string[] = [];
  const stack = [node];
  while (stack.length > 0) {
    const { input, attribute = [] } = stack.pop()!;
    found.push(...input);
    for (const { g, graphs = [] } of attribute) {
      for (const inner of g ? [g, ...graphs] : graphs) {
        stack.push(...inner.node);
        found.push(...inner.output.map(({ name }) => name));
      }
    }
  }
  return found.filter((name) => name !== '');
}

function makersIn(graph: OnnxGraph): Map<string, OnnxNode> {
  return new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
}

/** The nodes that make `to` of `from`, or undefined where they need the model's inputs as well, but for those `given`. */
export function nodesBetween(
  { graph }: OnnxModel,
  from: string,
  to: string,
  inputs: readonly ModelInput[],
  given?: ReadonlyMap<string, unknown>,
): OnnxNode[] | undefined {
  const fed = new Set(inputs.map(({ name }) => name));
  const makers = makersIn(graph);
  const met = walkBack(to, from, (name) => {
    if (fed.has(name)) return given?.has(name) ? [] : undefined;
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
