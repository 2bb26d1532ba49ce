import { type LeftOutLayer, computes } from './model.js';

/** A node of a GraphModel, its inputs by name alone. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  /** Whether it steers a loop or a branch. */
  readonly flows: boolean;
  /** Whether it can only be run asynchronously. */
  readonly dynamic: boolean;
  /** The functions that it runs. */
  readonly functions: readonly string[];
}

/** The nodes that loops and branches are made of. */
const STEERING = /^(?:Enter|Exit|Merge|Switch|NextIteration|LoopCond)$/;
/** Loops and branches in one node, with functions for what is inside. */
const WHOLE = /^(?:Stateless)?(?:While|If)$/;
/** What is known only when it runs: how often, or how large. */
const DYNAMIC = /^(?:Tensor(?:Array|List)\w+|NonMaxSuppressionV\d|Where|UniqueV?2?)$/;

interface Raw {
  name?: string;
  op?: string;
  input?: string[];
  attr?: Record<string, { func?: { name?: string } } | undefined>;
}

/** The nodes of a graph. */
export function graphNodes(topology: object): GraphNode[] {
  const { node } = topology as { node?: unknown };
  return Array.isArray(node) ? (node as Raw[]).map(nodeOf) : [];
}

function nodeOf({ name = '', op = '', input = [], attr = {} }: Raw): GraphNode {
  return {
    name,
    op,
    input: input.map((text) => text.replace(/^\^/, '').replace(/:\d+$/, '')),
    flows: STEERING.test(op) || WHOLE.test(op),
    dynamic: STEERING.test(op) || WHOLE.test(op) || DYNAMIC.test(op),
    functions: WHOLE.test(op) ? Object.values(attr).flatMap((value) => value?.func?.name ?? []) : [],
  };
}

/** What the loops and branches of a graph mean for its layers. */
export interface GraphFlow {
  /** Whether the graph can only be run asynchronously. */
  readonly asynchronous: boolean;
  /** Nodes that no layer is shown of, and of which layers that keeps; of loops and branches in one node what is inside. */
  readonly inside: ReadonlyMap<string, readonly LeftOutLayer[]>;
  /** The results that others take of a loop or branch in one node. */
  readonly results: ReadonlyMap<string, readonly string[]>;
}

/** O(nodes). */
export function flowOf(topology: object, nodes: ReadonlyMap<string, GraphNode>): GraphFlow {
  const all = [...nodes.values()];
  const asynchronous = all.some(({ dynamic }) => dynamic);
  const inside = new Map<string, LeftOutLayer[]>();
  const results = new Map<string, string[]>();
  if (!asynchronous) return { asynchronous, inside, results };
  const followers = new Map<string, GraphNode[]>();
  for (const node of all)
    for (const name of node.input) followers.set(name, [...(followers.get(name) ?? []), node]);
  const mark = (starts: readonly GraphNode[], end: string, reason: string) => {
    const stack = [...starts];
    while (stack.length > 0) {
      const { name, op } = stack.pop()!;
      if (op === end || inside.has(name)) continue;
      inside.set(name, computes(op) && !STEERING.test(op) ? [{ name, kind: op, reason }] : []);
      stack.push(...(followers.get(name) ?? []));
    }
  };
  const of = (kind: string) => all.filter(({ op, name }) => op === kind && !inside.has(name));
  mark(of('Enter'), 'Exit', 'is inside a loop');
  mark(of('Switch'), 'Merge', 'is inside a branch');

  const { library } = topology as {
    library?: { function?: { signature?: { name?: string }; nodeDef?: Raw[] }[] };
  };
  const functions = new Map(library?.function?.map(({ signature, nodeDef }) => [signature?.name, nodeDef]));
  const taken = new Set((topology as { node: Raw[] }).node.flatMap(({ input = [] }) => input));
  for (const { name, op, functions: run } of all) {
    if (run.length === 0) continue;
    const reason = `is inside the ${op} ${name}`;
    const bodies = run.flatMap((body) => (functions.get(body) ?? []).map(nodeOf));
    const hidden = bodies
      .filter((node) => computes(node.op))
      .map((node) => ({ name: `${name}/${node.name}`, kind: node.op, reason }));
    results.set(
      name,
      [...taken].filter((text) => text === name || text.startsWith(`${name}:`)),
    );
    inside.set(name, hidden);
  }
  return { asynchronous, inside, results };
}
