import { type NdArray, allocate } from '../../core/array.js';
import type { ModelInput, NetworkModel } from './model.js';
import type { PositionMask } from './position-mask.js';
import { ValueGraph } from './value-graph.js';

/** What takes numbers as names: a row of a table for each, or a coordinate of its own. */
const LOOKS_UP = /^(?:(?:Resource)?Gather(?:V2)?|Embedding|OneHot)$/;

/** Whether the entries of an input are ids of tokens: names, which are looked up, and no coordinates. */
export function takesTokenIds({ values, format }: NetworkModel, input: ModelInput): boolean {
  if (!values || input.shape?.length !== 1) return false;
  // Of ONNX and GraphModels a table may also be gathered from numbers; these are no whole ones.
  if (format !== 'tfjs-layers' && !input.type.includes('int')) return false;
  const graph = new ValueGraph(values);
  const at = values.findIndex(({ name }) => name === input.name);
  return graph.values.some(
    ({ kind }, value) =>
      LOOKS_UP.test(kind) && graph.inputs[value].some((from) => graph.resolve(from) === at),
  );
}

/**
 * Examples that are sequences of ids of tokens as points: the share of each token among the positions that a mask has. They are what the
 * mean over the positions is of vectors that have 1 at their token and 0 elsewhere, as the mean is of embeddings.
 */
export class TokenShares {
  /** How many tokens occur. */
  readonly width: number;
  readonly #ids: NdArray;
  readonly #columns = new Map<number, number>();

  /** @param ids [n, length]. O(n · length) time. */
  constructor(ids: NdArray, mask?: PositionMask) {
    this.#ids = ids;
    const found = new Set<number>();
    for (let at = 0; at < ids.data.length; at++) if (counts(mask, ids, at)) found.add(ids.data[at]);
    [...found].sort((a, b) => a - b).forEach((id, column) => this.#columns.set(id, column));
    this.width = found.size;
  }

  /** Of `count` examples from `first` on: [count, width]. `mask` is that of these examples alone. */
  rows(first: number, count: number, mask?: PositionMask): NdArray {
    const [, length] = this.#ids.shape;
    const data = allocate('float32', count * this.width, 'the shares of tokens');
    const batch = {
      data: this.#ids.data.subarray(first * length, (first + count) * length),
      shape: [count, length],
    };
    for (let i = 0; i < count; i++) {
      const columns: number[] = [];
      for (let at = i * length; at < (i + 1) * length; at++)
        if (counts(mask, batch, at)) columns.push(this.#columns.get(batch.data[at])!);
      for (const column of columns) data[i * this.width + column] += 1 / columns.length;
    }
    return { data, shape: [count, this.width] };
  }
}

function counts(mask: PositionMask | undefined, { shape }: NdArray, at: number): boolean {
  return mask?.positions !== shape[1] || mask.data[at] !== 0;
}
