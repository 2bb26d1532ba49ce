import { RidgeflowError } from '../../core/errors.js';
import { type CloudContent, checkExtent } from '../cloud.js';
import { LabelCollector } from '../labels.js';
import { openParquet } from '../parquet.js';
import { type TablePlan, decodingError, fillTable, planTable } from '../table.js';
import type { Table } from '../table-sink.js';
import type { TableRequest } from '../table-request.js';
import { arrowParts } from './arrow-rows.js';
import { jsonParts } from './json-parts.js';
import { regrouped } from './regroup.js';

/**
 * Decodes an Arrow, Parquet or JSON file in this process, `batch` rows at a time; `decodeRows` does it in another. Beside
 * them it holds one record batch, one group of rows, or the text of as many rows.
 */
export async function* decodeRowsHere(request: TableRequest, batch: number): AsyncGenerator<CloudContent> {
  try {
    yield* regrouped(lots(request, batch), batch);
  } catch (cause) {
    throw cause instanceof RidgeflowError ? cause : decodingError(cause, request);
  }
}

async function* lots(request: TableRequest, batch: number): AsyncGenerator<CloudContent> {
  const labels = new LabelCollector(request.path, 'text');
  let plan: TablePlan | undefined;
  let n = 0;
  for await (const table of tables(request, batch)) {
    plan ??= planTable(table, request);
    if (table.rows === 0) continue;
    if (n === 0) checkExtent(table.rows, plan.d, request.path);
    n += table.rows;
    const content = await fillTable(table, plan, request, labels);
    yield plan.roles.label >= 0 ? { ...content, labels: labels.take() } : content;
  }
  if (n === 0) checkExtent(0, plan?.d ?? 1, request.path);
}

async function* tables(request: TableRequest, batch: number): AsyncGenerator<Table> {
  const { path, format } = request;
  if (format === 'arrow') yield* arrowParts(path);
  else if (format === 'json') yield* jsonParts(request, batch);
  else {
    const parquet = await openParquet(path);
    try {
      yield* parquet.parts();
      if (parquet.rows === 0) yield parquet;
    } finally {
      await parquet.close();
    }
  }
}
