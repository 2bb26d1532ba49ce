import { extname } from 'node:path';
import { type DType, type NdArray, allocate, dtypeOf, toDtype } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import { RidgeflowError, invalidArgument } from '../../core/errors.js';
import { isFloat64Array, isFloatData, isInt32Array } from '../../core/realm.js';
import { fileError } from '../errors.js';
import { SIGNATURES } from '../signatures.js';
import { type Output, writeInPlace } from '../write.js';
import { arrowSink, csvSink, npySink, parquetSink, type RowSink, type Table } from './row-sinks.js';
import { type Rows, type RowsInput, rowsFrom, sameWidth } from './rows-like.js';

/** Formats that {@link writeRows} writes. */
export type RowsFormat = 'npy' | 'csv' | 'parquet' | 'arrow';

/** Options of {@link writeRows}. */
export interface WriteRowsOptions {
  /** Default: by the ending of the file's name. */
  format?: RowsFormat;
  /** Names of the coordinates. Default: those that come with the rows, or else x0, x1, … */
  columns?: readonly string[];
  /**
   * What else to write, each as a column of its name or as several: names of what the rows carry, one number or k numbers a
   * row, as `logDensity` after `scoreRows`.
   */
  also?: readonly string[];
  /** Whether to write the classes, as texts in a column `label`. Default: where the rows have them, but in .npy files. */
  labels?: boolean;
  /** Element type in the file. Default: that of the first rows. */
  dtype?: DType;
}

/** What was written. */
export interface RowsWritten {
  rows: number;
  /** Numbers in a row. */
  columns: number;
}

const SINKS: Readonly<Record<RowsFormat, (output: Output) => RowSink>> = {
  npy: npySink,
  csv: csvSink,
  parquet: parquetSink,
  arrow: arrowSink,
};
const ENDINGS: Readonly<Record<string, RowsFormat>> = {
  '.npy': 'npy',
  '.csv': 'csv',
  '.parquet': 'parquet',
  '.pq': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
};

/**
 * The end of a pipeline: writes rows to a file as they come, .npy, CSV, Parquet or Arrow IPC. Nobody sees half of the file: it
 * appears under its name when the last row has come, and not at all after an error or an abort. O(batch) memory; Parquet
 * gathers groups of 2²⁰ numbers.
 *
 * @returns the last stage of `pipeline`, or to be called with a stream of rows.
 * @throws at once INVALID_ARGUMENT; the stage EMPTY_CLOUD where no rows come, INVALID_SHAPE where they change their
 *   width, INVALID_DTYPE for float64 after float32, FILE_WRITE, ABORTED, and the errors of the stream.
 * @example await pipeline(readRows('in.parquet'), transportMap(map), writeRows('out.parquet'));
 */
export function writeRows(
  path: string,
  options: WriteRowsOptions = {},
): (
  source: Iterable<RowsInput> | AsyncIterable<RowsInput>,
  run?: { signal?: AbortSignal },
) => Promise<RowsWritten> {
  checkCall(SIGNATURES.writeRows, { path, options });
  const format = options.format ?? ENDINGS[extname(path).toLowerCase()];
  if (!Object.hasOwn(SINKS, format ?? ''))
    throw invalidArgument(
      'format',
      `one of ${Object.keys(SINKS).join(', ')}, or such an ending`,
      format ?? path,
    );
  const table = () => rowsAsTables(format, options);
  table(); // wrong options are said at once
  return async (source, { signal } = {}) => {
    const written: RowsWritten = { rows: 0, columns: 0 };
    await writeInPlace(
      path,
      async (output) => {
        const sink = SINKS[format](output);
        const next = table();
        for await (const rows of rowsFrom(source)) {
          if (rows.points.shape[0] === 0) continue;
          const lot = next(rows, written.rows);
          await sink.write(lot);
          written.rows += lot.numbers.shape[0];
          written.columns = lot.numbers.shape[1];
        }
        if (written.rows === 0) throw noRows(path);
        await sink.finish();
      },
      { signal },
    );
    return written;
  };
}

function noRows(file: string) {
  return fileError('EMPTY_CLOUD', { file, problem: 'no rows came to be written', details: { points: 0 } });
}

/** Makes of rows what is written of them, all alike. */
export function rowsAsTables(
  format: RowsFormat,
  options: WriteRowsOptions,
): (rows: Rows, before: number) => Table {
  const { also = [], columns } = options;
  checkOptions(format, options);
  let d: number | undefined;
  let dtype = options.dtype;
  let names: string[] | undefined;
  let labelled: boolean | undefined;
  return (rows, before) => {
    d = sameWidth(rows.points, d, before);
    const more = also.map((name) => valuesOf(rows, name));
    const numbers = joined([rows.points, ...more]);
    dtype ??= dtypeOf(numbers);
    if (options.dtype === undefined && dtypeOf(numbers) === 'float64' && dtype === 'float32')
      throw narrowed(before);
    names ??= namesOf(columns ?? rows.columns, d, also, more);
    labelled ??= (options.labels ?? rows.labels !== undefined) && format !== 'npy';
    if (names.length !== numbers.shape[1]) sameWidth(numbers, names.length, before);
    if (labelled && !rows.labels)
      throw invalidArgument('labels', 'rows with classes, as the first have', undefined);
    const texts = Array.from(rows.labels?.values ?? [], (k) => rows.labels!.names[k] ?? '');
    return { numbers: toDtype(numbers, dtype), names, ...(labelled && { labels: texts }) };
  };
}

function checkOptions(format: RowsFormat, options: WriteRowsOptions): void {
  for (const name of ['columns', 'also'] as const) {
    const names: unknown = options[name];
    if (names !== undefined && !(Array.isArray(names) && names.every((each) => typeof each === 'string')))
      throw invalidArgument(name, 'a list of names', names);
  }
  if (options.labels !== undefined && typeof options.labels !== 'boolean')
    throw invalidArgument('labels', 'true or false', options.labels);
  if (options.labels && format === 'npy')
    throw invalidArgument('labels', 'false in a .npy file, which has no texts', true);
}

function narrowed(row: number): RidgeflowError {
  return new RidgeflowError(
    'INVALID_DTYPE',
    `Expected float32, as in the first rows, but received float64 from row ${row + 1} on: give dtype`,
    { details: { row: row + 1 } },
  );
}

/** What the rows carry under a name, as n × k numbers. */
function valuesOf(rows: Rows, name: string): NdArray {
  const n = rows.points.shape[0];
  const carried = (rows as unknown as Record<string, unknown>)[name];
  const array = carried as Partial<NdArray> | undefined;
  const data: unknown = array?.data ?? carried;
  if (!isFloatData(data) && !isInt32Array(data))
    throw invalidArgument('also', `names of what the rows carry, ${name} as numbers`, carried);
  const k = data.length / n;
  if (!Number.isInteger(k) || (array?.shape !== undefined && array.shape[0] !== n))
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected a whole number of values of ${name} for each of ${n} rows but received ${data.length}`,
    );
  // Whole numbers up to 2³¹ are not all float32.
  return { data: isInt32Array(data) ? Float64Array.from(data) : data, shape: [n, k] };
}

/** Arrays side by side. */
function joined(parts: readonly NdArray[]): NdArray {
  if (parts.length === 1) return parts[0];
  const [n] = parts[0].shape;
  const width = parts.reduce((sum, { shape }) => sum + shape[1], 0);
  const wide = parts.some(({ data }) => isFloat64Array(data));
  const data = allocate(wide ? 'float64' : 'float32', n * width);
  let offset = 0;
  for (const { data: from, shape } of parts) {
    const [, k] = shape;
    for (let row = 0; row < n; row++)
      for (let i = 0; i < k; i++) data[row * width + offset + i] = from[row * k + i];
    offset += k;
  }
  return { data, shape: [n, width] };
}

function namesOf(
  given: readonly string[] | undefined,
  d: number,
  also: readonly string[],
  more: readonly NdArray[],
): string[] {
  if (given && given.length !== d)
    throw new RidgeflowError('INVALID_SHAPE', `Expected ${d} names for columns but received ${given.length}`);
  const names = given ?? Array.from({ length: d }, (_, k) => `x${k}`);
  const others = also.flatMap((name, i) => {
    const k = more[i].shape[1];
    return k === 1 ? [name] : Array.from({ length: k }, (_, part) => `${name}[${part}]`);
  });
  return [...names, ...others];
}
