import { allocate, dtypeOf, elementCount, type DType, type NdArray } from '../core/array.js';
import { describe, type RidgeflowError } from '../core/errors.js';
import type { Elements } from './elements.js';
import { fileError } from './errors.js';
import { labelsFromNumbers, type CloudLabels } from './labels.js';
import { ColumnRanges } from './narrowing.js';
import { inSlices } from './source.js';
import { isFloat64Array } from '../core/realm.js';

/** Formats that `readCloud` knows. */
export type CloudFormat = 'npy' | 'npz' | 'csv' | 'arrow' | 'parquet' | 'idx';

/** Which column holds the labels: its name, its number from 0 (−1 is the last), none, or found by its name. */
export type LabelColumn = string | number | false | undefined;

/** Options of `readCloud`. */
export interface ReadCloudOptions {
  /** Default: by the ending of the file's name, or else its first bytes. */
  format?: CloudFormat;
  /**
   * The column that holds the labels: its name, or its number from 0, negative from the end (−1 is the last); false for
   * none. Default: a column named label, labels, class, target, y (where none is named x) or digit; in a file without
   * names none. In .npz files the same names mark an array of labels; false leaves it out.
   */
  labelColumn?: string | number | false;
  /** Where the labels are instead: a file in any of the formats, one label per point, or the name of an array in the same .npz file. */
  labels?: string;
  /**
   * Element type of the points. Default float32, or float64 where that would lose what a column says: where its spread
   * is within 2¹² roundings of its largest number, as of seconds since 1970 or of coordinates of a map; a note says so.
   */
  dtype?: DType;
  /**
   * Whether the first row of a CSV file names its columns. Default 'auto': where it is words, or integers that go on as 0,
   * 1, 2 or are years unlike the columns below, with a note; else a comment above the first row that has a name for every
   * column, as of numpy.savetxt, names them.
   */
  header?: boolean | 'auto';
  /** Which array of a .npz file holds the points. Default: points, X, x, data, positions or start, or else the first of two dimensions or more. */
  array?: string;
  /** Rows and columns of the images that the points are; their product must be d. Default: from the rank of .npy and IDX files. */
  imageShape?: readonly [rows: number, columns: number];
  /** Aborts the call: it rejects with code ABORTED. */
  signal?: AbortSignal;
}

/** What is in a file. */
export interface CloudData {
  /** n × d, finite. */
  points: NdArray;
  /** Classes of the points. */
  labels?: CloudLabels;
  /** Names of the d columns, where the file has names. */
  columns?: string[];
  /** Rows and columns, where every point is an image. */
  imageShape?: [rows: number, columns: number];
  /** Extents of one point in the file, where it is an array of three or more axes. */
  exampleShape?: number[];
  /** What a user of the points should know of how they were read. */
  notes?: string[];
}

/** What a reader of one format gives to `readCloud`. */
export interface CloudContent extends CloudData {
  /** Coordinates that were narrowed to float32 and lost much of what tells their points apart. */
  tooNarrow?: number[];
}

/** A cloud as it was read from a file. */
export interface CloudFile extends CloudData {
  /** The path of the file. */
  source: string;
}

/** A cell for messages. Rows and columns are counted from 1 there and in details, as editors and spreadsheets do. */
export function cellName(row: number, column: number, columns?: readonly string[]): string {
  const name = columns?.[column - 1];
  return `row ${row}, column ${column}${name === undefined ? '' : ` (${describe(name)})`}, counted from 1`;
}

/** NON_FINITE for a value that a point cannot have; `original` is what stood in the file. */
export function nonFiniteCell(
  file: string,
  place: string,
  cell: { row: number; column: number; line?: number },
  original: number | string,
): RidgeflowError {
  const overflow = typeof original === 'number' && Number.isFinite(original);
  return fileError('NON_FINITE', {
    file,
    place,
    problem: overflow
      ? `${original} is too large for float32`
      : `expected a finite number but received ${original}`,
    remedy: overflow ? 'Read it as float64, or scale the data' : 'Correct the value, or leave the row out',
    details: cell,
  });
}

/** Index of the first value that is NaN or infinite, or −1. */
export async function firstNonFinite(data: NdArray['data'], signal?: AbortSignal): Promise<number> {
  let found = -1;
  await inSlices(data.length, signal, (from, to) => {
    // A finite number less itself is 0; NaN and infinity leave NaN.
    for (let i = from; i < to && found < 0; i++) if (data[i] - data[i] !== 0) found = i;
  });
  return found;
}

/** Throws NON_FINITE, with row and column, for a coordinate that is NaN or infinite; `original` reads the file's value. */
export async function checkFinite(
  { data, shape }: NdArray,
  file: string,
  original: (index: number) => number,
  signal?: AbortSignal,
): Promise<void> {
  const index = await firstNonFinite(data, signal);
  if (index < 0) return;
  const column = (index % shape[1]) + 1;
  const row = Math.floor(index / shape[1]) + 1;
  throw nonFiniteCell(file, cellName(row, column), { row, column }, original(index));
}

/**
 * Makes a cloud of an array of any rank: one axis becomes [n, 1], more than two [n, rest], and at rank 3 the points are
 * images. Takes the labels out of `labelColumn` where that is given. Throws INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE.
 */
export async function cloudFromArray(
  { data, shape, original, text }: Elements & { shape: readonly number[] },
  file: string,
  { labelColumn, signal }: { labelColumn?: LabelColumn; signal?: AbortSignal },
): Promise<CloudContent> {
  if (shape.length === 0) {
    throw fileError('INVALID_SHAPE', {
      file,
      problem: 'expected an array of points but received a single number',
      remedy: 'Save an array of shape [points, dimensions]',
    });
  }
  const n = shape[0];
  const d = elementCount(shape.slice(1));
  checkExtent(n, d, file);
  const points = { data, shape: [n, d] };
  await checkFinite(points, file, original, signal);
  const column = resolveLabelColumn(labelColumn, d, undefined, -1, file);
  const tooNarrow = narrowed(points, original).filter((found) => found !== column);
  if (column >= 0)
    return {
      tooNarrow: tooNarrow.map((found) => found - (found > column ? 1 : 0)),
      ...splitLabels(points, column, file, { value: original, text }),
    };
  const imageShape: [number, number] | undefined = shape.length === 3 ? [shape[1], shape[2]] : undefined;
  return { points, tooNarrow, imageShape, ...(shape.length > 2 && { exampleShape: shape.slice(1) }) };
}

/** The columns that were too narrow for float32, after their values in the file. */
function narrowed({ data, shape }: NdArray, original: (index: number) => number): number[] {
  if (isFloat64Array(data)) return [];
  const d = shape[1];
  const suspects = new Set(ColumnRanges.of([{ data, shape }]).nearlyTooNarrow());
  if (suspects.size === 0) return [];
  const ranges = new ColumnRanges(d);
  for (let i = 0; i < data.length; i++) if (suspects.has(i % d)) ranges.include(i % d, original(i));
  return ranges.tooNarrow();
}

/** Throws EMPTY_CLOUD or INVALID_SHAPE where there is no row or no coordinate. */
export function checkExtent(n: number, d: number, file: string): void {
  if (n === 0) {
    throw fileError('EMPTY_CLOUD', {
      file,
      problem: 'expected at least one point but it has no rows',
      remedy: 'Write the points into it',
      details: { points: 0 },
    });
  }
  if (d === 0) {
    throw fileError('INVALID_SHAPE', {
      file,
      problem: 'expected at least one coordinate but its points have none',
      remedy: 'Keep a column of numbers beside the labels',
    });
  }
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
  const shown = columns?.slice(0, 20).join(', ');
  throw fileError('INVALID_ARGUMENT', {
    file,
    problem: `expected a column of the file for labelColumn but received ${describe(labelColumn)}`,
    remedy:
      shown === undefined
        ? `It has ${count} columns without names: give a number, 0 for the first or -1 for the last`
        : `Its ${count} columns are ${shown}${count > 20 ? ', …' : ''}`,
    details: { parameter: 'labelColumn' },
  });
}

/** The number of a column, also where it comes as text from a command line; undefined for a name. */
export function columnNumber(labelColumn: LabelColumn): number | undefined {
  const number =
    typeof labelColumn === 'string' && /^-?\d+$/.test(labelColumn) ? Number(labelColumn) : labelColumn;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

function splitLabels(
  points: NdArray,
  column: number,
  file: string,
  read: { value: (index: number) => number; text?: (index: number) => string },
): CloudContent {
  const [n, d] = points.shape;
  checkExtent(n, d - 1, file);
  const labels = labelsFromNumbers(points.data, file, { step: d, offset: column, ...read });
  const data = allocate(dtypeOf(points), n * (d - 1), file);
  for (let row = 0; row < n; row++) {
    const at = row * d;
    data.set(points.data.subarray(at, at + column), row * (d - 1));
    data.set(points.data.subarray(at + column + 1, at + d), row * (d - 1) + column);
  }
  return { points: { data, shape: [n, d - 1] }, labels };
}
