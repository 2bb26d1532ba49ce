import { invalidArgument, type RidgeflowError } from '../core/errors.js';
import { fieldKind } from './csv-cells.js';
import { fileError } from './errors.js';
import { LABEL_NAMES } from './labels.js';

export const LF = 0x0a;
export const CR = 0x0d;
const TAB = 0x09;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const PIPE = 0x7c;

/** The byte between fields; a space stands for any run of spaces and tabs. */
export type Delimiter = number;

/** The byte that a character asked for as the delimiter means. Throws INVALID_ARGUMENT for one that cannot be it. */
export function delimiterOf(character: string): Delimiter {
  const words: Readonly<Record<string, Delimiter>> = { tab: TAB, '\\t': TAB, space: SPACE };
  const byte = words[character] ?? (character.length === 1 ? character.charCodeAt(0) : NaN);
  const isPart = /[\w"#\r\n+.-]/.test(character) && words[character] === undefined;
  if (!(byte < 0x80) || isPart)
    throw invalidArgument('delimiter', 'one character such as , ; or |, or tab or space', character);
  return byte;
}

/** A record as text: its fields, where the next begins, and how many lines it takes. */
export interface TextRecord {
  fields: string[];
  next: number;
  lines: number;
}

/** Where the first record from `at` on begins, past blank lines and comments, and how many lines those take. */
export function skipBlank(bytes: Buffer, at: number, end: number): { at: number; lines: number } {
  let lines = 0;
  while (at < end) {
    let first = at;
    while (first < end && (bytes[first] === SPACE || bytes[first] === TAB)) first++;
    if (first === end) break;
    if (isComment(bytes, first)) {
      const lineEnd = endOfLine(bytes, first, end);
      if (lineEnd < 0) break;
      at = lineEnd;
    } else if (bytes[first] === LF || bytes[first] === CR) {
      at = endOfLine(bytes, first, end);
    } else break;
    lines++;
  }
  return { at, lines };
}

const SPREADSHEET_ERROR = /^#(?:n\/a|value!|div\/0!|num!|ref!|name\?|null!)/i;

/** Whether a line is a comment from here on, and not a cell that a spreadsheet could not compute. */
export function isComment(bytes: Buffer, at: number): boolean {
  return bytes[at] === HASH && !SPREADSHEET_ERROR.test(bytes.toString('latin1', at, at + 8));
}

/** The position after the next line end (LF, CR LF, or CR), or −1. */
function endOfLine(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at] !== LF && bytes[at] !== CR) at++;
  if (at >= end) return -1;
  return bytes[at] === CR && bytes[at + 1] === LF && at + 1 < end ? at + 2 : at + 1;
}

/** What Windows-1252 has from 0x80 to 0x9f, where Latin-1 has control characters. TextDecoder in Node 20 takes one for the other. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const REPLACEMENT = Buffer.from('\ufffd');

/** Bytes as text: of UTF-8, or, where they are none, of Windows-1252, in which Latin-1 is. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (isUtf8(text, bytes, start, end)) return text;
  return bytes
    .toString('latin1', start, end)
    .replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]);
}

function isUtf8(text: string, bytes: Buffer, start: number, end: number): boolean {
  return !text.includes('\ufffd') || bytes.subarray(start, end).includes(REPLACEMENT);
}

/** Says that a record was not in UTF-8; undefined where it was. */
export function encodingNote(bytes: Buffer, start: number, end: number): string | undefined {
  if (isUtf8(bytes.toString('utf8', start, end), bytes, start, end)) return undefined;
  return 'text that is not in UTF-8 was read as Windows-1252 (Latin-1): save the file as UTF-8 where letters are wrong';
}

/** Splits the record at `at` into fields; undefined where it does not end before `end`. */
export function splitRecord(
  bytes: Buffer,
  at: number,
  end: number,
  delimiter: Delimiter,
): TextRecord | undefined {
  const fields: string[] = [];
  let lines = 1;
  let pos = at;
  for (;;) {
    pos = skipPadding(bytes, pos, delimiter);
    if (pos >= end) return undefined;
    if (bytes[pos] === QUOTE) {
      const close = closingQuote(bytes, pos, end);
      if (close < 0) return undefined;
      const text = textOf(bytes, pos + 1, close);
      lines += text.split(/\r\n|[\r\n]/).length - 1;
      fields.push(text.replaceAll('""', '"'));
      pos = close + 1;
      while (pos < end && !isFieldEnd(bytes[pos], delimiter)) pos++;
    } else {
      const start = pos;
      while (pos < end && !isFieldEnd(bytes[pos], delimiter)) pos++;
      fields.push(textOf(bytes, start, pos).trimEnd());
    }
    if (delimiter === SPACE) pos = skipPadding(bytes, pos, delimiter);
    if (pos >= end) return undefined;
    if (bytes[pos] === LF || bytes[pos] === CR) {
      return { fields, next: endOfLine(bytes, pos, end), lines };
    }
    if (delimiter !== SPACE) pos++;
  }
}

/** The position of the quote that ends the field which begins with the quote at `at`, or −1. */
export function closingQuote(bytes: Buffer, at: number, end: number): number {
  for (let pos = at + 1; ;) {
    const close = bytes.indexOf(QUOTE, pos);
    if (close < 0 || close >= end) return -1;
    if (bytes[close + 1] !== QUOTE || close + 1 >= end) return close;
    pos = close + 2;
  }
}

/** Past spaces, and tabs where they do not separate fields. */
export function skipPadding(bytes: Buffer, at: number, delimiter: Delimiter): number {
  while (bytes[at] === SPACE || (bytes[at] === TAB && delimiter !== TAB)) at++;
  return at;
}

export function isFieldEnd(byte: number, delimiter: Delimiter): boolean {
  return (
    byte === LF ||
    byte === CR ||
    byte === delimiter ||
    (delimiter === SPACE && (byte === TAB || byte === SPACE))
  );
}

/** The delimiter that divides the first two lines into the same number of fields, or that the first has most of. */
export function sniffDelimiter(
  bytes: Buffer,
  lines: readonly [start: number, end: number][],
  decimal?: '.' | ',',
): Delimiter {
  const candidates: Delimiter[] = [TAB, SEMICOLON, ...(decimal === ',' ? [] : [COMMA]), PIPE];
  const counts = candidates.map((byte) =>
    lines.map(([start, end]) => countUnquoted(bytes, start, end, byte)),
  );
  const steady = counts.findIndex((count) => count[0] > 0 && count.every((value) => value === count[0]));
  if (steady >= 0) return candidates[steady];
  const most = Math.max(...counts.map((count) => count[0] ?? 0));
  return most > 0 ? candidates[counts.findIndex((count) => count[0] === most)] : SPACE;
}

function countUnquoted(bytes: Buffer, start: number, end: number, byte: number): number {
  let count = 0;
  let quoted = false;
  for (let i = start; i < end; i++) {
    if (bytes[i] === QUOTE) quoted = !quoted;
    else if (bytes[i] === byte && !quoted) count++;
  }
  return count;
}

/**
 * Whether the first record is a header: it has the name that is asked for, or one by which label columns are known; or
 * all of its fields but that of the labels are text, which no row can have. A file of labels alone has a header where a
 * word stands above a number. `labelColumn` is a position or −1.
 */
export function looksLikeHeader(
  first: string[],
  second: string[] | undefined,
  labelColumn: number,
  labelName?: string,
): boolean {
  const isText = (field: string) => fieldKind(field) === 'text';
  const isKnown = (name: string) => name.toLowerCase() !== 'y' && LABEL_NAMES.includes(name.toLowerCase());
  if (first.some((name) => name === labelName || isKnown(name))) return true;
  const others = first.filter((_, i) => i !== labelColumn);
  if (others.length === 0) return isText(first[0]) && second !== undefined && !isText(second[0]);
  return others.some(isText) && others.every((field) => isText(field) || field === '');
}

/** Throws FILE_FORMAT for text that is not in an encoding which contains ASCII. */
export function refuseUtf16(bytes: Buffer, file: string): void {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  if (mark !== 0xfffe && mark !== 0xfeff) return;
  throw fileError('FILE_FORMAT', {
    file,
    problem: 'expected text in UTF-8 but received UTF-16',
    remedy: 'Save it as UTF-8',
  });
}

/** FILE_FORMAT for a quote that opens in a line and has not closed at the end of the file. */
export function unclosedQuote(file: string, line: number): RidgeflowError {
  return fileError('FILE_FORMAT', {
    file,
    place: `line ${line}`,
    problem: 'a quote that opens here never closes',
    remedy: 'Close it, or remove it',
    details: { line },
  });
}
