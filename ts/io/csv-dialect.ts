import { invalidArgument, type RidgeflowError } from '../core/errors.js';
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
      const text = bytes.toString('utf8', pos + 1, close);
      lines += text.split(/\r\n|[\r\n]/).length - 1;
      fields.push(text.replaceAll('""', '"'));
      pos = close + 1;
      while (pos < end && !isFieldEnd(bytes[pos], delimiter)) pos++;
    } else {
      const start = pos;
      while (pos < end && !isFieldEnd(bytes[pos], delimiter)) pos++;
      fields.push(bytes.toString('utf8', start, pos).trimEnd());
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

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NON_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const MISSING = /^(?:|na|n\/a|null|none|\?)$/i;
/** What stands for a number that is missing, and may be a class: + and −. */
const NO_NUMBER = /^(?:-{1,3}|[–—.]|#(?:n\/a|value!|div\/0!|num!|ref!|name\?|null!))$/i;

/** What a field says: a number, a NaN or infinity, nothing, or text. */
export function fieldKind(text: string): 'number' | 'non-finite' | 'missing' | 'text' {
  if (NUMBER.test(text)) return 'number';
  if (NON_FINITE.test(text)) return 'non-finite';
  return MISSING.test(text) || NO_NUMBER.test(text) ? 'missing' : 'text';
}

/** Whether a field says that there is no number: nothing, a word for it, a dash, or a spreadsheet's error. */
export function isMissingNumber(text: string): boolean {
  return isMissing(text) || NO_NUMBER.test(text);
}

/** Whether a field says that there is no value: nothing, or a word for it. */
export function isMissing(text: string): boolean {
  return MISSING.test(text) || /^[+-]?nan$/i.test(text);
}

const DECIMAL_COMMA = /^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/;
/** Thousands set apart, by what stands before decimals: 1,234,567.8 and 1.234.567,8. */
const GROUPED = {
  '.': /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?$/,
  ',': /^[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?$/,
};

/**
 * A field with a point before its decimals and nothing between its thousands; other text as it is. What could be either,
 * 1,234, has thousands only where `isGrouped` says that the file sets them apart.
 */
export function plainNumber(text: string, decimal: '.' | ',', isGrouped: boolean): string {
  if (setsThousandsApart(text, decimal) || (isGrouped && GROUPED[decimal].test(text)))
    return decimal === '.' ? text.replaceAll(',', '') : text.replaceAll('.', '').replace(',', '.');
  return decimal === ',' && DECIMAL_COMMA.test(text) ? text.replace(',', '.') : text;
}

/** Whether a field is a number with its thousands set apart that can be read in no other way: 1,234,567 or 1,234.5. */
export function setsThousandsApart(text: string, decimal: '.' | ','): boolean {
  const separators = text.match(/[.,]/g) ?? [];
  return separators.length > 1 && GROUPED[decimal].test(text);
}

/** Whether a field is a number with a comma before its decimals. */
export function hasDecimalComma(text: string): boolean {
  return DECIMAL_COMMA.test(text);
}

/** Says that thousands are set apart. */
export function groupedNote(decimal: '.' | ','): string {
  return `${decimal === '.' ? 'commas' : 'points'} between digits were read as setting thousands apart, as in ${decimal === '.' ? '1,234' : '1.234'}`;
}

/**
 * What stands before decimals: what cannot be where thousands are set apart; else a comma where the fields between other
 * delimiters have it before decimals, and none of them a point; else a point.
 */
export function sniffDecimal(rows: readonly string[][], delimiter: Delimiter): '.' | ',' {
  if (delimiter === COMMA) return '.';
  const fields = rows.flat();
  if (fields.some((field) => setsThousandsApart(field, '.'))) return '.';
  const pointed = fields.filter((field) => field.includes('.') && fieldKind(field) === 'number');
  const isGrouped = fields.some((field) => setsThousandsApart(field, ','));
  if (isGrouped && pointed.every((field) => GROUPED[','].test(field))) return ',';
  return pointed.length === 0 && fields.some(hasDecimalComma) ? ',' : '.';
}

/** Whether most of the cells that hold something hold text. */
export function isTextColumn(rows: readonly string[][], column: number): boolean {
  let [texts, cells] = [0, 0];
  for (const row of rows) {
    const kind = fieldKind(row[column]);
    if (kind !== 'missing') cells++;
    if (kind === 'text') texts++;
  }
  return 2 * texts > cells;
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
