import type { NdArray } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import type { CallOptions } from '../../core/options.js';
import { INPUT } from '../model/activations.js';
import { Examples } from '../model/examples.js';
import {
  type ActivationLayer,
  type Block,
  type ModelData,
  type NetworkModel,
  type StreamBlock,
  openActivations,
  residualStreams,
} from '../model/index.js';
import { someExamples } from '../model/model-data.js';
import { streamsFromData } from '../model/residual-streams.js';
import { modelBlock } from './model-block.js';

/** Fewer examples say nothing of a cloud. */
const FEWEST_EXAMPLES = 4;

/** The streams of a model where it can be run on data, in parts of one width. */
export interface StreamParts {
  readonly parts: readonly (readonly StreamBlock[])[];
  /** The last layer of the model. */
  readonly last: string;
  /** How many examples there are. */
  readonly count: number;
  readonly layer: (name: string) => ActivationLayer;
  /** The part of the model between two layers, where it can be run alone. */
  readonly between: (from: string, to: string) => Block | undefined;
  /** Whole states of these examples, n × d each. */
  readonly collect: (names: readonly string[], rows: ArrayLike<number>) => Promise<Map<string, NdArray>>;
}

/** Throws as `openActivations`, EMPTY_CLOUD for fewer than 4 examples. */
export async function streamParts(
  model: NetworkModel,
  points: ModelData,
  options: CallOptions & { batch?: number; memoryLimit?: number },
): Promise<StreamParts> {
  const streams = streamsFromData(model, residualStreams(model));
  const last = model.layers[model.layers.length - 1].name;
  const all = Examples.of(model, points);
  const { count } = all;
  if (count < FEWEST_EXAMPLES) {
    throw new RidgeflowError(
      'EMPTY_CLOUD',
      `Expected at least ${FEWEST_EXAMPLES} examples for points but received ${count}`,
    );
  }
  const others = model.inputs.length > 1 ? all.constants() : undefined;
  const { seed, signal, backend, dtype, batch, memoryLimit } = options;
  const call = { seed, signal, backend, dtype };
  const open = (names: readonly string[], rows: ArrayLike<number>) => {
    const layers = [...new Set(names)].filter((name) => name !== INPUT);
    const run = { ...call, batch, memoryLimit, layers, featureMaps: 'flatten', width: 2 ** 31 - 1 } as const;
    return openActivations(model, someExamples(model, points, rows), run);
  };
  const names = [...streams.flatMap(({ blocks }) => blocks.flatMap(({ from, to }) => [from, to])), last];
  const few = Int32Array.from({ length: Math.min(count, FEWEST_EXAMPLES) }, (_, i) => i);
  const shapes =
    streams.length > 0
      ? new Map((await open(names, few)).layers.map((layer) => [layer.name, layer]))
      : new Map<string, ActivationLayer>();
  const layer = (name: string) => shapes.get(name)!;
  return {
    parts: streams.flatMap(({ blocks }) => partsOf(blocks, shapes)),
    last,
    count,
    layer,
    between: (from, to) => modelBlock(model, { first: layer(from), last: layer(to) }, others),
    collect: async (names, rows) =>
      (await open(names, rows)).collect([...new Set(names)], { signal: call.signal }),
  };
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
