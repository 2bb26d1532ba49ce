import type { FloatData } from '../core/array.js';
import { describe } from '../core/errors.js';
import { isFloat32Array } from '../core/realm.js';
import { spokenOption } from '../core/spoken.js';
import { cellName, missingRemedy } from './cloud.js';
import { damaged, fileError } from './errors.js';
import { LabelCollector, labelRemedy } from './labels.js';
import { ColumnRanges } from '../core/narrowing.js';

/** A column of an Arrow, Parquet or JSON table. */
export interface TableColumn {
  name: string;
  /** Its type in the file's own words. */
  type: string;
  /** Whether its cells are numbers (one or a list of them), texts, or something that is neither. */
  kind: 'number' | 'text' | 'other';
  /** Numbers per cell. */
  width: number;
  /** How many different texts it holds, where that is known. */
  distinct?: number;
  /** Whether its texts are percentages, which are numbers without their signs. */
  isPercent?: boolean;
}

/** An opened table, or some of the rows of one. */
export interface Table {
  rows: number;
  /** How many rows of the file come before. Default 0. */
  firstRow?: number;
  columns: TableColumn[];
  /** Whether the columns have no names but their numbers. */
  isNameless?: boolean;
  /** The text that pandas leaves in the metadata of the tables that it writes. */
  pandas?: string;
  /** What a user of the points should know of how they were read. */
  notes?: string[];
  /** Puts the cells of the columns that the sink wants into it. */
  read(sink: TableSink): Promise<void>;
  close(): Promise<void>;
}

/** A cell as the decoders give it. */
export type Scalar = number | bigint | boolean | string | null | undefined;

/** Takes the cells of a table, in any order of columns, and puts them where they belong in a cloud. */
export class TableSink {
  readonly #file: string;
  readonly #table: Table;
  readonly #out: FloatData;
  readonly #stride: number;
  readonly #offsets: ReadonlyMap<number, number>;
  readonly #filled: number[];
  /** Column of the labels, or −1. */
  readonly labelColumn: number;
  readonly labels: LabelCollector;
  readonly #ranges: ColumnRanges | undefined;
  readonly #keepMissing: boolean;

  constructor(
    file: string,
    table: Table,
    out: FloatData,
    stride: number,
    offsets: ReadonlyMap<number, number>,
    labelColumn: number,
    { keepMissing = false, labels }: { keepMissing?: boolean; labels?: LabelCollector } = {},
  ) {
    this.#keepMissing = keepMissing;
    this.#file = file;
    this.#table = table;
    this.#out = out;
    this.#stride = stride;
    this.#offsets = offsets;
    this.#filled = table.columns.map(() => 0);
    this.labelColumn = labelColumn;
    this.#ranges = isFloat32Array(out) ? new ColumnRanges(stride) : undefined;
    this.labels = labels ?? new LabelCollector(file, 'text');
  }

  /** Numbers of the columns to be put. */
  get wanted(): number[] {
    return [...this.#offsets.keys(), ...(this.labelColumn >= 0 ? [this.labelColumn] : [])];
  }

  /** Puts `count` cells of a column, from row `row` on; a cell is `width` values in succession. */
  put(column: number, row: number, values: ArrayLike<Scalar>, count: number): void {
    this.#advance(column, row, count);
    if (column === this.labelColumn) {
      for (let i = 0; i < count; i++) this.#addLabel(values[i], row + i);
      return;
    }
    const { width } = this.#table.columns[column];
    const offset = this.#offsets.get(column)!;
    const start = row * this.#stride + offset;
    for (let i = 0; i < count; i++) {
      const at = start + i * this.#stride;
      for (let k = 0; k < width; k++) {
        const cell = values[i * width + k];
        const value = typeof cell === 'number' ? cell : this.#toNumber(cell, column, row + i, k);
        this.#ranges?.include(offset + k, value);
        this.#out[at + k] = value;
      }
    }
  }

  /** The coordinates that float32 is too coarse for. */
  get tooNarrow(): number[] | undefined {
    return this.#ranges?.tooNarrow();
  }

  /** What stands for a cell that has no value: NaN where that may be. Throws the error of such a cell elsewhere. */
  missing(column: number, row: number, part = 0): number {
    if (this.#keepMissing) return NaN;
    throw fileError('NON_FINITE', {
      file: this.#file,
      place: this.place(column, row, part),
      problem: 'expected a value but received null',
      remedy: column === this.labelColumn ? labelRemedy() : missingRemedy(),
      details: { row: this.#number(row), column: column + 1 },
    });
  }

  /** Throws the error of a cell that has another number of values than the first of its column. */
  refuseLength(column: number, row: number, actual: number): never {
    const expected = this.#table.columns[column].width;
    throw fileError('FILE_FORMAT', {
      file: this.#file,
      place: this.place(column, row),
      problem: `expected a list of ${expected} numbers, as in the first row, but received one of ${actual}`,
      remedy: `Give every row as many, or leave the column out (${spokenOption('dropColumns', this.#table.columns[column].name)})`,
      details: { row: this.#number(row), column: column + 1, expected, actual },
    });
  }

  /** Throws FILE_TRUNCATED unless every wanted column has all its rows. */
  checkComplete(): void {
    const { rows, columns } = this.#table;
    for (const column of this.wanted) {
      const what = `rows in column ${describe(columns[column].name)}`;
      if (this.#filled[column] !== rows) {
        throw fileError('FILE_TRUNCATED', {
          file: this.#file,
          problem: `expected ${rows} ${what} but the file has only ${this.#filled[column]}`,
          remedy: 'Copy or download it again',
          details: { expected: rows, actual: this.#filled[column] },
        });
      }
    }
  }

  /** A cell, for messages. */
  place(column: number, row: number, part = 0): string {
    const { name, width } = this.#table.columns[column];
    return cellName(this.#number(row), column + 1, [
      ...Array<string>(column),
      width > 1 ? `${name}[${part}]` : name,
    ]);
  }

  /** The number of a row in the file, from 1. */
  #number(row: number): number {
    return (this.#table.firstRow ?? 0) + row + 1;
  }

  #advance(column: number, row: number, count: number): void {
    if (row !== this.#filled[column] || row + count > this.#table.rows) {
      const { name } = this.#table.columns[column];
      throw damaged(
        this.#file,
        `column ${describe(name)} has other rows than the file claims (${this.#table.rows})`,
      );
    }
    this.#filled[column] += count;
  }

  #toNumber(value: Scalar, column: number, row: number, part: number): number {
    if (value === null || value === undefined || value === '') return this.missing(column, row, part);
    return Number(value);
  }

  #addLabel(value: Scalar, row: number): void {
    if (value === null || value === undefined || value === '' || Number.isNaN(value)) {
      this.missing(this.labelColumn, row);
      this.labels.add(undefined);
    } else this.labels.add(typeof value === 'boolean' ? String(Number(value)) : String(value));
  }
}
