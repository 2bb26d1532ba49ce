import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';
import { INPUT } from './activations.js';
import { blockPaths } from './block-paths.js';
import type { NetworkModel } from './model.js';
import { ValueGraph } from './value-graph.js';

/** One block of a residual stream: the state after it is the state before, or a projection of that, and what the block adds. */
export interface StreamBlock {
  /** The states before and after, as names of layers, or of the input. */
  readonly from: string;
  readonly to: string;
  /** Where it is in the model by the exporter's words, as `/encoder/layer.3/attention`; else the name of the state after. */
  readonly path: string;
  /** Whether the state goes on as it is, or through layers of its own, as where a ResNet halves its maps. */
  readonly skip: 'identity' | 'projection';
  /** Layers in the block. */
  readonly inside: number;
}

/** Blocks that follow one another. */
export interface ResidualStream {
  readonly blocks: readonly StreamBlock[];
}

/** Sums, and those fused with the norm after them. */
const SUM = /^(?:Add|AddV2|AddN|Sum|SkipLayerNormalization|SkipSimplifiedLayerNormalization)$/;

/** A block by the numbers of its values: the state is forked, and both ways come together in a sum. */
interface Found {
  fork: number;
  sum: number;
  inside: readonly number[];
  identity: boolean;
  /** The state after. */
  to: number;
}

/**
 * The residual streams of a model, followed through its graph from sum to sum: a block is where a value and what is computed
 * from it by convolutions, products or pooling are added, or two such ways from one value that join a stream. The state
 * between two blocks is what the next one forks: the sum itself (pre-norm), or what a norm or activation makes of it
 * (post-norm, ResNet). Of sums around sums the inner ones are the blocks. Empty where the graph has none, or is not known.
 *
 * O(values · sums) time.
 */
export function residualStreams(model: NetworkModel): ResidualStream[] {
  checkCall(SIGNATURES.residualStreams, { model });
  if (!model.values) return [];
  const graph = new ValueGraph(model.values);
  const shown = new Set([...model.inputs, ...model.layers].map(({ name }) => name));
  const isState = (value: number) => shown.has(graph.values[value].name);
  const found = blocksOf(graph).filter(({ fork }) => isState(fork));
  const blocks = found.filter((block) => block.identity || joins(block, found));
  endLikeOthers(graph, blocks);
  const kept = blocks.filter(({ to }) => isState(to));
  const paths = blockPaths(
    graph,
    kept.map(({ inside }) => inside),
  );
  const layers = new Set(model.layers.map(({ name }) => name));
  const streams: StreamBlock[][] = [];
  kept.forEach(({ fork, to, identity, inside }, b) => {
    const name = (value: number) => graph.values[value].name;
    const block: StreamBlock = {
      from: name(fork),
      to: name(to),
      path: paths[b] ?? name(to),
      skip: identity ? 'identity' : 'projection',
      inside: inside.filter((value) => layers.has(name(value))).length,
    };
    const stream = streams.find((blocks) => blocks[blocks.length - 1].to === block.from);
    if (stream) stream.push(block);
    else streams.push([block]);
  });
  return streams.map((blocks) => ({ blocks }));
}

/** The innermost blocks in the order of their sums, each with the state after it where a later block forks that. */
function blocksOf(graph: ValueGraph): Found[] {
  const { values, followers } = graph;
  const isSum = (value: number) => SUM.test(values[value].kind);
  const all: Found[] = [];
  values.forEach((_, sum) => {
    if (!isSum(sum)) return;
    const block = identityBlock(graph, sum, isSum) ?? projectionBlock(graph, sum);
    const [next] = followers[sum];
    // A sum of sums is one, as where attention and network run side by side; not where the outer one reaches further back.
    if (followers[sum].length === 1 && isSum(next) && graph.inputs[next].length > 1) {
      const whole = identityBlock(graph, next, isSum);
      if (!block?.identity || whole?.fork === block.fork) return;
    }
    if (block) all.push(block);
  });
  const around = (outer: Found, { fork, sum }: Found) =>
    outer.sum !== sum && fork >= outer.fork && outer.inside.includes(sum);
  const plain = all.filter(({ identity }) => identity);
  // Within a block other sums of two ways are part of it, as those of attention scores are.
  const inner = all.filter(
    (block) =>
      !plain.some((other) => around(block, other)) &&
      (block.identity || !plain.some((other) => around(other, block))),
  );
  for (const block of inner) {
    const after = inner.flatMap(({ fork }) => (isAfter(graph, block.sum, fork) ? [fork] : []));
    block.to = after.length > 0 ? Math.min(...after) : block.sum;
  }
  return inner;
}

function identityBlock(graph: ValueGraph, sum: number, isSum: (value: number) => boolean): Found | undefined {
  const terms: number[] = [];
  const stack = [...graph.inputs[sum]];
  while (stack.length > 0) {
    const term = stack.pop()!;
    if (isSum(term) && graph.inputs[term].length > 1 && graph.followers[term].length === 1)
      stack.push(...graph.inputs[term]);
    else terms.push(term);
  }
  if (terms.length < 2) return undefined;
  const fork = Math.min(...terms.map((term) => graph.resolve(term)));
  const others = terms.filter((term) => graph.resolve(term) !== fork);
  if (others.length === 0 || !others.every((term) => graph.between(fork, term))) return undefined;
  const inside = graph.between(fork, sum)!;
  return inside.some((value) => graph.mixes(value))
    ? { fork, sum, inside, identity: true, to: sum }
    : undefined;
}

/** Two ways from one value, of which each mixes. */
function projectionBlock(graph: ValueGraph, sum: number): Found | undefined {
  const terms = graph.inputs[sum];
  const fork = graph.dominator(sum);
  if (terms.length !== 2 || fork < 0) return undefined;
  const ways = terms.map((term) => graph.between(fork, term) ?? []);
  if (!ways.every((way) => way.some((value) => graph.mixes(value)))) return undefined;
  const inside = graph.between(fork, sum)!;
  return { fork: graph.resolve(fork), sum, inside, identity: false, to: sum };
}

/** Whether a block without a plain skip goes on where another ends, or ends where another goes on. */
function joins({ fork, to }: Found, all: readonly Found[]): boolean {
  return all.some((other) => other.identity && (other.fork === to || other.to === fork));
}

/** Whether the value is made of this sum alone, by nothing that mixes coordinates. */
function isAfter(graph: ValueGraph, sum: number, value: number): boolean {
  if (value === sum) return true;
  if (value < sum || !graph.dominates(sum, value)) return false;
  return !graph.between(sum, value)!.some((between) => graph.mixes(between));
}

/** Nothing forks the last state of a stream: it is where the blocks before have theirs, after the same norm or activation. */
function endLikeOthers(graph: ValueGraph, blocks: readonly Found[]): void {
  const kinds = (sum: number, to: number) =>
    (to === sum ? [] : graph.between(sum, to)!).map((value) => graph.values[value].kind).join(' ');
  for (const block of blocks) {
    if (blocks.some(({ fork }) => fork === block.to)) continue;
    const before = blocks.find(({ to, sum }) => to === block.fork && to !== sum);
    if (!before) continue;
    const wanted = kinds(before.sum, before.to);
    for (let value = block.sum + 1; value < graph.values.length; value++) {
      if (!isAfter(graph, block.sum, value) || kinds(block.sum, value) !== wanted) continue;
      block.to = value;
      break;
    }
  }
}

/** The streams with the state that is the model's input by the name that the data have among the layers. */
export function streamsFromData(
  { input }: NetworkModel,
  streams: readonly ResidualStream[],
): ResidualStream[] {
  return streams.map(({ blocks }) => ({
    blocks: blocks.map((block) => (block.from === input.name ? { ...block, from: INPUT } : block)),
  }));
}
