import { INPUT } from '../model/activations.js';
import type { NetworkModel, ResidualStream } from '../model/index.js';

/** Fewer blocks than these say less of a model than its layers do. */
const FEWEST = 2;

/** The layers that show residual streams once a block, and what comes out in the end; undefined where there are none to show. */
export function statesOf(model: NetworkModel, streams: readonly ResidualStream[]): string[] | undefined {
  const blocks = streams.flatMap((stream) => stream.blocks);
  if (blocks.length < FEWEST) return undefined;
  const states = new Set(blocks.flatMap(({ from, to }) => [from, to]));
  const last = model.layers.length - 1;
  return model.layers.filter(({ name }, l) => states.has(name) || l === last).map(({ name }) => name);
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
