import type { RecordBatch } from 'apache-arrow';
import { checkCall } from '../core/call.js';
import type { WriteRowsOptions } from '../io/index.js';
import { toRecordBatch } from '../io/rows/row-sinks.js';
import { rowsAsTables } from '../io/rows/write-rows.js';
import { SIGNATURES } from './signatures.js';
import { type Stage, mapRows } from './stage.js';

/**
 * A stage that makes record batches of Apache Arrow of rows: one column a coordinate, and the classes as texts in a column
 * `label`. The other way round no stage is needed: every stage takes record batches of numbers.
 *
 * @param options as of `writeRows`: `columns`, `also`, `labels`, `dtype`.
 * @throws the stage what `writeRows` throws of rows.
 */
export function recordBatches(options: Omit<WriteRowsOptions, 'format'> = {}): Stage<RecordBatch> {
  checkCall(SIGNATURES.recordBatches, { options });
  return async function* (source, run) {
    const table = rowsAsTables('arrow', options);
    let before = 0;
    const stage = mapRows((rows) => {
      const next = table(rows, before);
      before += next.numbers.shape[0];
      return toRecordBatch(next);
    });
    yield* stage(source, run);
  };
}
