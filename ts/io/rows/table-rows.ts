import { RidgeflowError } from '../../core/errors.js';
import { type CloudContent, type RowRange, checkExtent } from '../cloud.js';
import { LabelCollector } from '../labels.js';
import { openParquet } from '../parquet.js';
import { type TablePlan, decodingError, fillTable, planTable } from '../table.js';
import type { Table } from '../table-sink.js';
import type { TableRequest } from '../table-request.js';
import { arrowParts, arrowRowCount } from './arrow-rows.js';
import { jsonParts } from './json-parts.js';
import { regrouped } from './regroup.js';
import { ownRange, rowsToRead, within } from './share.js';

/**
 * Decodes an Arrow, Parquet or JSON file in this process, `batch` rows at a time; `decodeRows` does it in another. Beside
 * them it holds one record batch, one group of rows, or the text of as many rows.
 */
export async function* decodeRowsHere(request: TableRequest, batch: number): AsyncGenerator<CloudContent> {
  try {
    yield* regrouped(request.share ? ownLots(request, batch) : lots(request, batch), batch);
  } catch (cause) {
    throw cause instanceof RidgeflowError ? cause : decodingError(cause, request);
  }
}

/** Those of a share. */
async function* ownLots(request: TableRequest, batch: number): AsyncGenerator<CloudContent> {
  const range = ownRange(await rowsIn(request, batch), request.share!);
  let first: number | undefined;
  const found = lots(request, batch, range, (firstRow) => (first ??= firstRow));
  try {
    // What was wanted begins with the first table that holds any of it.
    const begun = await found.next();
    if (begun.done) return;
    const all = async function* () {
      yield begun.value;
      yield* found;
    };
    yield* within(all(), range, first);
  } finally {
    await found.return(undefined);
  }
}

async function rowsIn(request: TableRequest, batch: number): Promise<number> {
  const { path, format } = request;
  if (format === 'arrow') return arrowRowCount(path);
  if (format === 'json') {
    let total = 0;
    for await (const { rows } of jsonParts(request, batch)) total += rows;
    return total;
  }
  const parquet = await openParquet(path);
  await parquet.close();
  return parquet.rows;
}

async function* lots(
  request: TableRequest,
  batch: number,
  range?: RowRange,
  onTable?: (firstRow: number) => void,
): AsyncGenerator<CloudContent> {
  const labels = new LabelCollector(request.path, 'text');
  let plan: TablePlan | undefined;
  let n = 0;
  for await (const table of tables(request, batch, range)) {
    onTable?.(table.firstRow ?? 0);
    plan ??= planTable(table, request);
    if (table.rows === 0) continue;
    if (n === 0) checkExtent(table.rows, plan.d, request.path);
    n += table.rows;
    const content = await fillTable(table, plan, request, labels);
    yield plan.roles.label >= 0 ? { ...content, labels: labels.take() } : content;
  }
  if (n === 0) checkExtent(0, plan?.d ?? 1, request.path);
}

async function* tables(request: TableRequest, batch: number, range?: RowRange): AsyncGenerator<Table> {
  const { path, format } = request;
  const rows = range && rowsToRead(range);
  if (format === 'arrow') yield* arrowParts(path, rows);
  else if (format === 'json') yield* jsonParts(request, batch);
  else {
    const parquet = await openParquet(path);
    try {
      yield* parquet.parts(rows);
      if (parquet.rows === 0) yield parquet;
    } finally {
      await parquet.close();
    }
  }
}
