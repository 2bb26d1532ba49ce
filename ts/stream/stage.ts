import { checkCall } from '../core/call.js';
import { throwIfAborted } from '../core/options.js';
import type { Rows, RowsInput } from '../io/index.js';
import { rowsFrom } from '../io/rows/rows-like.js';
import { SIGNATURES } from './signatures.js';

/** A stream of rows, of `readRows`, another stage or your own: an AsyncIterable, a Node stream of objects, a list. */
export type RowsSource = Iterable<RowsInput> | AsyncIterable<RowsInput>;

/**
 * A stage of a pipeline of rows: between two others in `pipeline` of node:stream/promises, or called with a stream of rows,
 * which it gives back as another; `Duplex.from(stage)` of node:stream makes a Node stream of it. It takes the next rows when
 * its own have been taken.
 */
export type Stage<Out> = (
  source: RowsSource,
  run?: { signal?: AbortSignal },
) => AsyncGenerator<Out, void, undefined>;

/**
 * A stage that does what it is told with every lot of rows, in their order and one lot at a time.
 *
 * @param work gets the rows with all that they carry, and the signal of the pipeline; what it gives goes on. What it throws
 *   ends the pipeline.
 * @throws the stage what `asCloud` throws, INVALID_ARGUMENT for what is no stream, ABORTED.
 * @example mapRows(async (rows) => ({ ...rows, points: standardised.apply(rows.points) }))
 */
export function mapRows<Out>(
  work: (rows: Rows, run: { signal?: AbortSignal }) => Out | Promise<Out>,
): Stage<Out> {
  checkCall(SIGNATURES.mapRows, { work });
  return async function* (source, { signal } = {}) {
    throwIfAborted(signal);
    for await (const rows of rowsFrom(source)) {
      yield await work(rows, { signal });
      throwIfAborted(signal);
    }
  };
}
