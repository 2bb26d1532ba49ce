import type { NdArray } from '../../core/array.js';
import { type CallOptions, throwIfAborted } from '../../core/options.js';
import { nextTurn } from '../../core/pace.js';
import type { Block } from './model.js';

/** Longest time that a batch should take, in milliseconds. */
const AIM = 50;
/** Examples of the first batch, and how much larger a batch may be than the one before. */
const FIRST = 8;
const GROWTH = 4;

/**
 * How many examples to run at once. Models run on this thread and cannot be interrupted, so that a batch is about as large as
 * fits into 50 ms: an abort waits no longer, or for one example where that takes longer. What a model makes of an example
 * does not depend on the others in the batch.
 */
export class BatchSize {
  #rows: number;

  /** At most so many; exactly so many where the model takes no other number. */
  constructor(
    readonly most: number,
    readonly exact = false,
  ) {
    this.#rows = exact ? most : Math.min(most, FIRST);
  }

  /** Examples of the next batch. */
  get rows(): number {
    return this.#rows;
  }

  /** Learns from a batch of so many examples. */
  note(rows: number, milliseconds: number): void {
    if (this.exact) return;
    const fitting = Math.floor(rows * Math.min(GROWTH, AIM / milliseconds));
    this.#rows = Math.max(1, Math.min(this.most, fitting));
  }

  /** Runs a batch of so many examples, then gives the event loop a turn. Throws ABORTED. */
  async run<Result>(
    rows: number,
    work: () => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    throwIfAborted(signal);
    const start = performance.now();
    const result = await work();
    this.note(rows, performance.now() - start);
    await nextTurn();
    throwIfAborted(signal);
    return result;
  }
}

/** What a block makes of all rows, in batches. Throws ABORTED and what the model throws. */
export async function runBlock(
  block: Block,
  { data, shape: [n, ...example] }: NdArray,
  size: BatchSize,
  { signal }: CallOptions,
): Promise<NdArray> {
  const width = data.length / n;
  let out: NdArray | undefined;
  for (let first = 0; first < n;) {
    const rows = Math.min(size.rows, n - first);
    const part = { data: data.subarray(first * width, (first + rows) * width), shape: [rows, ...example] };
    const found = await size.run(rows, () => block(part), signal);
    if (rows === n) return found;
    const each = found.data.length / rows;
    out ??= { data: new Float32Array(n * each), shape: [n, ...found.shape.slice(1)] };
    out.data.set(found.data, first * each);
    first += rows;
  }
  return out!;
}
