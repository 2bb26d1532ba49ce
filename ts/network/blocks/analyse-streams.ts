import { checkCall } from '../../core/call.js';
import type { NdArrayLike } from '../../core/foreign.js';
import { type CallOptions, checkInteger, partOf, tell } from '../../core/options.js';
import { RandomStream } from '../../core/random.js';
import { DEFAULT_MEMORY } from '../model/groups.js';
import type { ModelData, NetworkModel, StreamBlock } from '../model/index.js';
import { SIGNATURES } from '../signatures.js';
import { type BlockAnalysis, type BlockStep, type BlockTransport, analyseSteps } from './analyse-blocks.js';
import { blockByDifferences } from './block-map.js';
import { spreadOf } from './cloud-change.js';
import { type WithoutBlock, withoutBlock } from './left-out-block.js';
import { gathered } from './local-geometry.js';
import { streamParts } from './stream-parts.js';
import { ownData } from '../model/model-data.js';

/** A block of a model's stream with its place and its numbers. */
export interface StreamBlockAnalysis extends StreamBlock, BlockTransport {
  /**
   * What the model gives without the block, of deep wide models on a part of the examples; null where the rest of the model
   * cannot be run alone.
   */
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
  memoryLimit?: number;
}

/** Multiplications that comparing all pairs of examples may take in one block. */
const PAIRS = 4e9;
const FEWEST = 32;
/** Values of states that the rest of the model may make where it is run without each of its blocks in turn. */
const WITHOUT = 5e8;

/**
 * {@link analyseBlocks} of every residual stream of a model ({@link residualStreams}), on whole states, not pooled: where the
 * width changes, as between the stages of a ResNet, a stream ends and another begins. Derivatives are differences through the
 * model's own blocks; blocks that also need an input which differs between examples, as masks of padding do, have none. And what the model's last layer gives without
 * each block.
 *
 * @param points examples as `analyseNetwork` takes them, 4 or more. @throws as `analyseNetwork` and {@link analyseBlocks}.
 * For each block O(n²d) time of at most 4·10⁹, some 4000 runs of it, 2560 of wide states, and the rest of the model for up to n
 * examples: in all they make at most 5·10⁸ values of states, but of 32 examples at least.
 */
export async function analyseStreams(
  model: NetworkModel,
  points: ModelData<NdArrayLike>,
  options: StreamAnalysisOptions = {},
): Promise<StreamAnalysis[]> {
  checkCall(SIGNATURES.analyseStreams, { model, points, options });
  const most = checkInteger(options.examples ?? 1000, 'examples', 4);
  const memory = checkInteger(options.memoryLimit ?? DEFAULT_MEMORY, 'memoryLimit', 1);
  const { seed, signal, backend, dtype } = options;
  const call = { seed, signal, backend, dtype };
  const { parts, last, count, layer, between, collect } = await streamParts(model, ownData(points), options);
  // Each block is followed by all after it: of deep wide models few examples are run without each.
  const widths = parts.flat().map(({ to }) => layer(to).fullWidth);
  const behind = widths.reduce((sum, width, b) => sum + b * width, 1);
  const left = Math.max(FEWEST, Math.floor(WITHOUT / behind));
  const found: StreamAnalysis[] = [];
  for (const [p, blocks] of parts.entries()) {
    const width = layer(blocks[0].from).fullWidth;
    const held = 4 * width * (blocks.length + 3);
    const n = Math.min(
      count,
      most,
      Math.max(FEWEST, Math.floor(Math.min(Math.sqrt(PAIRS / width), memory / held))),
    );
    const rows = new RandomStream(seed, 'sample', p).choose(count, n).sort();
    const clouds = await collect([...blocks.flatMap(({ from, to }) => [from, to]), last], rows);
    const steps = blocks.map(({ from, to }): BlockStep => {
      const before = clouds.get(from)!;
      const block = between(from, to);
      const spread = spreadOf(before);
      const map =
        block && spread > 0 ? blockByDifferences(block, { shape: layer(from).shape, spread }) : undefined;
      return { map, before, after: clouds.get(to)! };
    });
    const part = partOf(options, p / parts.length, (p + 0.9) / parts.length);
    const analysis = await analyseSteps(steps, { ...call, onProgress: part.onProgress });
    const analysed: StreamBlockAnalysis[] = [];
    const some = new RandomStream(seed, 'subsample', p).choose(n, Math.min(n, left)).sort();
    const outputs = gathered(clouds.get(last)!, some);
    for (const [b, block] of blocks.entries()) {
      const after = layer(block.to);
      const rest = block.to === last ? undefined : between(block.to, last);
      const before = { states: gathered(clouds.get(block.from)!, some), shape: after.shape };
      const without = rest ? await withoutBlock(rest, before, outputs, call) : null;
      analysed.push({ ...block, ...analysis.blocks[b], without });
    }
    const { lyapunov, verdict } = analysis;
    found.push({ blocks: analysed, lyapunov, verdict, dimension: width, examples: n });
  }
  await tell(options.onProgress, 1);
  return found;
}
