import { type DType, type FloatData, type NdArray, allocate } from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { fileError } from './errors.js';
import { inSlices } from './source.js';

/** Classes of the points of a cloud. */
export interface CloudLabels {
  /** Class of each point, an index into `names`. */
  values: Int32Array;
  /** Names of the classes, numbers in numerical order, else in alphabetical. */
  names: string[];
}

/** A cloud as it was read from a file. */
export interface CloudFile {
  /** n × d. */
  points: NdArray;
  labels?: CloudLabels;
  /** Names of the d columns, where the file has any. */
  columns?: string[];
  /** Rows and columns, where each point of the file is an image. */
  imageShape?: [number, number];
  /** The path. */
  source: string;
}

/** Formats that {@link readCloud} knows. */
export type CloudFormat = 'npy' | 'npz' | 'csv' | 'arrow' | 'parquet' | 'idx';

/** Options of {@link readCloud}. */
export interface ReadCloudOptions {
  /** Default: by the file's name and its first bytes. */
  format?: CloudFormat;
  /**
   * The column that holds the classes: its name, or its number from 0, negative from the end; false for none. Default: a
   * column named label, labels, class, target, digit, or (where none is named x) y; in a file without names none.
   */
  labelColumn?: string | number | false;
  /** A file of labels, one for each point, in any of the formats; or, for .npz, the name of an entry. */
  labels?: string;
  /** Element type of the points. Default float32. */
  dtype?: DType;
  /** Whether a CSV file's first row names the columns. Default: if it holds something that is not a number. */
  header?: boolean | 'auto';
  /** Which entry of an .npz file holds the points. Default points, X, x, data, positions or start, else the first matrix. */
  array?: string;
  signal?: AbortSignal;
}

/** One column of a table, before it is known whether it is a coordinate or a class. */
export interface Column {
  name: string;
  length: number;
  /** Value of a row: a number, a text, or null where there is none. */
  at(row: number): number | string | null;
}

const LABEL_NAMES = ['label', 'labels', 'class', 'target', 'digit'];

/** Which of the columns holds the classes, or −1. Throws INVALID_ARGUMENT where the one asked for is not there. */
export function findLabelColumn(
  file: string,
  names: readonly string[] | number,
  wanted: string | number | false | undefined,
): number {
  if (wanted === false) return -1;
  const count = typeof names === 'number' ? names : names.length;
  if (typeof wanted === 'number') {
    const index = wanted < 0 ? count + wanted : wanted;
    if (Number.isInteger(wanted) && index >= 0 && index < count) return index;
    throw fileError('INVALID_ARGUMENT', {
      file,
      problem: `there is no column ${wanted}: it has ${count}, numbered from 0 (or from −1 at the end)`,
      remedy: 'Choose another label column',
    });
  }
  if (typeof names === 'number') {
    if (wanted === undefined) return -1;
    throw fileError('INVALID_ARGUMENT', {
      file,
      problem: `there is no column named ${JSON.stringify(wanted)}: its columns have no names`,
      remedy: 'Give the label column by its number',
    });
  }
  if (wanted !== undefined) {
    const index = names.indexOf(wanted);
    if (index >= 0) return index;
    throw fileError('INVALID_ARGUMENT', {
      file,
      problem: `there is no column named ${JSON.stringify(wanted)}: it has ${names.slice(0, 12).join(', ')}${count > 12 ? ', …' : ''}`,
      remedy: 'Choose another label column',
    });
  }
  const lower = names.map((name) => name.trim().toLowerCase());
  const found = lower.findIndex((name) => LABEL_NAMES.includes(name));
  return found >= 0 || lower.includes('x') ? found : lower.indexOf('y');
}

/** Classes from one value for each point. */
export function encodeLabels(values: readonly (string | number)[]): CloudLabels {
  const texts = values.map(String);
  const distinct = [...new Set(texts)];
  const numeric = distinct.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  const names = distinct.sort(numeric ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
  const indices = new Map(names.map((name, index) => [name, index]));
  return { values: Int32Array.from(texts, (text) => indices.get(text)!), names };
}

/** Throws EMPTY_CLOUD where there is no row, FILE_FORMAT where there is no column of coordinates. */
export function checkExtent(file: string, n: number, d: number): void {
  if (n === 0) {
    throw fileError('EMPTY_CLOUD', { file, problem: 'it holds no rows', remedy: 'Give at least 2 points' });
  }
  if (d === 0)
    throw fileError('FILE_FORMAT', { file, problem: 'it has no column of coordinates beside the labels' });
}

/**
 * Throws NON_FINITE for the first value that is NaN or infinite, or became so in the element type it was read as.
 * `original` gives the value that the file holds.
 */
export function checkCloudFinite(
  file: string,
  { data, shape }: NdArray,
  columns?: readonly string[],
  original: (index: number) => number = (index) => data[index],
): void {
  const d = shape[1];
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const [row, column] = [Math.floor(i / d), i % d];
    const value = original(i);
    const place = `row ${row + 1}, column ${column + 1}${columns ? ` (${columns[column]})` : ''} (counted from 1)`;
    const tooLarge = Number.isFinite(value);
    throw fileError('NON_FINITE', {
      file,
      place,
      problem: tooLarge
        ? `${value} is too large for float32`
        : `expected a finite number but received ${value}`,
      remedy: tooLarge ? 'Read it as float64, or scale the data' : 'Remove or replace the row',
      details: { row, column },
    });
  }
}

/** A cloud from the columns of a table (Arrow, Parquet). */
export async function cloudFromColumns(
  file: string,
  columns: readonly Column[],
  options: ReadCloudOptions,
): Promise<CloudFile> {
  const names = columns.map((column) => column.name);
  const labelIndex = findLabelColumn(file, names, options.labelColumn);
  const coordinates = columns.filter((_, index) => index !== labelIndex);
  const n = columns[0]?.length ?? 0;
  const d = coordinates.length;
  checkExtent(file, n, d);
  const data = allocate(options.dtype ?? 'float32', n * d, file);
  for (const [k, column] of coordinates.entries()) {
    await inSlices(n, options.signal, (from, to) => fillColumn(file, data, column, k, d, from, to));
  }
  const points = { data, shape: [n, d] };
  checkCloudFinite(
    file,
    points,
    coordinates.map(({ name }) => name),
    (index) => Number(coordinates[index % d].at(Math.floor(index / d))),
  );
  const labels = labelIndex < 0 ? undefined : encodeLabels(labelValues(file, columns[labelIndex]));
  return { points, labels, columns: coordinates.map(({ name }) => name), source: file };
}

function fillColumn(
  file: string,
  data: FloatData,
  column: Column,
  k: number,
  d: number,
  from: number,
  to: number,
): void {
  for (let row = from; row < to; row++) {
    const value = column.at(row);
    if (typeof value === 'number') {
      data[row * d + k] = value;
      continue;
    }
    const place = `row ${row + 1} (counted from 1), column ${column.name}`;
    if (value === null) {
      throw fileError('NON_FINITE', {
        file,
        place,
        problem: 'there is no value',
        remedy: 'Remove or replace the row',
        details: { row, column: k },
      });
    }
    throw fileError('FILE_FORMAT', {
      file,
      place,
      problem: `expected a number but received ${JSON.stringify(value)}`,
      remedy: `Name the column of classes (--label-column ${column.name}), or remove the column`,
      details: { row, column: k },
    });
  }
}

function labelValues(file: string, column: Column): (string | number)[] {
  return Array.from({ length: column.length }, (_, row) => {
    const value = column.at(row);
    if (value !== null) return value;
    throw fileError('FILE_FORMAT', {
      file,
      place: `row ${row + 1} (counted from 1), column ${column.name}`,
      problem: 'there is no label',
    });
  });
}

/** The cloud with labels that came from elsewhere. Throws INVALID_SHAPE where their number is not that of the points. */
export function withLabels(cloud: CloudFile, labels: CloudLabels, from: string): CloudFile {
  const n = cloud.points.shape[0];
  if (labels.values.length !== n) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `${from}: expected ${n} labels, one for each point of ${cloud.source}, but received ${labels.values.length}`,
      { details: { file: from, expected: n, actual: labels.values.length } },
    );
  }
  return { ...cloud, labels };
}
