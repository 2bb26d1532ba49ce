import { chosenColumns, resolveLabelColumn, type ColumnChoice, type LabelColumn } from './column-choice.js';
import { spokenOption } from '../core/spoken.js';
import { fileError } from './errors.js';
import { labelPosition } from './labels.js';
import { indexNote } from './pandas.js';

/** A column of a file that is neither a coordinate nor the labels, by its name, or its number from 0 where it has none. */
export interface DroppedColumn {
  column: string | number;
  /** Why: it was `left out` as asked, is the `index` of the rows, holds `text`, a type that is `no number`, `nothing`, or a `target`. */
  why: 'left out' | 'index' | 'text' | 'no number' | 'nothing' | 'target';
}

/** The column that was taken as the classes, by its name, or its number from 0 where it has none. */
export interface LabelChoice {
  column: string | number;
  /** Whether it was asked for, or found by its name, or by what the file says of itself. */
  why: 'asked' | 'name' | 'file';
}

/** What is known of a column before its cells are read. */
export interface ColumnFacts {
  kind: 'number' | 'text' | 'other';
  /** Its type in the file's own words. */
  type?: string;
  /** How many different texts it holds, as far as is known. */
  distinct?: number;
  /** Whether it is the index of a pandas frame. */
  isIndex?: boolean;
}

/** Which columns are wanted. */
export interface ColumnOptions {
  labelColumn?: LabelColumn;
  columns?: ColumnChoice;
  dropColumns?: ColumnChoice;
  /** Whether cells may be missing: they are read as NaN, missing labels as class −1. */
  keepMissing?: boolean;
}

/** What becomes of every column. */
export interface Roles {
  /** Position of the labels, or −1. */
  label: number;
  labelChoice?: LabelChoice;
  /** Positions of the coordinates, in the file's order. */
  coordinates: number[];
  dropped: DroppedColumn[];
  notes: string[];
}

/**
 * Decides what each column is. Without a choice all columns of numbers are coordinates but the labels and the index of a
 * pandas frame; notes name what was left out unasked. `found` is the position of the labels where the file says it by
 * itself, or −1. Throws INVALID_ARGUMENT for a choice that the file does not have, FILE_FORMAT for a chosen column that
 * holds no numbers.
 */
export function assignRoles(
  facts: readonly ColumnFacts[],
  names: readonly string[] | undefined,
  { labelColumn, columns, dropColumns }: ColumnOptions,
  file: string,
  found = names ? labelPosition(names) : -1,
): Roles {
  const known = { count: facts.length, names, file };
  const nameOf = (position: number) => names?.[position] ?? position;
  const leftOut = new Set(dropColumns === undefined ? [] : chosenColumns(dropColumns, known, 'dropColumns'));
  const label = resolveLabelColumn(labelColumn, facts.length, names, leftOut.has(found) ? -1 : found, file);
  const chosen = columns === undefined ? undefined : chosenColumns(columns, known, 'columns');
  const dropped: DroppedColumn[] = [];
  const coordinates: number[] = [];
  for (const [position, { kind, isIndex }] of facts.entries()) {
    if (position === label) continue;
    const isChosen = chosen?.includes(position);
    const why: DroppedColumn['why'] | undefined =
      leftOut.has(position) || isChosen === false
        ? 'left out'
        : isIndex && !isChosen
          ? 'index'
          : kind === 'number'
            ? undefined
            : kind === 'text'
              ? 'text'
              : 'no number';
    if (why === undefined) coordinates.push(position);
    else if (isChosen && why !== 'left out') refuseChosen(facts[position], nameOf(position), file);
    else dropped.push({ column: nameOf(position), why });
  }
  const isAsked = labelColumn !== undefined && labelColumn !== 'auto';
  return {
    label,
    ...(label >= 0 && {
      labelChoice: { column: nameOf(label), why: isAsked ? 'asked' : names ? 'name' : 'file' },
    }),
    coordinates,
    dropped,
    notes: dropNotes(dropped, label >= 0, facts, names),
  };
}

function refuseChosen({ kind, type }: ColumnFacts, column: string | number, file: string): never {
  const words = kind === 'text' ? 'text' : `values of type ${type}`;
  throw fileError('FILE_FORMAT', {
    file,
    place: `column ${JSON.stringify(column)}`,
    problem: `expected numbers but it holds ${words}`,
    remedy:
      kind === 'text'
        ? `Leave it out of ${spokenOption('columns')}, or take it as the classes: ${spokenOption('labelColumn', column)}`
        : `Leave it out of ${spokenOption('columns')}, or convert it to numbers`,
    details: { column },
  });
}

/** What was left out unasked, and how to have it. */
function dropNotes(
  dropped: readonly DroppedColumn[],
  hasLabels: boolean,
  facts: readonly ColumnFacts[],
  names: readonly string[] | undefined,
): string[] {
  const of = (why: DroppedColumn['why']) =>
    dropped.filter((each) => each.why === why).map(({ column }) => column);
  const notes: string[] = [];
  const index = of('index');
  if (index.length > 0) notes.push(indexNote(index.map(String)));
  const text = of('text');
  if (text.length > 0) {
    const [is, holds] = text.length === 1 ? ['column', 'holds'] : ['columns', 'hold'];
    // Names and dates differ in every row; what comes in few values is more likely a class.
    const distinctOf = (column: string | number) => factsOf(column, facts, names).distinct ?? Infinity;
    const likely = text.reduce((best, column) => (distinctOf(column) < distinctOf(best) ? column : best));
    const remedy = hasLabels
      ? ''
      : `: ${spokenOption('labelColumn', likely)} takes ${text.length === 1 ? 'it' : 'one'} as the classes`;
    notes.push(
      `${is} ${listed(text)} ${holds} text and ${text.length === 1 ? 'was' : 'were'} left out${remedy}`,
    );
  }
  const others = of('no number');
  if (others.length > 0) {
    const shown = others
      .slice(0, 6)
      .map((column) => `${shownColumn(column)} (${factsOf(column, facts, names).type})`);
    notes.push(
      `left out, since ${others.length === 1 ? 'it holds' : 'they hold'} no numbers: ${others.length === 1 ? 'column' : 'columns'} ` +
        `${shown.join(', ')}${others.length > 6 ? ', …' : ''}`,
    );
  }
  return notes;
}

function factsOf(
  column: string | number,
  facts: readonly ColumnFacts[],
  names: readonly string[] | undefined,
): ColumnFacts {
  return facts[typeof column === 'number' ? column : (names?.indexOf(column) ?? 0)];
}

/** Columns as a note names them, at most six. */
export function listed(columns: readonly (string | number)[]): string {
  return columns.slice(0, 6).map(shownColumn).join(', ') + (columns.length > 6 ? ', …' : '');
}

/** A name, quoted where it could be taken for something else; a number as it is. */
function shownColumn(column: string | number): string {
  return typeof column === 'number' ? String(column) : JSON.stringify(column);
}

/** Throws where nothing is left to be a coordinate, saying what there was. */
export function checkCoordinates(
  { coordinates, dropped, label }: Roles,
  facts: readonly ColumnFacts[],
  file: string,
): void {
  if (coordinates.length > 0) return;
  const shown = dropped.map(({ column, why }) => `${shownColumn(column)} (${why})`);
  const types = [...new Set(facts.flatMap(({ type }) => (type ? [type] : [])))];
  throw fileError('INVALID_SHAPE', {
    file,
    problem:
      `expected at least one column of numbers as a coordinate but there is none` +
      (shown.length > 0
        ? `: ${shown.slice(0, 12).join(', ')}${shown.length > 12 ? ', …' : ''}`
        : label >= 0
          ? ' beside the labels'
          : '') +
      (types.length > 0 && dropped.some(({ why }) => why === 'no number')
        ? `, of types ${types.join(', ')}`
        : ''),
    remedy: dropped.some(({ why }) => why === 'left out')
      ? `Choose others with ${spokenOption('columns')} or ${spokenOption('dropColumns')}`
      : label >= 0
        ? 'Add a column of numbers beside the labels'
        : 'Add a column of numbers',
  });
}
