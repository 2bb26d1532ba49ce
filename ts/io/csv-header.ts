import { spokenOption } from '../core/spoken.js';
import { fieldKind } from './csv-cells.js';
import { HASH, looksLikeHeader, splitRecord, type Delimiter } from './csv-dialect.js';

/** How many rows below the first are looked at to tell a header of numbers from a point. */
export const SAMPLED_ROWS = 20;

const INTEGER = /^(?:0|[1-9]\d*)$/;

/** What the first row of a table is: a point, a header of words, or a header of numbers, which a point could be too. */
export function kindOfFirstRow(
  first: string[],
  below: string[][],
  labelColumn: number,
  labelName?: string,
): 'point' | 'words' | 'numbers' {
  if (looksLikeHeader(first, below[0], labelColumn, labelName)) return 'words';
  return isHeaderOfNumbers(first, below, labelColumn) ? 'numbers' : 'point';
}

/**
 * Whether a row of integers names columns, as pandas writes columns that were given no names (0, 1, 2, …) or that are
 * years: the numbers go on by ones from 0 and the row below does not go on from there; or they go on by ones above
 * columns of decimals alone; or they are years, evenly spaced, above columns without any. A first field that is empty
 * may stand beside them, above the index, and words above numbers.
 */
function isHeaderOfNumbers(first: string[], below: string[][], labelColumn: number): boolean {
  if (below.length === 0 || below.some((row) => row.length !== first.length)) return false;
  const columns = [...first.keys()].filter((i) => i !== labelColumn);
  const isWord = (i: number) => fieldKind(first[i]) === 'text' && below.every((row) => isNumber(row[i]));
  const isIndex = (i: number) => i === 0 && first[i] === '' && below.every((row) => row[i] !== '');
  const numbered = columns.filter((i) => !isWord(i) && !isIndex(i));
  if (numbered.length === 0 || !numbered.every((i) => INTEGER.test(first[i]))) return false;
  const names = numbered.map((i) => Number(first[i]));
  const cells = below.map((row) => numbered.map((i) => row[i]));
  const isBeside = numbered.length < columns.length;
  const step = names.length > 1 ? names[1] - names[0] : 1;
  if (!names.every((name, k) => name === names[0] + k * step)) return false;

  const isYears = step > 0 && names.every((name) => name >= 1800 && name < 2200);
  const isLikeYears = (cell: string) => Number(cell) >= 1000 && Number(cell) < 3000;
  if (isYears && (isBeside || names.length > 1)) return !cells.flat().some(isLikeYears);
  if (step !== 1) return false;
  const isDecimal = (cell: string) => isNumber(cell) && /[.e]/i.test(cell);
  if (cells.flat().every(isDecimal) && (isBeside || names.length > (names[0] === 0 ? 1 : 2))) return true;
  const goesOn = cells[0].every((cell, k) => Number(cell) === names[k] + names.length);
  return names[0] === 0 && (isBeside || names.length > 2) && !goesOn;
}

function isNumber(text: string): boolean {
  return fieldKind(text) === 'number';
}

export function numbersNote(first: readonly string[]): string {
  const shown = first.slice(0, 3).join(', ') + (first.length > 3 ? ', …' : '');
  return `the first row (${shown}) was read as the names of the columns: ${spokenOption('header', false)} makes it a point`;
}

/**
 * The names in the last line before the data, where it is a comment with as many fields as the rows, none of them empty
 * or twice and one of them a word, as numpy.savetxt(header=…) writes it; or undefined.
 */
export function namesInComment(
  bytes: Buffer,
  at: number,
  end: number,
  delimiter: Delimiter,
  width: number,
): string[] | undefined {
  const last = bytes
    .toString('utf8', at, end)
    .trimEnd()
    .split(/\r\n|[\r\n]/)
    .pop()!
    .trimStart();
  if (last.charCodeAt(0) !== HASH) return undefined;
  const line = Buffer.from(`${last.replace(/^#+\s*/, '').trimEnd()}\n`);
  const names = splitRecord(line, 0, line.length, delimiter)?.fields;
  const isTable = names?.length === width && new Set(names).size === width && !names.includes('');
  return isTable && names.some((name) => fieldKind(name) === 'text') ? names : undefined;
}

/**
 * Whether the row below a header holds the units of its columns (s, kPa, L/min): no number in it, and a word above numbers
 * somewhere.
 */
export function isRowOfUnits(row: readonly string[], below: readonly string[][]): boolean {
  if (below.length === 0 || below.some(({ length }) => length !== row.length)) return false;
  const kinds = row.map(fieldKind);
  if (kinds.some((kind) => kind !== 'text' && kind !== 'missing')) return false;
  return kinds.some(
    (kind, column) =>
      kind === 'text' &&
      below.every((cells) => fieldKind(cells[column]) !== 'text') &&
      below.some((cells) => isNumber(cells[column])),
  );
}

export function unitsNote(row: readonly string[]): string {
  const shown = row.slice(0, 4).join(', ') + (row.length > 4 ? ', …' : '');
  return `the row below the names (${shown}) was read as their units and left out`;
}

/** Where the table begins after a line sep=; as Excel writes it, and the delimiter that it names. */
export function separatorLine(bytes: Buffer, at: number): { delimiter: string; next: number } | undefined {
  const found = /^sep=([^\r\n])(\r\n|[\r\n])/i.exec(bytes.toString('latin1', at, at + 8));
  return found ? { delimiter: found[1] === '\t' ? 'tab' : found[1], next: at + found[0].length } : undefined;
}
