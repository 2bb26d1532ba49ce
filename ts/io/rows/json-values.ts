import { damaged, fileError } from '../errors.js';
import type { ByteSource } from '../source.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const [OPEN_LIST, CLOSE_LIST, OPEN_RECORD, CLOSE_RECORD] = Buffer.from('[]{}');

/** Text of one value that is longer than this is taken for a file that is no table. */
const MAX_VALUE_BYTES = 1 << 25;

/** Past white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  while (at < bytes.length && bytes[at] <= 0x20) at++;
  return at;
}

/** Where the list or record at `at` ends; −1 where it does not in these bytes. */
export function endOfValue(bytes: Buffer, at: number): number {
  let depth = 0;
  for (let quoted = false; at < bytes.length; at++) {
    const byte = bytes[at];
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_LIST || byte === OPEN_RECORD) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_RECORD) {
      depth--;
      if (depth === 0) return at + 1;
      if (depth < 0) return -1;
    }
  }
  return -1;
}

/**
 * The rows of a large JSON text, one by one: the elements of the list that it is (`inList`), or the values that stand one
 * on a line. `start` are its first bytes. Throws FILE_FORMAT, naming the row.
 */
export async function* jsonValues(
  source: ByteSource,
  start: Buffer,
  inList: boolean,
): AsyncGenerator<unknown> {
  const { file } = source;
  let bytes = start;
  let at = skipSpace(bytes, 0) + (inList ? 1 : 0);
  let afterRow = false;
  for (let row = 1, isLast = false; ;) {
    at = skipSpace(bytes, at);
    if (inList && at < bytes.length) {
      if (bytes[at] === CLOSE_LIST && (afterRow || row === 1)) return checkEnd(source, bytes, at + 1);
      if (afterRow) {
        if (bytes[at++] !== COMMA) throw damaged(file, `expected a comma after row ${row - 1}`);
        afterRow = false;
        continue;
      }
    }
    const end = at < bytes.length ? endOfElement(bytes, at, isLast, inList) : -1;
    if (end >= 0) {
      yield parsed(bytes.toString('utf8', at, end), row++, file);
      at = end;
      afterRow = true;
      continue;
    }
    if (isLast && at >= bytes.length && !inList) return;
    if (isLast) throw damaged(file, `it ends within row ${row}`);
    if (bytes.length - at > MAX_VALUE_BYTES)
      throw damaged(file, `row ${row} goes on for more than ${MAX_VALUE_BYTES} bytes`);
    const chunk = await source.next();
    isLast = chunk === undefined;
    bytes = Buffer.concat([bytes.subarray(at), chunk ?? Buffer.alloc(0)]);
    at = 0;
  }
}

/** Where the value at `at` ends: with its last bracket, or, for a number alone, before what stands behind it. */
function endOfElement(bytes: Buffer, at: number, isLast: boolean, inList: boolean): number {
  if (bytes[at] === OPEN_LIST || bytes[at] === OPEN_RECORD) return endOfValue(bytes, at);
  let end = at;
  const isEnd = (byte: number) =>
    byte === NEWLINE || (inList && (byte === COMMA || byte === CLOSE_LIST || byte <= 0x20));
  while (end < bytes.length && !isEnd(bytes[end])) end++;
  return end < bytes.length || (isLast && !inList) ? end : -1;
}

function parsed(text: string, row: number, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fileError('FILE_FORMAT', {
      file,
      place: `row ${row}`,
      problem: `expected a JSON value but this is none (${(cause as Error).message.slice(0, 100)})`,
      remedy: 'Correct it, or leave the row out',
      details: { row },
      cause,
    });
  }
}

/** Nothing but white space may follow the list. */
async function checkEnd(source: ByteSource, bytes: Buffer, at: number): Promise<void> {
  let rest = bytes.subarray(at);
  for (let chunk: Uint8Array | undefined = rest; chunk; chunk = await source.next()) {
    rest = Buffer.from(chunk);
    if (rest.some((byte) => byte > 0x20)) throw damaged(source.file, 'it goes on after the list of its rows');
  }
}
