import { type DType, type FloatData, allocate } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import {
  type CloudFile,
  type ReadCloudOptions,
  checkExtent,
  encodeLabels,
  findLabelColumn,
} from './cloud.js';
import { type CsvRecord, type Splitter, csvRecords, splitterFor } from './csv-lines.js';
import { fileError } from './errors.js';
import { type ByteSource, checkMemory } from './source.js';

const NON_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/**
 * Reads a cloud from text: a point a line, fields separated by commas, semicolons, tabs or white space (by the look of
 * the first record), with or without a row of names. Blank lines and lines that begin with # are left out.
 */
export async function readCsv(source: ByteSource, options: ReadCloudOptions): Promise<CloudFile> {
  let reader: CsvReader | undefined;
  for await (const records of csvRecords(source)) {
    throwIfAborted(options.signal);
    let first = 0;
    if (!reader) {
      reader = new CsvReader(source.file, records[0], options);
      if (reader.columns) first = 1;
    }
    for (let i = first; i < records.length; i++) reader.add(records[i]);
  }
  if (!reader) {
    throw fileError('FILE_FORMAT', {
      file: source.file,
      problem: 'it is empty',
      remedy: 'Give a file with a point on each line',
    });
  }
  return reader.finish();
}

class CsvReader {
  /** Names of the fields, where the file has a header. */
  readonly columns?: string[];
  readonly #file: string;
  readonly #split: Splitter;
  readonly #width: number;
  readonly #label: number;
  readonly #values: Growing;
  readonly #labels: string[] = [];
  #rows = 0;

  constructor(
    file: string,
    first: CsvRecord,
    { header = 'auto', labelColumn, dtype = 'float32' }: ReadCloudOptions,
  ) {
    this.#file = file;
    const text = first.text.replace(/^\ufeff/, '');
    this.#split = splitterFor(text);
    first.text = text;
    const fields = this.#split(text).map((field) => field.trim());
    this.#width = fields.length;
    // A label given by its number may be a word in the first row without making that row a header.
    const known = typeof labelColumn === 'number' ? findLabelColumn(file, fields.length, labelColumn) : -1;
    const named = header === 'auto' ? fields.some((field, k) => k !== known && !isNumber(field)) : header;
    if (named) this.columns = fields;
    this.#label = findLabelColumn(file, this.columns ?? fields.length, labelColumn);
    this.#values = new Growing(dtype, file);
  }

  add({ line, text }: CsvRecord): void {
    const fields = this.#split(text);
    if (fields.length !== this.#width) {
      throw fileError('FILE_FORMAT', {
        file: this.#file,
        place: `line ${line}`,
        problem: `expected ${this.#width} fields, as in the first row, but received ${fields.length}`,
        remedy: 'Every row must have a value for every column',
        details: { line, expected: this.#width, actual: fields.length },
      });
    }
    for (let k = 0; k < fields.length; k++) {
      if (k === this.#label) {
        this.#labels.push(fields[k].trim());
        continue;
      }
      const value = fields[k] === '' ? NaN : Number(fields[k]);
      if (!this.#values.push(value)) throw this.#badValue(line, k, fields[k].trim());
    }
    this.#rows++;
  }

  finish(): CloudFile {
    const d = this.#width - (this.#label < 0 ? 0 : 1);
    checkExtent(this.#file, this.#rows, d);
    return {
      points: { data: this.#values.take(), shape: [this.#rows, d] },
      labels: this.#label < 0 ? undefined : encodeLabels(this.#labels),
      columns: this.columns?.filter((_, k) => k !== this.#label),
      source: this.#file,
    };
  }

  #badValue(line: number, column: number, text: string) {
    const name = this.columns ? `column ${this.columns[column]}` : `column ${column + 1} (counted from 1)`;
    const facts = { file: this.#file, place: `line ${line}, ${name}`, details: { line, column } };
    if (text === '') {
      return fileError('FILE_FORMAT', {
        ...facts,
        problem: 'the field is empty',
        remedy: 'Remove the row, or give a number',
      });
    }
    if (NON_FINITE.test(text)) {
      return fileError('NON_FINITE', {
        ...facts,
        problem: `expected a finite number but received ${text}`,
        remedy: 'Remove or replace the row',
      });
    }
    if (Number.isFinite(Number(text))) {
      return fileError('NON_FINITE', {
        ...facts,
        problem: `${text} is too large for float32`,
        remedy: 'Read it as float64, or scale the data',
      });
    }
    return fileError('FILE_FORMAT', {
      ...facts,
      problem: `expected a number but received ${JSON.stringify(text.slice(0, 60))}`,
      remedy: 'If this column holds classes, name it as the label column',
    });
  }
}

function isNumber(field: string): boolean {
  return field !== '' && (Number.isFinite(Number(field)) || NON_FINITE.test(field));
}

/** A float array that grows. */
class Growing {
  readonly #dtype: DType;
  readonly #file: string;
  #data: FloatData;
  #length = 0;

  constructor(dtype: DType, file: string) {
    this.#dtype = dtype;
    this.#file = file;
    this.#data = allocate(dtype, 1 << 12);
  }

  /** False, and the value is not kept, where it is not finite in the element type. */
  push(value: number): boolean {
    if (this.#length === this.#data.length) this.#grow();
    this.#data[this.#length] = value;
    if (!Number.isFinite(this.#data[this.#length])) return false;
    this.#length++;
    return true;
  }

  #grow(): void {
    checkMemory(this.#data.byteLength * 2, this.#file);
    const larger = allocate(this.#dtype, this.#data.length * 2, this.#file);
    larger.set(this.#data);
    this.#data = larger;
  }

  take(): FloatData {
    return this.#data.slice(0, this.#length);
  }
}
