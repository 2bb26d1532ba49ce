import type { DType } from '../core/array.js';
import { spokenOption } from '../core/spoken.js';
import { columnNumber, type LabelColumn } from './column-choice.js';
import {
  arePercentages,
  groupedNote,
  isTextColumn,
  percentNote,
  plainNumber,
  setsThousandsApart,
  sniffDecimal,
  withoutPercent,
} from './csv-cells.js';
import {
  COMMA,
  CR,
  LF,
  QUOTE,
  delimiterOf,
  encodingNote,
  skipBlank,
  sniffDelimiter,
  splitRecord,
  unclosedQuote,
  type Delimiter,
  type TextRecord,
} from './csv-dialect.js';
import {
  SAMPLED_ROWS,
  isRowOfUnits,
  kindOfFirstRow,
  namesInComment,
  numbersNote,
  separatorLine,
  unitsNote,
} from './csv-header.js';
import { RowParser } from './csv-rows.js';
import { shippedHead } from './csv-shipped.js';
import { isCsvIndex } from './pandas.js';
import { assignRoles, checkCoordinates, type ColumnFacts, type ColumnOptions } from './roles.js';

/** Most rows, and fields in them, that are looked at to tell columns of numbers from others. */
const KIND_ROWS = 1000;
const KIND_FIELDS = 100_000;

/** Options of `readCsv`. */
export interface CsvOptions extends ColumnOptions {
  header: boolean | 'auto';
  delimiter?: string;
  decimal?: '.' | ',';
  dtype: DType;
  /** The file must have labels and need not have coordinates. */
  labelsOnly?: boolean;
}

/** The end of the last whole line. A CR at the very end may be half of a CR LF. */
export function wholeLines(bytes: Buffer, isLast: boolean): number {
  if (isLast) return bytes.length;
  const lineFeed = bytes.lastIndexOf(LF);
  return (lineFeed >= 0 ? lineFeed : bytes.lastIndexOf(CR, bytes.length - 2)) + 1;
}

/** Finds out the shape of the table from its first two records; undefined where there are not two yet. */
export function readStart(
  bytes: Buffer,
  at: number,
  isLast: boolean,
  file: string,
  options: CsvOptions,
): { parser: RowParser; at: number } | undefined {
  const end = wholeLines(bytes, isLast);
  const stated = separatorLine(bytes, at);
  const start = skipBlank(bytes, stated?.next ?? at, end);
  if (stated) start.lines++;
  if (start.at >= end) return undefined;
  const character = options.delimiter ?? stated?.delimiter;
  const delimiter =
    character === undefined
      ? sniffDelimiter(bytes, firstLines(bytes, start.at, end), options.decimal)
      : delimiterOf(character);
  const first = splitRecord(bytes, start.at, end, delimiter);
  const between = first && skipBlank(bytes, first.next, end);
  const second = between && between.at < end ? splitRecord(bytes, between.at, end, delimiter) : undefined;
  if (!isLast && !second) return undefined;
  if (!first) throw unclosedQuote(file, start.lines + 1);

  const { header, labelColumn } = options;
  const below = sampleRows(bytes, first.next, end, delimiter);
  const percents = first.fields.map((_, column) => arePercentages(below.map((row) => row[column] ?? '')));
  const unsigned = [first.fields, ...below].map((row) =>
    row.map((field, column) => (percents[column] ? withoutPercent(field) : field)),
  );
  const decimal = options.decimal ?? sniffDecimal(unsigned, delimiter === COMMA);
  const setsApart = unsigned.slice(1).some((row) => row.some((field) => setsThousandsApart(field, decimal)));
  const isGrouped = setsApart || options.decimal === '.';
  const [head, ...sample] = unsigned.map((row) => row.map((field) => plainNumber(field, decimal, isGrouped)));
  const shipped = header === 'auto' ? shippedHead(first.fields, sample.slice(0, SAMPLED_ROWS)) : undefined;
  const width = shipped ? shipped.d + 1 : first.fields.length;
  const onlyLabels = options.labelsOnly === true && width === 1 && labelColumn === undefined;
  const position = onlyLabels ? 0 : positionOf(labelColumn, width);
  const name = typeof labelColumn === 'string' ? labelColumn : undefined;
  const commented = header === 'auto' ? namesInComment(bytes, at, start.at, delimiter, width) : undefined;
  const kind =
    header === 'auto' && !shipped
      ? kindOfFirstRow(head, sample.slice(0, SAMPLED_ROWS), position, name)
      : undefined;
  const isHeader = header === true || kind === 'words' || (kind === 'numbers' && !commented);
  const units = isHeader && isRowOfUnits(sample[0] ?? [], sample.slice(1, SAMPLED_ROWS)) ? second : undefined;
  if (units) sample.shift();
  const columns = isHeader ? nameColumns(first) : commented;
  const rows = (isHeader || shipped ? sample : [head, ...sample]).filter(({ length }) => length === width);
  const facts = Array.from({ length: width }, (_, column): ColumnFacts => ({
    kind: isTextColumn(rows, column) ? 'text' : 'number',
    distinct: new Set(rows.map((row) => row[column])).size,
    isIndex: isHeader && width > 1 && isCsvIndex(first.fields[column], column),
  }));
  const found = shipped ? width - 1 : onlyLabels ? 0 : undefined;
  const roles = assignRoles(facts, columns && shownNames(columns, first), options, file, found);
  if (options.labelsOnly) roles.coordinates = [];
  else checkCoordinates(roles, facts, file);
  const notes = isHeader && kind === 'numbers' ? [numbersNote(first.fields)] : [];
  const encoding = encodingNote(bytes, at, end);
  if (encoding) notes.push(encoding);
  if (shipped) notes.push(shippedNote(first.fields));
  if (options.decimal === undefined && decimal === ',')
    notes.push(
      `commas were read as standing before decimals: ${spokenOption('decimal', '.')} says otherwise`,
    );
  const shares = roles.coordinates.filter((column) => percents[column]);
  if (shares.length > 0) notes.push(percentNote(shares.map((column) => columns?.[column] ?? column)));
  if (setsApart) notes.push(groupedNote(decimal));
  if (units) notes.push(unitsNote(units.fields));
  notes.push(...roles.notes);
  const isSkipped = isHeader || shipped !== undefined;
  const parser = new RowParser({
    roles,
    keepMissing: options.keepMissing ?? false,
    decimal,
    isGrouped,
    percents,
    notes,
    file,
    delimiter,
    width,
    columns,
    classes: shipped?.classes,
    dtype: options.dtype,
    line: start.lines + 1 + (isSkipped ? first.lines : 0) + (units ? between!.lines + units.lines : 0),
  });
  return { parser, at: units?.next ?? (isSkipped ? first.next : start.at) };
}

function shippedNote(first: readonly string[]): string {
  const shown = `${first.slice(0, 3).join(',')}${first.length > 3 ? ',…' : ''}`;
  return `the first line (${shown}) was read as the counts of points and columns and the names of the classes: ${spokenOption('header', true)} or ${spokenOption('header', false)} reads it otherwise`;
}

/** The names of columns with an index that has none as it stands, which its note says. */
function shownNames(columns: string[], { fields }: TextRecord): string[] {
  return columns.map((column, i) => (i === 0 && fields[0] === '' ? '' : column));
}

/** The fields of the first rows from `at` on, as many as are looked at and have been read. */
function sampleRows(bytes: Buffer, at: number, end: number, delimiter: Delimiter): string[][] {
  const rows: string[][] = [];
  for (let fields = 0; rows.length < KIND_ROWS && fields < KIND_FIELDS; fields += rows.at(-1)!.length) {
    const { at: start } = skipBlank(bytes, at, end);
    const record = start < end ? splitRecord(bytes, start, end, delimiter) : undefined;
    if (!record) break;
    rows.push(record.fields);
    at = record.next;
  }
  return rows;
}

function firstLines(bytes: Buffer, at: number, end: number): [start: number, end: number][] {
  const lines: [start: number, end: number][] = [];
  while (lines.length < 2) {
    const { at: start } = skipBlank(bytes, at, end);
    if (start >= end) break;
    let stop = start;
    for (let quoted = false; stop < end; stop++) {
      if (bytes[stop] === QUOTE) quoted = !quoted;
      else if (!quoted && (bytes[stop] === LF || bytes[stop] === CR)) break;
    }
    lines.push([start, stop]);
    at = stop;
  }
  return lines;
}

function positionOf(labelColumn: LabelColumn, width: number): number {
  const number = columnNumber(labelColumn) ?? -1 - width;
  return number < 0 ? number + width : number;
}

function nameColumns(header: TextRecord): string[] {
  return header.fields.map((name, i) => name || `column ${i + 1}`);
}
