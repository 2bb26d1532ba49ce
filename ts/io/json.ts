import { spokenOption } from '../core/spoken.js';
import {
  arePercentages,
  fieldKind,
  groupedNote,
  isMissing,
  percentNote,
  plainNumber,
  withoutPercent,
} from './csv-cells.js';
import { fileError } from './errors.js';
import { type JsonColumns, jsonColumns } from './json-rows.js';
import { openSource } from './source.js';
import type { Scalar, Table, TableColumn } from './table-sink.js';

/** Opens a JSON file, or one of JSON Lines, as a table. Throws what `jsonColumns` throws, OUT_OF_MEMORY. */
export async function openJson(path: string, array: string | undefined, gunzip: boolean): Promise<Table> {
  return jsonTable(jsonColumns(await readText(path, gunzip), path, array), path);
}

/** A table of JSON values; `firstRow` rows of the file come before, and `known` are its columns where those are known. */
export function jsonTable(
  { names, rows, columns: cells }: JsonColumns,
  path: string,
  firstRow = 0,
  known?: readonly TableColumn[],
): Table {
  const columns = known
    ? [...known]
    : cells.map((column, i) => describeColumn(names?.[i] ?? String(i), column));
  const setsApart = columns.some(({ kind }, i) => kind === 'number' && cells[i].some(isGrouped));
  const shares = columns.filter(({ isPercent }) => isPercent).map(({ name }) => name);
  const notes = [
    ...(shares.length > 0 ? [percentNote(shares)] : []),
    ...(setsApart ? [groupedNote('.')] : []),
  ];
  return {
    rows,
    firstRow,
    columns,
    ...(notes.length > 0 && { notes }),
    isNameless: names === undefined,
    read: async (sink) => {
      for (const column of sink.wanted) {
        const isLabel = column === sink.labelColumn;
        const { width } = columns[column];
        const flat: Scalar[] = [];
        for (let row = 0; row < rows; row++) {
          const cell = cells[column][row];
          if (isLabel) flat.push(labelOf(cell));
          else if (Array.isArray(cell) && cell.length === width)
            for (const part of cell) flat.push(numberOf(part, firstRow + row, columns[column], path));
          else if (Array.isArray(cell)) sink.refuseLength(column, row, cell.length);
          else if (width === 1) flat.push(numberOf(cell, firstRow + row, columns[column], path));
          else for (let k = 0; k < width; k++) flat.push(null);
        }
        sink.put(column, 0, flat, rows);
      }
    },
    close: async () => undefined,
  };
}

async function readText(path: string, gunzip: boolean): Promise<string> {
  const source = await openSource(path, { gunzip });
  try {
    const pieces: Uint8Array[] = [];
    for (let piece = await source.next(); piece; piece = await source.next()) pieces.push(piece);
    return Buffer.concat(pieces)
      .toString('utf8')
      .replace(/^\ufeff/, '');
  } finally {
    source.close();
  }
}

/** What a column holds, by most of its cells. */
function describeColumn(name: string, cells: readonly unknown[]): TableColumn {
  if (arePercentages(cells)) return { name, type: 'value', kind: 'number', width: 1, isPercent: true };
  const counts = { number: 0, text: 0, list: 0, other: 0 };
  let otherLengths = 0;
  let width = 1;
  for (const cell of cells) {
    if (cell === undefined || cell === null || (typeof cell === 'string' && isMissing(cell))) continue;
    if (isNumber(cell)) counts.number++;
    else if (typeof cell === 'string') counts.text++;
    else if (Array.isArray(cell) && cell.every((part) => part === null || typeof part === 'number')) {
      if (counts.list === 0) width = cell.length;
      if (cell.length !== width) otherLengths++;
      counts.list++;
    } else counts.other++;
  }
  const { number, text, list, other } = counts;
  if (other > 0 || (list > 0 && number + text > 0)) return { name, type: 'object', kind: 'other', width: 1 };
  // A list or two of another length are a mistake in the file, most of them are no coordinates.
  if (2 * otherLengths > list) return { name, type: 'lists of different lengths', kind: 'other', width: 1 };
  if (list > 0) return { name, type: 'array', kind: width > 0 ? 'number' : 'other', width };
  const distinct = text > number ? new Set(cells).size : undefined;
  return { name, type: 'value', kind: text > number ? 'text' : 'number', width: 1, distinct };
}

function isNumber(cell: unknown): boolean {
  if (typeof cell === 'number' || typeof cell === 'boolean') return true;
  return typeof cell === 'string' && fieldKind(plainText(cell)) === 'number';
}

function isGrouped(cell: unknown): boolean {
  return typeof cell === 'string' && plainText(cell) !== cell;
}

/** A text without what sets its thousands apart: JSON has points before decimals. */
function plainText(cell: string): string {
  return plainNumber(cell, '.', true);
}

function numberOf(
  given: unknown,
  row: number,
  { name, isPercent }: TableColumn,
  file: string,
): number | null {
  const cell = isPercent && typeof given === 'string' ? withoutPercent(given) : given;
  if (cell === undefined || cell === null || (typeof cell === 'string' && isMissing(cell))) return null;
  if (isNumber(cell)) return Number(typeof cell === 'string' ? plainText(cell) : cell);
  throw fileError('FILE_FORMAT', {
    file,
    place: `row ${row + 1}, column ${JSON.stringify(name)}`,
    problem: `expected a number but received ${JSON.stringify(cell).slice(0, 60)}`,
    remedy:
      `Correct it, leave the column out (${spokenOption('dropColumns', name)}), ` +
      `or take it as the classes (${spokenOption('labelColumn', name)})`,
    details: { row: row + 1 },
  });
}

function labelOf(cell: unknown): Scalar {
  if (cell === undefined || cell === null || (typeof cell === 'string' && isMissing(cell))) return null;
  if (typeof cell === 'object') return JSON.stringify(cell);
  return cell as Scalar;
}
