import { spokenOption } from '../core/spoken.js';
import { fileError } from './errors.js';

/** Class labels of a cloud. */
export interface CloudLabels {
  /** For each row the index of its class in `names`. */
  values: Int32Array;
  /** The classes, in natural order: numbers by value, text so that `class 2` comes before `class 10`. */
  names: string[];
}

/** What to do about a label that is missing. */
export function labelRemedy(): string {
  return `Give every row a label, or leave such rows out: ${spokenOption('dropMissing', true)}`;
}

/** Names that mark a column or an array as the labels, in order of preference. */
export const LABEL_NAMES = ['label', 'labels', 'class', 'target', 'y', 'digit'];

/**
 * The position of the column whose name says that it holds the labels, or −1. A `y` beside an `x` is a coordinate.
 */
export function labelPosition(columns: readonly string[]): number {
  const names = columns.map((name) => name.trim().toLowerCase());
  const wanted = names.includes('x') ? LABEL_NAMES.filter((name) => name !== 'y') : LABEL_NAMES;
  const found = wanted.find((name) => names.includes(name));
  return found === undefined ? -1 : names.indexOf(found);
}

/**
 * Collects labels row by row. A label is its text: "1", "01" and "1e0" are three classes, and so are integers that a
 * double cannot tell apart. Only in files without types ("cells") is a whole number with zeros behind the point, as
 * pandas writes it, the integer.
 */
export class LabelCollector {
  readonly #file: string;
  readonly #kind: 'text' | 'cells';
  readonly #classes = new Map<string, number>();
  readonly #firstRows: number[] = [];
  #values = new Int32Array(1024);
  #count = 0;
  #taken = 0;
  #merges: boolean | undefined;

  constructor(file: string, kind: 'text' | 'cells' = 'cells') {
    this.#file = file;
    this.#kind = kind;
  }

  /** How many have been added. */
  get count(): number {
    return this.#taken + this.#count;
  }

  /** Adds the label of the next row; undefined where it is missing and may be: it becomes class −1. */
  add(name: string | undefined): void {
    let index = name === undefined ? -1 : this.#classes.get(name);
    if (name !== undefined && index === undefined) {
      index = this.#classes.size;
      this.#classes.set(name, index);
      this.#firstRows.push(this.count);
    }
    if (this.#count === this.#values.length) {
      const grown = new Int32Array(2 * this.#count);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = index!;
  }

  /** The labels, numbered in the natural order of their names. Throws NON_FINITE for a NaN among numbers. */
  finish(): CloudLabels {
    const { shown } = this.#shownNames();
    const names = inNaturalOrder(shown);
    return { values: this.#numbered(shown, names), names };
  }

  /**
   * The labels that were added since it was last asked, numbered in the order in which their names first came, and all
   * names so far: for those who do not wait for the last. Throws as `finish` does.
   */
  take(): CloudLabels {
    // What is one class in one lot is one in all.
    this.#merges ??= this.#shownNames().merges;
    const { shown } = this.#shownNames(this.#merges);
    const names = [...new Set(shown)];
    const values = this.#numbered(shown, names);
    this.#taken += this.#count;
    this.#count = 0;
    return { values, names };
  }

  /** The names of the classes as they are to be shown, in the order in which they came. */
  #shownNames(merge?: boolean): { shown: string[]; merges: boolean } {
    const raw = [...this.#classes.keys()];
    const isNumeric = areNumbers(raw);
    if (isNumeric) this.#refuseMissing(raw);
    const merges = merge ?? (isNumeric && this.#kind === 'cells');
    const shown = merges ? raw.map((name) => name.replace(/^([+-]?\d+)\.0*$/, '$1')) : raw;
    return { shown, merges };
  }

  #numbered(shown: readonly string[], names: readonly string[]): Int32Array {
    const positions = new Map(names.map((name, position) => [name, position]));
    const renumbered = Int32Array.from(shown, (name) => positions.get(name)!);
    const values = this.#values.slice(0, this.#count);
    for (let i = 0; i < values.length; i++) if (values[i] >= 0) values[i] = renumbered[values[i]];
    return values;
  }

  #refuseMissing(raw: string[]): void {
    const missing = raw.findIndex(isMissing);
    if (missing < 0) return;
    const row = this.#firstRows[missing] + 1;
    throw fileError('NON_FINITE', {
      file: this.#file,
      place: `row ${row}`,
      problem: `expected a label but received ${raw[missing]}`,
      remedy: labelRemedy(),
      details: { row },
    });
  }
}

/** Different names of classes, sorted: numbers by value, text so that `class 2` comes before `class 10`. */
export function inNaturalOrder(names: readonly string[]): string[] {
  const order = areNumbers(names)
    ? (a: string, b: string) => Number(a) - Number(b)
    : new Intl.Collator('en', { numeric: true }).compare;
  return [...new Set(names)].sort((a, b) => order(a, b) || (a < b ? -1 : 1));
}

function areNumbers(names: readonly string[]): boolean {
  return names.every((name) => name !== '' && (isMissing(name) || Number.isFinite(Number(name))));
}

function isMissing(name: string): boolean {
  return /^[+-]?(nan|na)$/i.test(name);
}

/**
 * Labels from every `step`th number from `offset` on. `value` and `text` read what stood in the file, where `values` may
 * have been rounded. Throws NON_FINITE, naming the row, for NaN and infinity.
 */
export function labelsFromNumbers(
  values: ArrayLike<number>,
  file: string,
  {
    step = 1,
    offset = 0,
    value = (i) => values[i],
    text = (i) => String(value(i)),
    keepMissing = false,
    collector,
  }: {
    step?: number;
    offset?: number;
    value?: (index: number) => number;
    text?: (index: number) => string;
    keepMissing?: boolean;
    /** Takes them, where they are the next of several lots. */
    collector?: LabelCollector;
  } = {},
): CloudLabels {
  const labels = collector ?? new LabelCollector(file, 'text');
  for (let i = offset; i < values.length; i += step) {
    if (keepMissing && Number.isNaN(value(i))) {
      labels.add(undefined);
      continue;
    }
    if (!Number.isFinite(value(i))) {
      const row = labels.count + 1;
      throw fileError('NON_FINITE', {
        file,
        place: `row ${row}`,
        problem: `expected a label but received ${value(i)}`,
        remedy: labelRemedy(),
        details: { row },
      });
    }
    labels.add(text(i));
  }
  return collector ? labels.take() : labels.finish();
}

/** Throws INVALID_SHAPE unless there is one label per point. */
export function checkLabelCount(labels: CloudLabels, points: number, file: string, source: string): void {
  const count = labels.values.length;
  if (count === points) return;
  throw fileError('INVALID_SHAPE', {
    file: source,
    problem: `expected ${points} labels, one for each point of ${file}, but received ${count}`,
    remedy: 'Give the labels of these points',
    details: { expected: points, actual: count },
  });
}
