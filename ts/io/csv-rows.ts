import { allocate, type FloatData } from '../core/array.js';
import { describe, type RidgeflowError } from '../core/errors.js';
import { spokenOption } from '../core/spoken.js';
import { missingRemedy, nonFiniteCell, type CloudContent } from './cloud.js';
import { fieldKind, hasDecimalComma, isMissing, isMissingNumber } from './csv-cells.js';
import { CR, HASH, LF, SPACE, isComment, skipPadding, splitRecord, unclosedQuote } from './csv-dialect.js';
import { FieldReader, type FieldFormat } from './csv-field.js';
import { fileError } from './errors.js';
import { LabelCollector, labelRemedy, type CloudLabels } from './labels.js';
import { ColumnRanges } from '../core/narrowing.js';
import type { Roles } from './roles.js';
import { checkMemory } from './source.js';

const MAX_FLOAT32 = 3.4028235677973366e38;
const BLOCK_VALUES = 1 << 18;

/** The shape of a table. */
export interface TableShape extends FieldFormat {
  file: string;
  /** Fields per row. */
  width: number;
  /** What the fields are. */
  roles: Roles;
  /** Whether fields may be missing: they become NaN. */
  keepMissing: boolean;
  /** What is known by now that a user of the points should know. */
  notes: string[];
  /** Names of all fields. */
  columns: string[] | undefined;
  /** The names of classes that are numbered from 0, where the file says them. */
  classes?: readonly string[];
  /** Number, from 1, of the line at which the rows begin. */
  line: number;
}

/** Parses rows of numbers, straight from bytes, into blocks of values. */
export class RowParser {
  /** Number of the line that comes next. */
  line: number;
  readonly width: number;
  readonly #shape: TableShape;
  readonly #field: FieldReader;
  readonly #d: number;
  /** Which fields are coordinates. */
  readonly #isCoordinate: boolean[];
  readonly #labels: LabelCollector | undefined;
  readonly #full: FloatData[] = [];
  readonly #isFloat32: boolean;
  readonly #ranges: ColumnRanges | undefined;
  readonly #limit: number;
  #block: FloatData;
  #used = 0;
  #rows = 0;
  #taken = 0;

  constructor(shape: TableShape) {
    this.#shape = shape;
    this.line = shape.line;
    this.width = shape.width;
    const { coordinates, label } = shape.roles;
    this.#d = coordinates.length;
    this.#isCoordinate = Array.from({ length: shape.width }, (_, column) => coordinates.includes(column));
    this.#field = new FieldReader(shape);
    this.#labels = label >= 0 ? new LabelCollector(shape.file) : undefined;
    this.#isFloat32 = shape.dtype === 'float32';
    this.#ranges = this.#isFloat32 ? new ColumnRanges(this.#d) : undefined;
    this.#limit = this.#isFloat32 ? MAX_FLOAT32 : Infinity;
    this.#block = this.#newBlock();
  }

  /**
   * Parses the rows from `at` to `end`, which must be the end of a line; returns where the first row begins that has no
   * end there, because a quote is still open. Throws where that is so and `isLast`.
   */
  parse(bytes: Buffer, at: number, end: number, isLast: boolean): number {
    while (at < end) {
      const start = skipPadding(bytes, at, SPACE);
      const first = bytes[start];
      if (first === LF || first === CR || (first === HASH && isComment(bytes, start))) {
        at = this.#skipLine(bytes, at);
        continue;
      }
      const next = this.#parseRow(bytes, at, end);
      if (next < 0) {
        if (isLast) throw unclosedQuote(this.#shape.file, this.line);
        return at;
      }
      at = next;
    }
    return Math.max(at, end);
  }

  /** The table. Releases the blocks as it joins them. */
  finish(): CloudContent {
    return this.#content(this.#labels?.finish());
  }

  /** The rows that have been parsed since it was last asked; undefined where there are none. */
  take(): CloudContent | undefined {
    if (this.#rows === this.#taken) return undefined;
    const content = this.#content(this.#labels?.take());
    this.#block = this.#newBlock();
    this.#taken = this.#rows;
    return content;
  }

  #content(labels: CloudLabels | undefined): CloudContent {
    const { roles, dtype, file, columns, notes, classes } = this.#shape;
    const { coordinates, dropped, labelChoice } = roles;
    const n = this.#rows - this.#taken;
    checkMemory(n * this.#d * this.#block.BYTES_PER_ELEMENT, file);
    const data = allocate(dtype, n * this.#d, file);
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#used = 0;
    let at = 0;
    for (const block of this.#full.splice(0)) {
      data.set(block, at);
      at += block.length;
    }
    // The file may give the numbers of the classes names.
    const named = classes?.length && labels?.names.map((name) => classes[Number(name)] ?? name);
    return {
      points: { data, shape: [n, this.#d] },
      labels: labels && named ? { ...labels, names: named } : labels,
      columns: columns && coordinates.map((column) => columns[column]),
      ...(labelChoice && { labelColumn: labelChoice }),
      ...(dropped.length > 0 && { dropped }),
      ...(coordinates.length < this.width && { columnNumbers: coordinates }),
      notes: notes.length > 0 ? notes : undefined,
      tooNarrow: this.#ranges?.tooNarrow(),
    };
  }

  #newBlock(): FloatData {
    const rows = Math.max(1, Math.floor(BLOCK_VALUES / Math.max(1, this.#d)));
    const { dtype, file } = this.#shape;
    checkMemory(rows * this.#d * 8, file);
    return allocate(dtype, rows * this.#d, file);
  }

  #skipLine(bytes: Buffer, at: number): number {
    while (bytes[at] !== LF && bytes[at] !== CR) at++;
    this.line++;
    return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
  }

  /** Parses one row; returns where the next begins, or −1 where a quote is still open at `end`. */
  #parseRow(bytes: Buffer, at: number, end: number): number {
    const { delimiter, width, keepMissing } = this.#shape;
    const { label: labelColumn } = this.#shape.roles;
    const block = this.#blockWithRoom();
    let used = this.#used;
    let label: string | undefined = '';
    let pos = at;
    this.#field.innerLines = 0;
    for (let column = 0; ; column++) {
      if (column === width) throw this.#raggedRow(bytes, at, end);
      pos = skipPadding(bytes, pos, delimiter);
      if (this.#isCoordinate[column]) {
        const value = this.#field.number(bytes, pos, end, column);
        if (Math.abs(value) < this.#limit) {
          this.#ranges?.include(used - this.#used, value);
          block[used++] = value;
        } else if (this.#field.end >= 0) {
          if (!keepMissing || !isMissingNumber(this.#field.text(bytes, pos, end)))
            throw this.#badCell(bytes, at, pos, end, column);
          block[used++] = NaN;
        }
      } else if (column === labelColumn) {
        label = this.#field.text(bytes, pos, end);
        if (keepMissing && isMissing(label)) label = undefined;
        else if (label === '' && this.#field.end >= 0) throw this.#emptyCell(bytes, at, end, column);
      } else this.#field.text(bytes, pos, end);
      if (this.#field.end < 0) return -1;
      pos = skipPadding(bytes, this.#field.end, delimiter);
      const separator = bytes[pos];
      if (separator === LF || separator === CR) {
        if (column < width - 1) throw this.#raggedRow(bytes, at, end);
        pos += separator === CR && bytes[pos + 1] === LF ? 2 : 1;
        break;
      }
      if (delimiter !== SPACE) pos++;
    }
    this.#labels?.add(label);
    this.#used = used;
    this.#rows++;
    this.line += 1 + this.#field.innerLines;
    return pos;
  }

  #blockWithRoom(): FloatData {
    if (this.#used + this.#d > this.#block.length) {
      this.#full.push(this.#block);
      this.#block = this.#newBlock();
      this.#used = 0;
    }
    return this.#block;
  }

  /** The error of a field that is no number, or none that the element type holds. */
  #badCell(bytes: Buffer, at: number, start: number, end: number, column: number): RidgeflowError {
    const text = this.#field.text(bytes, start, end);
    const kind = fieldKind(this.#field.plain(text, column));
    if (kind === 'missing' && text === '') return this.#emptyCell(bytes, at, end, column);
    const isFinite = kind === 'number' && Number.isFinite(Number(this.#field.plain(text, column)));
    if (kind === 'number' || kind === 'non-finite')
      return this.#nonFinite(
        column,
        isFinite ? Number(this.#field.plain(text, column)) : /nan/i.test(text) ? NaN : text,
      );
    const problem = `expected a number but received ${describe(text)}`;
    if (kind === 'missing') return this.#cellError(column, problem, missingRemedy(), 'NON_FINITE');
    const named = this.#shape.columns?.[column] ?? column;
    let remedy = hasDecimalComma(text)
      ? `Where commas stand before decimals: ${spokenOption('decimal', ',')}; where they set thousands apart: ${spokenOption('decimal', '.')}`
      : `Correct the cell, leave the column out (${spokenOption('dropColumns', named)}), or take it as the classes (${spokenOption('labelColumn', named)})`;
    if (this.#rows === 0 && !this.#shape.columns)
      remedy += `; if this line names the columns: ${spokenOption('header', true)}`;
    return this.#cellError(column, problem, remedy);
  }

  /** The error of an empty field: of its row, where that ends too early, or of the cell. */
  #emptyCell(bytes: Buffer, at: number, end: number, column: number): RidgeflowError {
    const fields = splitRecord(bytes, at, end, this.#shape.delimiter)?.fields.length ?? 0;
    if (fields !== this.width) return this.#raggedRow(bytes, at, end);
    const isLabel = column === this.#shape.roles.label;
    const missing = isLabel ? labelRemedy() : missingRemedy();
    const named = this.#shape.columns?.[column] ?? column;
    const remedy =
      column === this.width - 1 && !isLabel
        ? `${missing}. Where it is only a delimiter at the ends of the lines: ${spokenOption('dropColumns', named)}`
        : missing;
    const what = isLabel ? 'label' : 'number';
    return this.#cellError(column, `expected a ${what} but received an empty cell`, remedy, 'NON_FINITE');
  }

  #place(column: number): string {
    const name = this.#shape.columns?.[column];
    return `line ${this.line}, column ${column + 1}${name === undefined ? '' : ` (${describe(name)})`}`;
  }

  #cell(column: number) {
    return { line: this.line, row: this.#rows + 1, column: column + 1 };
  }

  #nonFinite(column: number, original: number | string) {
    return nonFiniteCell(this.#shape.file, this.#place(column), this.#cell(column), original);
  }

  #cellError(
    column: number,
    problem: string,
    remedy: string,
    code: 'FILE_FORMAT' | 'NON_FINITE' = 'FILE_FORMAT',
  ) {
    const place = this.#place(column);
    return fileError(code, { file: this.#shape.file, place, problem, remedy, details: this.#cell(column) });
  }

  #raggedRow(bytes: Buffer, at: number, end: number) {
    const actual = splitRecord(bytes, at, end, this.#shape.delimiter)?.fields.length ?? 0;
    return fileError('FILE_FORMAT', {
      file: this.#shape.file,
      place: `line ${this.line}`,
      problem: `expected ${this.width} fields, as in the first line, but received ${actual}`,
      remedy: 'Give every row as many fields',
      details: { line: this.line, expected: this.width, actual },
    });
  }
}
