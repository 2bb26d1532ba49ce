import type { NdArray } from '../../core/array.js';
import type { CallOptions } from '../../core/options.js';
import { together } from '../../core/together.js';
import type { ActivationLayer, NetworkModel, ResidualStream } from '../model/index.js';
import type { CloudShape } from './cloud-shape.js';
import { defaultDirections } from '../../transport/sliced-wasserstein.js';
import { modelBlock } from '../blocks/model-block.js';
import { INPUT } from '../model/activations.js';
import { ValueGraph } from '../model/value-graph.js';
import {
  type StepMeasures,
  type StreamMeasures,
  blockDerivatives,
  continuationOf,
  displacementOf,
  straightnessOf,
} from './steps.js';

/**
 * The layer before each, by name. Where the layers hold blocks of residual streams, those are the steps: the state before the
 * block. Else the last layer of the same width that it follows from alone, where something between mixes coordinates; what an
 * activation or norm makes of a layer stands for it, and is no step.
 */
export function predecessors(
  model: NetworkModel,
  layers: readonly ActivationLayer[],
  streams: readonly ResidualStream[] = [],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const states = new Map(streams.flatMap(({ blocks }) => blocks.map(({ from, to }) => [to, from] as const)));
  for (const layer of layers) {
    const state = byName.get(states.get(layer.name) ?? '');
    if (state?.fullWidth === layer.fullWidth && sameRows(state, layer)) found.set(layer.name, state.name);
  }
  if (found.size > 0) return found;
  const mixes = mixing(model);
  const passed = new Set<string>();
  layers.forEach((layer, l) => {
    for (let earlier = l - 1; earlier >= 0; earlier--) {
      const { name, fullWidth, tokens } = layers[earlier];
      if (tokens !== undefined) continue;
      if (fullWidth !== layer.fullWidth || !sameRows(layers[earlier], layer)) continue;
      if (name !== INPUT && !model.block(name, layer.name)) continue;
      if (!mixes(name, layer.name)) {
        // It is the same state, further on: what led there leads here.
        const before = found.get(name);
        found.delete(name);
        passed.add(name);
        if (before !== undefined) found.set(layer.name, before);
        return;
      }
      if (passed.has(name)) continue;
      found.set(layer.name, name);
      return;
    }
  });
  return found;
}

/** Whether something on the way between two layers mixes coordinates; true where the graph is not known. */
function mixing({ values, input }: NetworkModel): (from: string, to: string) => boolean {
  if (!values) return () => true;
  const graph = new ValueGraph(values);
  const numbers = new Map(values.map(({ name }, i) => [name, i]));
  return (from, to) => {
    const [first, last] = [from === INPUT ? input.name : from, to].map((name) => numbers.get(name));
    if (first === undefined || last === undefined) return true;
    return graph.between(first, last)?.some((value) => graph.mixes(value)) ?? true;
  };
}

/** Whether the rows of two layers are those of the same positions of the same examples. */
export function sameRows(a: ActivationLayer, b: ActivationLayer): boolean {
  return a.positions === b.positions && a.masked === b.masked;
}

interface Kept {
  cloud: NdArray;
  spread: number | null;
}

/** A chain of steps while it grows. */
interface Chain {
  layers: string[];
  start: NdArray;
  action: number;
  path: Float64Array;
}

/** Takes the clouds of the layers one after the other, and keeps those that later ones are compared with. */
export class StepTracker {
  readonly #model: NetworkModel;
  readonly #layers: ReadonlyMap<string, ActivationLayer>;
  readonly #before: ReadonlyMap<string, string>;
  readonly #options: CallOptions;
  readonly #uses = new Map<string, number>();
  readonly #kept = new Map<string, Kept>();
  /** The chains by the layer they have come to, and the cloud before the step that led there. */
  readonly #chains = new Map<string, Chain>();
  readonly #origins = new Map<string, NdArray>();
  readonly #directions = new Map<number, NdArray>();
  readonly #steps: StepMeasures[] = [];
  readonly #streams: StreamMeasures[] = [];

  constructor(
    model: NetworkModel,
    layers: readonly ActivationLayer[],
    before: ReadonlyMap<string, string>,
    options: CallOptions,
  ) {
    this.#model = model;
    this.#layers = new Map(layers.map((layer) => [layer.name, layer]));
    this.#before = before;
    this.#options = options;
    for (const earlier of before.values()) this.#uses.set(earlier, (this.#uses.get(earlier) ?? 0) + 1);
  }

  /** Measures the step to this layer, if there is one. */
  async add(name: string, cloud: NdArray, shape: Promise<CloudShape | null>): Promise<void> {
    const from = this.#before.get(name);
    const earlier = from === undefined ? undefined : this.#kept.get(from);
    if (from !== undefined && earlier) {
      await this.#step(from, earlier, name, cloud);
      const left = this.#uses.get(from)! - 1;
      this.#uses.set(from, left);
      if (left === 0) {
        this.#kept.delete(from);
        this.#origins.delete(from);
      }
    }
    const found = await shape;
    if (this.#uses.has(name))
      this.#kept.set(name, { cloud, spread: found && Math.sqrt(found.moments.variance) });
  }

  /** The steps, and the streams that they make. */
  finish(): { steps: StepMeasures[]; streams: StreamMeasures[] } {
    return { steps: this.#steps, streams: this.#streams };
  }

  /** With the directions that sliced distances take by themselves, drawn once for every width. */
  #sliced({ shape: [, d] }: NdArray): CallOptions & { directions: NdArray } {
    const { seed, dtype = 'float32' } = this.#options;
    const directions = this.#directions.get(d) ?? defaultDirections(d, seed, dtype);
    this.#directions.set(d, directions);
    return { ...this.#options, directions };
  }

  async #step(from: string, earlier: Kept, to: string, cloud: NdArray): Promise<void> {
    const { mean, meanSquare, lengths } = displacementOf(earlier.cloud, cloud);
    const chain = this.#chains.get(from);
    const origin = this.#origins.get(from);
    const continuation = origin ? continuationOf(origin, earlier.cloud, cloud) : null;
    const [transport, derivatives] = await together([
      straightnessOf(earlier.cloud, cloud, meanSquare, this.#sliced(cloud)),
      this.#derivatives(from, earlier, to),
    ]);
    this.#steps.push({
      from,
      to,
      displacement: mean,
      relativeDisplacement: earlier.spread ? Math.sqrt(meanSquare) / earlier.spread : null,
      action: meanSquare,
      ...transport,
      continuation,
      divergence: derivatives?.divergence ?? null,
      divergenceError: derivatives?.divergenceError ?? null,
      stretch: derivatives?.stretch ?? null,
    });
    if (this.#uses.has(to)) this.#origins.set(to, earlier.cloud);
    // Where two layers follow from one, the first goes on along its chain and the other begins anew.
    this.#chains.delete(from);
    const grown = chain ?? {
      layers: [from],
      start: earlier.cloud,
      action: 0,
      path: new Float64Array(lengths.length),
    };
    grown.layers.push(to);
    grown.action += meanSquare;
    lengths.forEach((length, i) => (grown.path[i] += length));
    if (this.#uses.has(to)) this.#chains.set(to, grown);
    else await this.#close(grown, cloud);
  }

  /** Where the step can be run alone, on the activations as they are. */
  async #derivatives(from: string, { cloud, spread }: Kept, to: string) {
    const [first, last] = [this.#layers.get(from)!, this.#layers.get(to)!];
    if (spread === null || spread === 0) return undefined;
    const block = modelBlock(this.#model, { first, last });
    return block && blockDerivatives(block, cloud, { shape: first.shape, spread }, this.#options);
  }

  async #close({ layers, start, action, path }: Chain, end: NdArray): Promise<void> {
    const steps = layers.length - 1;
    if (steps < 2) return;
    const total = steps * action;
    const { lengths } = displacementOf(start, end);
    let [sum, count] = [0, 0];
    lengths.forEach((length, i) => {
      if (path[i] === 0) return;
      sum += length / path[i];
      count++;
    });
    this.#streams.push({
      layers,
      action: total,
      ...(await straightnessOf(start, end, total, this.#sliced(end))),
      pathStraightness: count > 0 ? sum / count : null,
    });
  }
}
