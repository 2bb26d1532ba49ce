import type { DType } from '../core/array.js';
import { fieldKind, plainNumber, withoutPercent } from './csv-cells.js';
import { COMMA, QUOTE, closingQuote, isFieldEnd, textOf, type Delimiter } from './csv-dialect.js';

const POWERS_OF_TEN = Float64Array.from({ length: 41 }, (_, k) => Number(`1e${k}`));
/** Integers of this many digits are exact in a double, and so are powers of ten up to the 22nd: one operation rounds once. */
const EXACT_DIGITS = 15;
const EXACT_POWER = 22;
const ESTIMATE_DIGITS = 19;
/** More than the roundings of a mantissa of 19 digits and of its scaling by a power of ten can add up to. */
const ESTIMATE_ERROR = 2 ** -48;
const ZERO = 0x30;
const NINE = 0x39;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const LETTER_E = 0x65;

function scale(mantissa: number, exponent: number): number {
  return exponent < 0 ? mantissa / POWERS_OF_TEN[-exponent] : mantissa * POWERS_OF_TEN[exponent];
}

/** A number that rounds to the same float32 as mantissa · 10^exponent, or NaN where the roundings on the way leave that open. */
function estimateFloat32(mantissa: number, exponent: number): number {
  if (exponent <= -POWERS_OF_TEN.length || exponent >= POWERS_OF_TEN.length) return NaN;
  const value = scale(mantissa, exponent);
  const lower = Math.fround(value * (1 - ESTIMATE_ERROR));
  return lower === Math.fround(value * (1 + ESTIMATE_ERROR)) ? value : NaN;
}

/** How the fields of a file are written. */
export interface FieldFormat {
  delimiter: Delimiter;
  /** What stands before decimals. */
  decimal: '.' | ',';
  /** Whether thousands are set apart, by what does not stand before decimals. */
  isGrouped: boolean;
  /** Of each field, whether it is a percentage. */
  percents: readonly boolean[];
  dtype: DType;
}

/** Reads fields of numbers and of text, straight from bytes. */
export class FieldReader {
  // What reading a field found besides its value: where it ends, and line ends inside quotes.
  end = 0;
  innerLines = 0;
  readonly #format: FieldFormat;
  readonly #decimal: number;
  readonly #isFloat32: boolean;

  constructor(format: FieldFormat) {
    this.#format = format;
    this.#decimal = format.decimal === ',' ? COMMA : POINT;
    this.#isFloat32 = format.dtype === 'float32';
  }

  /** Reads a field as a number and sets `end` to where it ends (−1 in an open quote); NaN for what is none. */
  number(bytes: Buffer, start: number, end: number, column: number): number {
    let pos = start;
    let byte = bytes[pos];
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = bytes[++pos];
    let mantissa = 0;
    let exponent = 0;
    let digits = -pos;
    while (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + byte - ZERO;
      byte = bytes[++pos];
    }
    digits += pos;
    if (byte === this.#decimal) {
      const fraction = ++pos;
      while ((byte = bytes[pos]) >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + byte - ZERO;
        pos++;
      }
      exponent = fraction - pos;
      digits -= exponent;
    }
    if ((byte | 0x20) === LETTER_E && digits > 0) {
      const sign = bytes[++pos];
      if (sign === MINUS || sign === PLUS) pos++;
      const first = pos;
      let power = 0;
      while ((byte = bytes[pos]) >= ZERO && byte <= NINE) {
        power = power * 10 + byte - ZERO;
        pos++;
      }
      if (pos === first) digits = 0;
      exponent += sign === MINUS ? -power : power;
    }
    if (digits === 0 || !isFieldEnd(byte, this.#format.delimiter)) {
      const text = this.plain(this.text(bytes, start, end), column);
      return fieldKind(text) === 'number' ? Number(text) : NaN;
    }
    this.end = pos;
    let value = NaN;
    if (digits <= EXACT_DIGITS && exponent >= -EXACT_POWER && exponent <= EXACT_POWER) {
      value = scale(mantissa, exponent);
    } else if (this.#isFloat32 && digits <= ESTIMATE_DIGITS) value = estimateFloat32(mantissa, exponent);
    if (Number.isNaN(value)) return Number(this.plain(bytes.toString('latin1', start, pos), column));
    return negative ? -value : value;
  }

  /** A field with a point before its decimals, nothing between its thousands, and no sign of per cent where its column has them. */
  plain(text: string, column: number): string {
    const { decimal, isGrouped, percents } = this.#format;
    return plainNumber(percents[column] ? withoutPercent(text) : text, decimal, isGrouped);
  }

  /** Reads a field as text, trimmed, and sets `end` to where it ends (−1 in an open quote). */
  text(bytes: Buffer, start: number, end: number): string {
    const { delimiter } = this.#format;
    if (bytes[start] !== QUOTE) {
      let pos = start;
      while (!isFieldEnd(bytes[pos], delimiter)) pos++;
      this.end = pos;
      return textOf(bytes, start, pos).trimEnd();
    }
    const close = closingQuote(bytes, start, end);
    if (close < 0) {
      this.end = -1;
      return '';
    }
    const text = textOf(bytes, start + 1, close).replaceAll('""', '"');
    this.innerLines += text.split(/\r\n|[\r\n]/).length - 1;
    // What follows the closing quote belongs to the field, as in a height of 5"2.
    this.end = close + 1;
    while (!isFieldEnd(bytes[this.end], delimiter)) this.end++;
    return (text + textOf(bytes, close + 1, this.end)).trim();
  }
}
