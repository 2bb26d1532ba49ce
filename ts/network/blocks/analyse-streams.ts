import { checkCall } from '../../core/call.js';
import { RidgeflowError } from '../../core/errors.js';
import { checkInteger, type CallOptions, partOf, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { INPUT } from '../model/activations.js';
import { Examples } from '../model/examples.js';
import { DEFAULT_MEMORY } from '../model/groups.js';
import {
  type ActivationLayer,
  type ModelData,
  type NetworkModel,
  type StreamBlock,
  openActivations,
  residualStreams,
} from '../model/index.js';
import { someExamples } from '../model/model-data.js';
import { streamsFromData } from '../model/residual-streams.js';
import { SIGNATURES } from '../signatures.js';
import { type BlockAnalysis, type BlockStep, type BlockTransport, analyseSteps } from './analyse-blocks.js';
import { blockByDifferences } from './block-map.js';
import { spreadOf } from './cloud-change.js';
import { type WithoutBlock, withoutBlock } from './left-out-block.js';
import { modelBlock } from './model-block.js';

/** A block of a model's stream with its place and its numbers. */
export interface StreamBlockAnalysis extends StreamBlock, BlockTransport {
  /** What the model gives without the block; null where the rest of the model cannot be run alone. */
  readonly without: WithoutBlock | null;
}

/** Blocks of one width that follow one another. */
export interface StreamAnalysis extends Pick<BlockAnalysis, 'lyapunov' | 'verdict'> {
  readonly blocks: readonly StreamBlockAnalysis[];
  /** Values of a state. */
  readonly dimension: number;
  /** Examples that it was measured on. */
  readonly examples: number;
}

/** Options of {@link analyseStreams}. */
export interface StreamAnalysisOptions extends CallOptions {
  /** Most examples, drawn by the seed; of wide states fewer are taken. Default 1000. */
  examples?: number;
  /** Most examples that the model runs at once. Default 256. */
  batch?: number;
  /** About so many bytes of states are held at once. Default 2³⁰. */
  memory?: number;
}

/** Multiplications that comparing all pairs of examples may take in one block. */
const PAIRS = 4e9;
const FEWEST = 32;
/** Fewer examples say nothing of a cloud. */
const FEWEST_EXAMPLES = 4;

/**
 * {@link analyseBlocks} of every residual stream of a model ({@link residualStreams}), on whole states, not pooled: where the
 * width changes, as between the stages of a ResNet, a stream ends and another begins. Derivatives are differences through the
 * model's own blocks; blocks that also need an input which differs between examples, as masks of padding do, have none. And what the model's last layer gives without
 * each block.
 *
 * @param points examples as `analyseNetwork` takes them, 4 or more. @throws as `analyseNetwork` and {@link analyseBlocks}.
 * For each block O(n²d) time of at most 4·10⁹, and some 4000 runs of it, 2560 of wide states.
 */
export async function analyseStreams(
  model: NetworkModel,
  points: ModelData,
  options: StreamAnalysisOptions = {},
): Promise<StreamAnalysis[]> {
  checkCall(SIGNATURES.analyseStreams, { model, points, options });
  const most = checkInteger(options.examples ?? 1000, 'examples', 4);
  const memory = checkInteger(options.memory ?? DEFAULT_MEMORY, 'memory', 1);
  const { seed, signal, backend, dtype, batch } = options;
  const call = { seed, signal, backend, dtype };
  const streams = streamsFromData(model, residualStreams(model));
  if (streams.length === 0) return [];
  const last = model.layers[model.layers.length - 1].name;
  const names = [...new Set(streams.flatMap(({ blocks }) => blocks.flatMap(({ from, to }) => [from, to])))];
  const layers = [...new Set([...names, last])].filter((name) => name !== INPUT);
  const all = Examples.of(model, points);
  const { count } = all;
  if (count < FEWEST_EXAMPLES) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected at least ${FEWEST_EXAMPLES} examples for points but received ${count}`,
    );
  }
  const others = model.inputs.length > 1 ? all.constants() : undefined;
  const run = { ...call, batch, memory, layers, featureMaps: 'flatten', width: 2 ** 31 - 1 } as const;
  const few = someExamples(
    model,
    points,
    Int32Array.from({ length: Math.min(count, 4) }, (_, i) => i),
  );
  const { layers: shapes } = await openActivations(model, few, run);
  const byName = new Map(shapes.map((layer) => [layer.name, layer]));
  const found: StreamAnalysis[] = [];
  const parts = streams.flatMap(({ blocks }) => partsOf(blocks, byName));
  for (const [p, blocks] of parts.entries()) {
    const width = byName.get(blocks[0].from)!.fullWidth;
    const held = 4 * width * (blocks.length + 3);
    const n = Math.min(
      count,
      most,
      Math.max(FEWEST, Math.floor(Math.min(Math.sqrt(PAIRS / width), memory / held))),
    );
    const rows = new RandomStream(seed, 'sample', p).choose(count, n).sort();
    const chosen = someExamples(model, points, rows);
    const states = [...new Set(blocks.flatMap(({ from, to }) => [from, to])), last];
    const inner = { ...run, layers: states.filter((name) => name !== INPUT) };
    const clouds = await (await openActivations(model, chosen, inner)).collect([...new Set(states)], call);
    const layer = (name: string) => byName.get(name)!;
    const steps = blocks.map(({ from, to }): BlockStep => {
      const before = clouds.get(from)!;
      const block = modelBlock(model, { first: layer(from), last: layer(to) }, others);
      const spread = spreadOf(before);
      const map =
        block && spread > 0 ? blockByDifferences(block, { shape: layer(from).shape, spread }) : undefined;
      return { map, before, after: clouds.get(to)! };
    });
    const part = partOf(options, p / parts.length, (p + 0.9) / parts.length);
    const analysis = await analyseSteps(steps, { ...call, onProgress: part.onProgress });
    const analysed: StreamBlockAnalysis[] = [];
    for (const [b, block] of blocks.entries()) {
      const after = layer(block.to);
      const rest =
        block.to === last ? undefined : modelBlock(model, { first: after, last: layer(last) }, others);
      const before = { states: clouds.get(block.from)!, shape: after.shape };
      const without = rest ? await withoutBlock(rest, before, clouds.get(last)!, call) : null;
      analysed.push({ ...block, ...analysis.blocks[b], without });
    }
    const { lyapunov, verdict } = analysis;
    found.push({ blocks: analysed, lyapunov, verdict, dimension: width, examples: n });
  }
  await tell(options.onProgress, 1);
  return found;
}

/** Blocks that follow one another in one shape, without those between two. */
function partsOf(
  blocks: readonly StreamBlock[],
  layers: ReadonlyMap<string, ActivationLayer>,
): StreamBlock[][] {
  const parts: StreamBlock[][] = [[]];
  for (const block of blocks) {
    const [from, to] = [layers.get(block.from), layers.get(block.to)];
    if (from && to && from.fullWidth === to.fullWidth) parts[parts.length - 1].push(block);
    else parts.push([]);
  }
  return parts.filter((part) => part.length > 0);
}
