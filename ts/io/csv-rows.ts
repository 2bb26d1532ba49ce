import { allocate, type DType, type FloatData, type NdArray } from '../core/array.js';
import { describe } from '../core/errors.js';
import { nonFiniteCell } from './cloud.js';
import {
  CR,
  HASH,
  LF,
  QUOTE,
  SPACE,
  TAB,
  closingQuote,
  fieldKind,
  isFieldEnd,
  skipPadding,
  splitRecord,
  unclosedQuote,
  type Delimiter,
} from './csv-dialect.js';
import { fileError } from './errors.js';
import { LabelCollector, type CloudLabels } from './labels.js';
import { checkMemory } from './source.js';

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
/** Decimals of this many digits are exact as integers, and so is their product or quotient by a power of ten up to 22. */
const EXACT_DIGITS = 15;
const MAX_FLOAT32 = 3.4028235677973366e38;
const BLOCK_VALUES = 1 << 18;

/** The shape of a table. */
export interface TableShape {
  file: string;
  delimiter: Delimiter;
  /** Fields per row. */
  width: number;
  /** Position of the field with the label, or −1. */
  labelColumn: number;
  columns: string[] | undefined;
  dtype: DType;
  /** Number, from 1, of the line at which the rows begin. */
  line: number;
}

/** Parses rows of numbers, straight from bytes, into blocks of values. */
export class RowParser {
  /** Number of the line that comes next. */
  line: number;
  readonly width: number;
  readonly #shape: TableShape;
  readonly #d: number;
  readonly #labels: LabelCollector | undefined;
  readonly #full: FloatData[] = [];
  readonly #limit: number;
  #block: FloatData;
  #used = 0;
  #rows = 0;
  // What #readText found besides the text.
  #textEnd = 0;
  #textLines = 0;

  constructor(shape: TableShape) {
    this.#shape = shape;
    this.line = shape.line;
    this.width = shape.width;
    this.#d = shape.width - (shape.labelColumn >= 0 ? 1 : 0);
    this.#labels = shape.labelColumn >= 0 ? new LabelCollector(shape.file) : undefined;
    this.#limit = shape.dtype === 'float32' ? MAX_FLOAT32 : Infinity;
    this.#block = this.#newBlock();
  }

  /**
   * Parses the rows from `at` to `end`, which must be the end of a line; returns where the first row begins that has no
   * end there, because a quote is still open. Throws where that is so and `isLast`.
   */
  parse(bytes: Buffer, at: number, end: number, isLast: boolean): number {
    while (at < end) {
      const first = bytes[skipPadding(bytes, at, SPACE)];
      if (first === LF || first === CR || first === HASH) {
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
  finish(): { points: NdArray; labels?: CloudLabels; columns?: string[] } {
    const { labelColumn, dtype, file, columns } = this.#shape;
    const n = this.#rows;
    checkMemory(n * this.#d * this.#block.BYTES_PER_ELEMENT, file);
    const data = allocate(dtype, n * this.#d, file);
    this.#full.push(this.#block.subarray(0, this.#used));
    let at = 0;
    for (const block of this.#full.splice(0)) {
      data.set(block, at);
      at += block.length;
    }
    return {
      points: { data, shape: [n, this.#d] },
      labels: this.#labels?.finish(),
      columns: columns?.filter((_, i) => i !== labelColumn),
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
    const { delimiter, width, labelColumn } = this.#shape;
    if (this.#used + this.#d > this.#block.length) {
      this.#full.push(this.#block);
      this.#block = this.#newBlock();
      this.#used = 0;
    }
    const block = this.#block;
    let used = this.#used;
    let lines = 1;
    let label = '';
    let pos = at;
    for (let column = 0; ; column++) {
      if (column === width) throw this.#raggedRow(bytes, at, end);
      while (bytes[pos] === SPACE || (bytes[pos] === TAB && delimiter !== TAB)) pos++;
      if (column === labelColumn) {
        label = this.#readText(bytes, pos, end);
        if (this.#textEnd < 0) return -1;
        pos = this.#textEnd;
        lines += this.#textLines;
        if (label === '' && !this.#endsEarly(bytes[pos], column)) throw this.#emptyLabel();
      } else {
        // The common case, in line: a decimal that a double and one correctly rounded operation give exactly.
        const start = pos;
        let byte = bytes[pos];
        const negative = byte === 0x2d;
        if (negative || byte === 0x2b) byte = bytes[++pos];
        let mantissa = 0;
        const firstDigit = pos;
        while (byte >= 0x30 && byte <= 0x39) {
          mantissa = mantissa * 10 + byte - 0x30;
          byte = bytes[++pos];
        }
        let digits = pos - firstDigit;
        let exponent = 0;
        if (byte === 0x2e) {
          const point = pos;
          byte = bytes[++pos];
          while (byte >= 0x30 && byte <= 0x39) {
            mantissa = mantissa * 10 + byte - 0x30;
            byte = bytes[++pos];
          }
          exponent = point + 1 - pos;
          digits -= exponent;
        }
        if (digits > 0 && (byte | 0x20) === 0x65) {
          const sign = bytes[pos + 1];
          const hasSign = sign === 0x2d || sign === 0x2b;
          const firstPower = pos + (hasSign ? 2 : 1);
          let power = 0;
          for (pos = firstPower; (byte = bytes[pos]) >= 0x30 && byte <= 0x39; pos++)
            power = power * 10 + byte - 0x30;
          if (pos === firstPower) digits = 0;
          exponent += sign === 0x2d ? -power : power;
        }
        let value: number;
        if (
          digits === 0 ||
          digits > EXACT_DIGITS ||
          exponent > 22 ||
          exponent < -22 ||
          !isFieldEnd(byte, delimiter)
        ) {
          const text = this.#readText(bytes, start, end);
          if (this.#textEnd < 0) return -1;
          pos = this.#textEnd;
          lines += this.#textLines;
          if (text === '' && this.#endsEarly(bytes[pos], column)) throw this.#raggedRow(bytes, at, end);
          value = this.#toNumber(text, column);
        } else {
          value = exponent < 0 ? mantissa / POWERS_OF_TEN[-exponent] : mantissa * POWERS_OF_TEN[exponent];
          if (negative) value = -value;
        }
        if (!(Math.abs(value) < this.#limit)) throw this.#nonFinite(column, value);
        block[used++] = value;
      }
      if (bytes[pos] === SPACE || bytes[pos] === TAB) pos = skipPadding(bytes, pos, delimiter);
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
    this.line += lines;
    return pos;
  }

  /** Reads a field as text, trimmed; sets #textEnd to where it ends (−1 in an open quote) and #textLines. */
  #readText(bytes: Buffer, start: number, end: number): string {
    const { delimiter } = this.#shape;
    this.#textLines = 0;
    let pos = start;
    let text: string;
    if (bytes[start] === QUOTE) {
      const close = closingQuote(bytes, start, end);
      if (close < 0) {
        this.#textEnd = -1;
        return '';
      }
      text = bytes.toString('utf8', start + 1, close).replaceAll('""', '"');
      this.#textLines = text.split(/\r\n|[\r\n]/).length - 1;
      pos = close + 1;
      const after = skipPadding(bytes, pos, delimiter);
      const ends = isFieldEnd(bytes[after], delimiter) || (delimiter === SPACE && after > pos);
      if (!ends)
        throw this.#cellError(
          0,
          'expected a delimiter after the closing quote',
          'Double the quotes inside it',
        );
      this.#textEnd = pos;
      return text.trim();
    }
    while (!isFieldEnd(bytes[pos], delimiter)) pos++;
    this.#textEnd = pos;
    return bytes.toString('utf8', start, pos).trimEnd();
  }

  #toNumber(text: string, column: number): number {
    const kind = fieldKind(text);
    if (kind === 'number') return Number(text);
    if (kind === 'non-finite') throw this.#nonFinite(column, text);
    if (kind === 'missing') {
      const what = text === '' ? 'an empty cell' : describe(text);
      const remedy =
        column === this.width - 1
          ? 'Fill it in, leave the row out, or remove the delimiter at the end of the lines'
          : 'Fill it in, or leave the row out';
      throw this.#cellError(column, `expected a number but received ${what}`, remedy, 'NON_FINITE');
    }
    const remedy = /^[+-]?\d+,\d+$/.test(text)
      ? 'Write decimals with a point'
      : 'Correct the cell, or name the column of the labels with labelColumn (--label-column)';
    throw this.#cellError(column, `expected a number but received ${describe(text)}`, remedy);
  }

  #endsEarly(byte: number, column: number): boolean {
    return column > 0 && column < this.width - 1 && (byte === LF || byte === CR);
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

  #emptyLabel() {
    return this.#cellError(
      this.#shape.labelColumn,
      'expected a label but received an empty cell',
      'Fill it in',
    );
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
