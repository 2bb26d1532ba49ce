import type { DType } from '../core/array.js';
import { describe } from '../core/errors.js';
import {
  checkExtent,
  columnNumber,
  resolveLabelColumn,
  type CloudContent,
  type LabelColumn,
} from './cloud.js';
import { fileError } from './errors.js';
import {
  CR,
  LF,
  QUOTE,
  refuseUtf16,
  skipBlank,
  sniffDelimiter,
  splitRecord,
  unclosedQuote,
  type Delimiter,
  type TextRecord,
} from './csv-dialect.js';
import { kindOfFirstRow, namesInComment, numbersNote, SAMPLED_ROWS } from './csv-header.js';
import { RowParser } from './csv-rows.js';
import { labelPosition } from './labels.js';
import { indexNote, isCsvIndex } from './pandas.js';
import type { ByteSource } from './source.js';

/** A record, or text between quotes, that is longer than this is taken for a file that is not a table. */
const MAX_RECORD_BYTES = 1 << 25;

/** Options of {@link readCsv}. */
export interface CsvOptions {
  labelColumn: LabelColumn;
  header: boolean | 'auto';
  dtype: DType;
  /** The file must have labels and need not have coordinates. */
  labelsOnly?: boolean;
}

/**
 * Reads a table of numbers, one point per line, in one pass over the stream: O(n·d) time, no memory beyond the result
 * and one piece of text. Comma, semicolon, tab or white space between fields; quoted fields; LF, CR LF or CR; a byte
 * order mark, blank lines and lines that begin with # are skipped.
 */
export async function readCsv(source: ByteSource, options: CsvOptions): Promise<CloudContent> {
  const { file } = source;
  let parser: RowParser | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let isFirst = true;
  for (let isLast = false; !isLast;) {
    const piece = await nextPiece(source, rest.subarray(at));
    isLast = piece.isLast;
    rest = piece.bytes;
    at = 0;
    if (isFirst && rest.length > 0) {
      refuseUtf16(rest, file);
      if (rest.subarray(0, 3).equals(BYTE_ORDER_MARK)) at = 3;
    }
    if (!parser) {
      const start = readStart(rest, at, isLast, file, options);
      if (start) ({ parser, at } = start);
      // Not two whole records yet: the mark, if any, is read again with more of the file.
      else at = 0;
    }
    isFirst = parser === undefined;
    if (parser) at = parser.parse(rest, at, wholeLines(rest, isLast), isLast);
    if (rest.length - at > MAX_RECORD_BYTES) refuseRecord(file, parser?.line ?? 1);
  }
  if (!parser) throw emptyFile(file, source.consumed);
  return finish(parser, file, options);
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The rest of the last piece with enough of the source to have another line end in it; at the end, a last line end. */
async function nextPiece(source: ByteSource, rest: Buffer): Promise<{ bytes: Buffer; isLast: boolean }> {
  const parts: Uint8Array[] = [rest];
  let length = rest.length;
  for (;;) {
    const chunk = await source.next();
    if (!chunk) {
      const isEmpty = length === 0 && source.consumed === 0;
      return { bytes: Buffer.concat(isEmpty ? [] : [...parts, Buffer.from([LF])]), isLast: true };
    }
    parts.push(chunk);
    length += chunk.length;
    if (chunk.includes(LF) || chunk.includes(CR) || length > MAX_RECORD_BYTES) {
      return { bytes: Buffer.concat(parts), isLast: false };
    }
  }
}

/** The end of the last whole line. A CR at the very end may be half of a CR LF. */
function wholeLines(bytes: Buffer, isLast: boolean): number {
  if (isLast) return bytes.length;
  const lineFeed = bytes.lastIndexOf(LF);
  return (lineFeed >= 0 ? lineFeed : bytes.lastIndexOf(CR, bytes.length - 2)) + 1;
}

/** Finds out the shape of the table from its first two records; undefined where there are not two yet. */
function readStart(
  bytes: Buffer,
  at: number,
  isLast: boolean,
  file: string,
  options: CsvOptions,
): { parser: RowParser; at: number } | undefined {
  const end = wholeLines(bytes, isLast);
  const start = skipBlank(bytes, at, end);
  if (start.at >= end) return undefined;
  const delimiter = sniffDelimiter(bytes, firstLines(bytes, start.at, end));
  const first = splitRecord(bytes, start.at, end, delimiter);
  const between = first && skipBlank(bytes, first.next, end);
  const second = between && between.at < end ? splitRecord(bytes, between.at, end, delimiter) : undefined;
  if (!isLast && !second) return undefined;
  if (!first) throw unclosedQuote(file, start.lines + 1);

  const width = first.fields.length;
  const { header, labelColumn } = options;
  const onlyLabels = options.labelsOnly === true && width === 1 && labelColumn === undefined;
  const position = onlyLabels ? 0 : positionOf(labelColumn, width);
  const name = typeof labelColumn === 'string' ? labelColumn : undefined;
  const commented = header === 'auto' ? namesInComment(bytes, at, start.at, delimiter, width) : undefined;
  const below = () => sampleRows(bytes, first.next, end, delimiter);
  const kind = header === 'auto' ? kindOfFirstRow(first.fields, below(), position, name) : undefined;
  const isHeader = header === true || kind === 'words' || (kind === 'numbers' && !commented);
  const columns = isHeader ? nameColumns(first) : commented;
  const found = columns ? labelPosition(columns) : -1;
  const label = resolveLabelColumn(labelColumn, width, columns, onlyLabels ? 0 : found, file);
  const isIndex = isHeader && width > 1 && label !== 0 && isCsvIndex(first.fields[0], 0);
  const notes = isHeader && kind === 'numbers' ? [numbersNote(first.fields)] : [];
  if (isIndex) notes.push(indexNote([first.fields[0]]));
  const parser = new RowParser({
    leftOut: isIndex ? 0 : -1,
    notes,
    file,
    delimiter,
    width,
    labelColumn: label,
    columns,
    dtype: options.dtype,
    line: start.lines + 1 + (isHeader ? first.lines : 0),
  });
  return { parser, at: isHeader ? first.next : start.at };
}

/** The fields of the first rows from `at` on, as far as they have been read. */
function sampleRows(bytes: Buffer, at: number, end: number, delimiter: Delimiter): string[][] {
  const rows: string[][] = [];
  while (rows.length < SAMPLED_ROWS) {
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

function finish(parser: RowParser, file: string, { labelsOnly = false }: CsvOptions): CloudContent {
  const content = parser.finish();
  const { points, labels, columns } = content;
  const [n, d] = points.shape;
  if (n === 0) {
    throw fileError('EMPTY_CLOUD', {
      file,
      problem: columns ? 'it has a header but no rows' : 'it has no rows',
      remedy: 'Write the points into it, one per line',
      details: { points: 0 },
    });
  }
  if (!labelsOnly) checkExtent(n, d, file);
  else if (!labels) {
    throw fileError('FILE_FORMAT', {
      file,
      problem: `expected one column of labels but received ${parser.width} columns`,
      remedy: `Keep one column, or name the one of the labels in a header: ${describe('label')}`,
    });
  }
  return content;
}

function emptyFile(file: string, bytes: number) {
  return fileError('EMPTY_CLOUD', {
    file,
    problem:
      bytes === 0
        ? 'the file is empty'
        : 'the file is empty but for blank lines and comments: it has no rows',
    remedy: 'Write the points into it, one per line',
    details: { points: 0 },
  });
}

function refuseRecord(file: string, line: number): never {
  throw fileError('FILE_FORMAT', {
    file,
    place: `line ${line}`,
    problem: `a line, or the text between two quotes, goes on for more than ${MAX_RECORD_BYTES} bytes`,
    remedy: 'It is not a table of numbers, or a quote is not closed',
    details: { line },
  });
}
