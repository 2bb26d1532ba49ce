import { allocate, dtypeOf, elementCount, type DType, type NdArray } from '../core/array.js';
import { describe, type RidgeflowError } from '../core/errors.js';
import { spokenOption } from '../core/spoken.js';
import type { ColumnChoice } from './column-choice.js';
import type { Elements } from './elements.js';
import { fileError } from './errors.js';
import { type LabelCollector, labelsFromNumbers, type CloudLabels } from './labels.js';
import { ColumnRanges } from '../core/narrowing.js';
import {
  assignRoles,
  checkCoordinates,
  type ColumnOptions,
  type DroppedColumn,
  type LabelChoice,
} from './roles.js';
import { inSlices } from './source.js';
import { isFloat64Array } from '../core/realm.js';

/** Formats that `readCloud` knows. */
export type CloudFormat = 'npy' | 'npz' | 'csv' | 'json' | 'arrow' | 'parquet' | 'safetensors' | 'idx';

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
  /**
   * The columns that are coordinates: names, numbers from 0 (negative from the end), ranges (`2-5` of numbers, `a:c` of
   * names), patterns (`sepal*`), as a list or as one text with commas. They keep the order of the file. Default: all
   * columns of numbers but the labels and the index of a pandas frame.
   */
  columns?: ColumnChoice;
  /** Columns that are no coordinates, given as `columns` is. */
  dropColumns?: ColumnChoice;
  /** Whether to leave out the rows in which a coordinate or the label is missing. Default false: they are an error. */
  dropMissing?: boolean;
  /**
   * What to put where a coordinate is missing: the mean or the median of its column, or a number. Rows without a label
   * are left out. Not with `dropMissing`.
   */
  fill?: 'mean' | 'median' | number;
  /** What stands between the fields of a CSV file: one character, or space for any white space. Default: found. */
  delimiter?: string;
  /** What stands before the decimals in a CSV file. Default: a point, or a comma where the first rows have only that. */
  decimal?: '.' | ',';
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
  /** Which array of a .npz or safetensors file, or part of a JSON file, holds the points. Default: points, X, x, data, positions or start, or else the first of two dimensions or more. */
  array?: string;
  /** Rows and columns of the images that the points are; their product must be d. Default: from the rank of .npy and IDX files. */
  imageShape?: readonly [rows: number, columns: number];
  /**
   * Which part of the rows to read, of as many parts as there are processes, as `distributed()` gives it: the rows from
   * ⌊rank·n/size⌋ on, of which a process may have none. What the columns are, and the element type where none is asked for,
   * is judged by the first 256 rows; `fill` takes no means or medians. What is read of the file beside the first rows: of
   * .npy, IDX and safetensors files the own rows, of Parquet the groups and of Arrow the record batches that they are in; of
   * compressed and text files everything, a piece at a time.
   */
  share?: ReadShare;
  /** Aborts the call: it rejects with code ABORTED. */
  signal?: AbortSignal;
}

/** One process among those that read a file together. */
export interface ReadShare {
  /** Its number, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** What every process says, by rank, where each calls it with what it says: classes then have the same numbers in all. */
  readonly exchange?: (text: string) => Promise<string[]>;
}

/** Rows of a file: from … to − 1, of so many. */
export interface RowRange {
  from: number;
  to: number;
  total: number;
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
  /** The numbers, from 0, that the columns have in the file, where it has others too. */
  columnNumbers?: number[];
  /** The column that the classes were taken from, where they stand in one. */
  labelColumn?: LabelChoice;
  /** The columns that are no coordinates. */
  dropped?: DroppedColumn[];
  /** What a user of the points should know of how they were read. */
  notes?: string[];
}

/** What a reader of one format gives to `readCloud`. */
export interface CloudContent extends CloudData {
  /** Coordinates that were narrowed to float32 and lost much of what tells their points apart. */
  tooNarrow?: number[];
  /** Of a share, the rows of the file that it is. */
  range?: RowRange;
}

/** A cloud as it was read from a file. */
export interface CloudFile extends CloudData {
  /** The rows of the file that are points, numbered from 0, where rows with missing values were left out. */
  rowNumbers?: Int32Array;
  /** How many rows were left out since something was missing, where there were any. */
  rowsLeftOut?: number;
  /** How many missing values were filled in, where there were any. */
  filled?: number;
  /** Where only a share was read: the rows of the file that it is. */
  range?: RowRange;
  /** The path of the file. */
  source: string;
}

/** What to do about a value that is missing. */
export function missingRemedy(): string {
  return `${spokenOption('dropMissing', true)} leaves such rows out, ${spokenOption('fill', 'mean')} (or median, or 0) fills them in`;
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
    remedy: overflow
      ? `Read it as float64 (${spokenOption('dtype', 'float64')}), or scale the data`
      : Number.isNaN(original)
        ? missingRemedy()
        : `Correct the value, or leave its row or its column (${spokenOption('dropColumns')}) out`,
    details: cell,
  });
}

/** Index of the first value that is infinite, or NaN unless values may be missing; or −1. */
export async function firstNonFinite(
  data: NdArray['data'],
  { signal, keepMissing = false }: { signal?: AbortSignal; keepMissing?: boolean } = {},
): Promise<number> {
  let found = -1;
  await inSlices(data.length, signal, (from, to) => {
    for (let i = from; i < to && found < 0; i++) {
      const value = data[i];
      // A finite number less itself is 0; NaN and infinity leave NaN.
      if (value - value !== 0 && !(keepMissing && Number.isNaN(value))) found = i;
    }
  });
  return found;
}

/** Some of the rows of a file: which, and what takes the labels of all of them. */
export interface PartOfFile {
  /** How many rows come before. */
  firstRow: number;
  collector: LabelCollector;
}

/**
 * Makes a cloud of an array of any rank: one axis becomes [n, 1], more than two [n, rest], and at rank 3 the points are
 * images. Takes the labels and the columns that are asked for. Throws INVALID_SHAPE, EMPTY_CLOUD, NON_FINITE.
 */
export async function cloudFromArray(
  { data, shape, original, text }: Elements & { shape: readonly number[] },
  file: string,
  { signal, part, ...options }: ColumnOptions & { signal?: AbortSignal; part?: PartOfFile },
): Promise<CloudContent> {
  if (shape.length === 0) {
    throw fileError('INVALID_SHAPE', {
      file,
      problem: 'expected an array of points but received a single number',
      remedy: 'Save an array of shape [points, dimensions]',
    });
  }
  const n = shape[0];
  const width = elementCount(shape.slice(1));
  checkExtent(n, width, file);
  const facts = Array<{ kind: 'number' }>(width).fill({ kind: 'number' });
  const roles = assignRoles(facts, undefined, options, file);
  checkCoordinates(roles, facts, file);
  const { label, labelChoice, coordinates, dropped } = roles;
  const points = takeColumns({ data, shape: [n, width] }, coordinates, file);
  const d = coordinates.length;
  const inFile = (index: number) => Math.floor(index / d) * width + coordinates[index % d];
  const { keepMissing = false } = options;
  const wrong = await firstNonFinite(points.data, { signal, keepMissing });
  if (wrong >= 0) {
    const column = coordinates[wrong % d] + 1;
    const row = (part?.firstRow ?? 0) + Math.floor(wrong / d) + 1;
    throw nonFiniteCell(file, cellName(row, column), { row, column }, original(inFile(wrong)));
  }
  return {
    points,
    tooNarrow: narrowed(points, (index) => original(inFile(index))),
    ...(label >= 0 && {
      labelColumn: labelChoice,
      labels: labelsFromNumbers(data, file, {
        step: width,
        offset: label,
        value: original,
        text,
        keepMissing,
        collector: part?.collector,
      }),
    }),
    ...(dropped.length > 0 && { dropped }),
    ...(d < width && { columnNumbers: coordinates }),
    ...(d === width && {
      imageShape: shape.length === 3 ? [shape[1], shape[2]] : undefined,
      ...(shape.length > 2 && { exampleShape: shape.slice(1) }),
    }),
  };
}

/** Some columns of an array, as a copy unless they are all of them. */
function takeColumns({ data, shape }: NdArray, columns: readonly number[], file: string): NdArray {
  const [n, width] = shape;
  const d = columns.length;
  if (d === width) return { data, shape };
  const taken = allocate(dtypeOf({ data }), n * d, file);
  for (let row = 0; row < n; row++)
    for (let k = 0; k < d; k++) taken[row * d + k] = data[row * width + columns[k]];
  return { data: taken, shape: [n, d] };
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
