import { describe } from '../core/errors.js';
import { checkExtent, type CloudContent } from './cloud.js';
import { CR, LF, refuseUtf16 } from './csv-dialect.js';
import type { RowParser } from './csv-rows.js';
import { type CsvOptions, readStart, wholeLines } from './csv-start.js';
import { fileError } from './errors.js';
import type { ByteSource } from './source.js';

/** A record, or text between quotes, that is longer than this is taken for a file that is not a table. */
const MAX_RECORD_BYTES = 1 << 25;

/**
 * Reads a table of numbers, one point per line, in one pass over the stream: O(n·d) time, no memory beyond the result
 * and one piece of text. Comma, semicolon, tab or white space between fields; quoted fields; LF, CR LF or CR; a byte
 * order mark, blank lines and lines that begin with # are skipped.
 */
export async function readCsv(source: ByteSource, options: CsvOptions): Promise<CloudContent> {
  let parser: RowParser | undefined;
  for await (const parsing of parsed(source, options)) parser = parsing;
  if (!parser) throw emptyFile(source.file, source.consumed);
  return finish(parser, source.file, options);
}

/** Reads a table as {@link readCsv} does and gives the rows as they come, in lots of no certain size. */
export async function* readCsvRows(source: ByteSource, options: CsvOptions): AsyncGenerator<CloudContent> {
  const { file } = source;
  let parser: RowParser | undefined;
  let n = 0;
  for await (const parsing of parsed(source, options)) {
    parser = parsing;
    const rows = parser.take();
    if (!rows) continue;
    n += rows.points.shape[0];
    yield rows;
  }
  if (!parser) throw emptyFile(file, source.consumed);
  if (n === 0) finish(parser, file, options);
}

/** The parser of a table after each piece of the file. */
async function* parsed(source: ByteSource, options: CsvOptions): AsyncGenerator<RowParser> {
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
    if (parser) yield parser;
  }
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
