import { type NetworkModel, type ResidualStream, residualStreams } from '../model/index.js';

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

/** {@link statesOf} the streams that a model has. */
export function streamLayers(model: NetworkModel): string[] | undefined {
  return statesOf(model, residualStreams(model));
}
