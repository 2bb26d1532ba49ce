import { spokenOption } from '../../core/spoken.js';
import { damaged, fileError } from '../errors.js';
import { jsonTable } from '../json.js';
import { type JsonColumns, isRecord, jsonColumns, ofArray } from '../json-rows.js';
import { openSource } from '../source.js';
import type { Table, TableColumn } from '../table-sink.js';
import type { TableRequest } from '../table-request.js';
import { endOfValue, jsonValues, skipSpace } from './json-values.js';

/** A file of no more than this is read whole, whatever its form. */
const START_BYTES = 1 << 20;
const [OPEN_LIST, OPEN_RECORD] = Buffer.from('[{');
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The rows of a JSON file, `batch` at a time, each lot a table with the columns of the first: of JSON Lines, or of one list
 * of records, arrays or numbers. Other forms, as one record of columns, only where the file is small. Throws FILE_FORMAT,
 * UNSUPPORTED, and what `jsonColumns` throws.
 */
export async function* jsonParts(request: TableRequest, batch: number): AsyncGenerator<Table> {
  const { path, gzip, array } = request;
  const source = await openSource(path, { gunzip: gzip });
  try {
    const start = Buffer.alloc(START_BYTES);
    const filled = start.subarray(0, await source.fill(start));
    const bytes = filled.subarray(0, 3).equals(MARK) ? filled.subarray(3) : filled;
    if (filled.length < START_BYTES) {
      yield jsonTable(jsonColumns(bytes.toString('utf8'), path, array), path);
      return;
    }
    const first = skipSpace(bytes, 0);
    const end = endOfValue(bytes, first);
    const isLines = end >= 0 && skipSpace(bytes, end) < bytes.length;
    const isList = !isLines && bytes[first] === OPEN_LIST;
    if ((!isLines && !isList) || array !== undefined) throw nested(path, bytes[first] === OPEN_RECORD);
    yield* tablesOf(jsonValues(source, bytes, isList), request, batch);
  } finally {
    source.close();
  }
}

async function* tablesOf(
  values: AsyncIterable<unknown>,
  request: TableRequest,
  batch: number,
): AsyncGenerator<Table> {
  const { path } = request;
  let rows: unknown[] = [];
  let firstRow = 0;
  let names: string[] | undefined;
  let columns: TableColumn[] | undefined;
  const table = (): Table => {
    const content = columns ? likeFirst(rows, names, columns, firstRow, request) : ofArray(rows, path);
    if (!columns) names = content.names;
    const made = jsonTable(content, path, firstRow, columns);
    columns ??= made.columns;
    firstRow += made.rows;
    rows = [];
    return made;
  };
  for await (const value of values) {
    // The first of two rows may hold the names.
    if (rows.push(value) > batch) yield table();
  }
  if (rows.length > 0 || !columns) yield table();
}

/** The cells of later rows by the columns of the first. */
function likeFirst(
  rows: unknown[],
  names: readonly string[] | undefined,
  columns: readonly TableColumn[],
  firstRow: number,
  { path, columns: chosen }: TableRequest,
): JsonColumns {
  const isRecords = rows.every(isRecord);
  if (!isRecords) {
    const row = rows.findIndex((cells) => (Array.isArray(cells) ? cells.length : 1) !== columns.length);
    if (row >= 0 || rows.some(isRecord)) {
      const place = `row ${firstRow + row + 1}`;
      throw fileError('FILE_FORMAT', {
        file: path,
        ...(row >= 0 && { place }),
        problem: `expected ${columns.length} values, as in the first rows, but received others`,
        remedy: 'Give every row as many values',
      });
    }
    return { ...ofArray(rows, path), names: names && [...names] };
  }
  if (!names) throw damaged(path, `row ${firstRow + 1} is a record where the first rows are arrays`);
  const content = ofArray(rows, path);
  const found = new Map(content.names!.map((name, i) => [name, content.columns[i]]));
  const fresh = content.names!.find((name) => !names.includes(name));
  if (fresh !== undefined && chosen === undefined) {
    throw fileError('FILE_FORMAT', {
      file: path,
      place: `after row ${firstRow}`,
      problem: `there is ${JSON.stringify(fresh)}, which the rows before do not have`,
      remedy: `Choose the coordinates with ${spokenOption('columns')}, or give every row the same names`,
    });
  }
  const none = new Array<unknown>(rows.length);
  return { rows: rows.length, names: [...names], columns: names.map((name) => found.get(name) ?? none) };
}

function nested(file: string, isRecord: boolean) {
  return fileError('UNSUPPORTED', {
    file,
    problem: `its rows are ${isRecord ? 'inside a record' : 'inside others'}, which is not read in parts`,
    remedy: 'Write one row on a line (JSON Lines) or one list of rows, or read it whole with readCloud',
  });
}
