import { nearestName } from '../core/nearest-name.js';
import { describe, invalidArgument } from '../core/errors.js';
import { spokenOption } from '../core/spoken.js';
import { fileError } from './errors.js';

/**
 * Columns of a table: a name, a number from 0 (negative from the end), a range of numbers (`2-5`) or of names and numbers
 * (`a:c`, `3:`), both ends included, or a pattern (`sepal*`, `?x`); several as a list, or as one text with commas.
 */
export type ColumnChoice = string | number | readonly (string | number)[];

/** Which column holds the labels: its name, its number from 0 (−1 is the last), none, or found by its name. */
export type LabelColumn = string | number | false | undefined;

/** What the columns of a file are called, where they are. */
interface Known {
  count: number;
  names: readonly string[] | undefined;
  file: string;
}

/** Throws INVALID_ARGUMENT unless `choice` is one. */
export function checkColumnChoice(choice: unknown, parameter: string): void {
  const one = (part: unknown) => (typeof part === 'string' && part !== '') || Number.isInteger(part);
  const isChoice = Array.isArray(choice) ? choice.length > 0 && choice.every(one) : one(choice);
  if (choice !== undefined && !isChoice)
    throw invalidArgument(parameter, 'names or numbers of columns', choice);
}

/**
 * The positions that a choice means, in the order of the file. Throws INVALID_ARGUMENT for a part that means no column,
 * with the nearest name.
 */
export function chosenColumns(choice: ColumnChoice, known: Known, parameter: string): number[] {
  const parts = typeof choice === 'string' || typeof choice === 'number' ? [choice] : choice;
  const found = parts.flatMap((part): number[] => {
    const whole = meaning(part, known);
    if (whole) return whole;
    const pieces = typeof part === 'string' ? part.split(',').map((piece) => piece.trim()) : [part];
    return pieces.flatMap((piece) => meaning(piece, known) ?? noSuchColumn(piece, known, parameter));
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The positions that one name, number, range or pattern means; undefined where there are none. */
function meaning(part: string | number, { count, names = [] }: Known): number[] | undefined {
  const at = (number: number) =>
    number >= -count && number < count ? [number < 0 ? number + count : number] : undefined;
  if (typeof part === 'number') return at(part);
  const named = [...names.keys()].filter((i) => names[i] === part);
  if (named.length > 0) return named;
  if (/^-?\d+$/.test(part)) return at(Number(part));
  const single = (text: string): number | undefined => {
    const position = names.indexOf(text);
    if (position >= 0) return position;
    return /^-?\d+$/.test(text) ? at(Number(text))?.[0] : undefined;
  };
  const numbers = /^(\d+)-(\d+)$/.exec(part);
  const colon = part.indexOf(':');
  const ends = numbers
    ? [numbers[1], numbers[2]]
    : colon >= 0
      ? [part.slice(0, colon) || '0', part.slice(colon + 1) || '-1']
      : undefined;
  const [first, last] = ends?.map(single) ?? [];
  if (first !== undefined && last !== undefined && first <= last)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  if (!/[*?]/.test(part)) return undefined;
  const pattern = new RegExp(
    `^${part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
    's',
  );
  const matching = [...names.keys()].filter((i) => pattern.test(names[i]));
  return matching.length > 0 ? matching : undefined;
}

/** The column that `labelColumn` means, or −1 for none. `found` is the one whose name marks it as the labels, or −1. */
export function resolveLabelColumn(
  labelColumn: LabelColumn,
  count: number,
  columns: readonly string[] | undefined,
  found: number,
  file: string,
): number {
  if (labelColumn === false) return -1;
  if (labelColumn === undefined) return found;
  const named = typeof labelColumn === 'string' ? (columns?.indexOf(labelColumn) ?? -1) : -1;
  if (named >= 0) return named;
  if (labelColumn === 'auto') return found;
  const number = columnNumber(labelColumn);
  if (number !== undefined && number >= -count && number < count) return number < 0 ? number + count : number;
  return noSuchColumn(labelColumn, { count, names: columns, file }, 'labelColumn');
}

/** The number of a column, also where it comes as text from a command line; undefined for a name. */
export function columnNumber(labelColumn: LabelColumn): number | undefined {
  const number =
    typeof labelColumn === 'string' && /^-?\d+$/.test(labelColumn) ? Number(labelColumn) : labelColumn;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** INVALID_ARGUMENT for a column that the file does not have, with the nearest name and what there is. */
export function noSuchColumn(part: string | number, { count, names, file }: Known, parameter: string): never {
  const isRule = typeof part === 'string' && /^\d+-\d+$|[*?:]/.test(part);
  const nearest = names && typeof part === 'string' && !isRule ? nearestName(part, names) : undefined;
  const shown = names?.slice(0, 20).map(quoted).join(', ');
  throw fileError('INVALID_ARGUMENT', {
    file,
    problem: `expected a column of the file for ${spokenOption(parameter)} but received ${describe(part)}`,
    remedy:
      (nearest === undefined ? '' : `Did you mean ${quoted(nearest)}? `) +
      (shown === undefined
        ? `It has ${count} columns without names: give a number, 0 for the first or -1 for the last`
        : `Its ${count} columns are ${shown}${count > 20 ? ', …' : ''}`),
    details: { parameter, ...(nearest !== undefined && { nearest }) },
  });
}

/** A name as it stands in a list of names. */
function quoted(name: string): string {
  return /^[^\s,]+$/.test(name) ? name : JSON.stringify(name);
}
