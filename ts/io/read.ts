import { existsSync } from 'node:fs';
import { elementCount, type DType } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import { checkInteger, throwIfAborted } from '../core/options.js';
import { cloudFromArray, type CloudContent, type CloudFile, type ReadCloudOptions } from './cloud.js';
import { checkColumnChoice } from './column-choice.js';
import { readCsv } from './csv.js';
import { decodeTable } from './decode.js';
import { fileError } from './errors.js';
import { detectFormat, type FileFormat } from './format.js';
import { labelSiblings, readIdx } from './idx.js';
import { judgeLabels } from './label-habits.js';
import { LABEL_NAMES, checkLabelCount, labelsFromNumbers, type CloudLabels } from './labels.js';
import { settleMissing, type Settled } from './missing.js';
import { notOnePerPoint, readNpyArray, readNpyLabels } from './npy.js';
import { npzEntries, readNpzEntry, readNpzLabels } from './npz.js';
import { labelEntry, pointEntry } from './npz-names.js';
import type { ColumnOptions } from './roles.js';
import { readSafetensors } from './safetensors.js';
import { readSafetensorsCloud } from './safetensors-cloud.js';
import { openSource, type ByteSource } from './source.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

type Signal = AbortSignal | undefined;

/**
 * Reads a cloud of points, with labels where the file or one beside it has them. Formats, by the ending of the name,
 * confirmed by the first bytes: .npy and .npz (any numeric type, byte order and index order); .csv, .tsv and .txt, also
 * .gz (comma, semicolon, tab or white space; with a header or not); Arrow IPC files and streams (.arrow, .feather
 * version 2, .ipc); Parquet; JSON and JSON Lines (.json, .jsonl, .ndjson, also .gz: records, whose nested names become
 * `outer.inner`, arrays of arrays, columns, as pandas writes them); safetensors; IDX, also .gz, with the labels that lie beside images by MNIST's names.
 *
 * In tables all columns of numbers are coordinates but the labels and the index of a pandas frame (by the metadata of
 * Arrow and Parquet files, in CSV files a first column without a name or named Unnamed: 0), unless `columns` and
 * `dropColumns` say otherwise; notes name what was left out unasked. A label column, found by its name, of many numbers
 * is a target: it is left out, with a note. Arrays of more than two dimensions are flattened to
 * one row per point; at rank 3 the points are images. Nothing is allocated on the word of a header that the size of the
 * file contradicts, and Arrow and Parquet files are decoded in a process of their own, which cannot take this one down.
 *
 * @returns n × d points, n ≥ 1 and d ≥ 1, finite, in the element type asked for (default float32).
 * @throws FILE_NOT_FOUND, FILE_FORMAT, FILE_TRUNCATED, UNSUPPORTED; NON_FINITE for NaN, infinity, empty cells and values
 *   that overflow float32; EMPTY_CLOUD without rows; INVALID_SHAPE for labels of another length; INVALID_DTYPE,
 *   INVALID_ARGUMENT, OUT_OF_MEMORY, ABORTED. Messages name the file, the place and the remedy.
 */
export async function readCloud(path: string, options: ReadCloudOptions = {}): Promise<CloudFile> {
  checkCall(SIGNATURES.readCloud, { path, options });
  checkOptions(options);
  throwIfAborted(options.signal);
  const kind = await detectFormat(path, options.format);
  const read = (dtype: DType) =>
    kind.format === 'npz'
      ? readNpzCloud(path, { ...options, dtype })
      : readContent(path, kind, { ...options, dtype });
  let content = await read(options.dtype ?? 'float32');
  const narrow: string[] = [];
  if (content.tooNarrow?.length) {
    const asked = options.dtype !== undefined;
    narrow.push(narrowNote(content.tooNarrow, content.columns, asked));
    if (!asked) content = await read('float64');
  }
  const separate = await readSeparateLabels(path, kind, content, options);
  const judged = judgeLabels(
    separate ? { ...content, labels: separate, labelColumn: undefined } : content,
    options,
  );
  const settled = keepsMissing(options) ? settleMissing(judged, options, path) : { ...judged, notes: [] };
  const { points, labels, columns, columnNumbers, dropped, rowNumbers, rowsLeftOut, filled }: Settled =
    settled;
  const imageShape = checkImageShape(options.imageShape, points.shape[1], path) ?? judged.imageShape;
  const notes = [...(judged.notes ?? []), ...settled.notes, ...narrow];
  return {
    points,
    ...(labels && { labels }),
    ...(columns && { columns }),
    ...(imageShape && { imageShape }),
    ...(judged.exampleShape && { exampleShape: judged.exampleShape }),
    ...(judged.labelColumn && !separate && { labelColumn: judged.labelColumn }),
    ...(columnNumbers && { columnNumbers }),
    ...(dropped && { dropped }),
    ...(rowNumbers && { rowNumbers, rowsLeftOut }),
    ...(filled && { filled }),
    ...(notes.length > 0 && { notes }),
    source: path,
  };
}

const keepsMissing = ({ dropMissing, fill }: ReadCloudOptions) => dropMissing === true || fill !== undefined;

function narrowNote(tooNarrow: number[], columns: string[] | undefined, asked: boolean): string {
  const shown = tooNarrow.slice(0, 6).map((column) => columns?.[column] ?? String(column));
  const more = tooNarrow.length > 6 ? ', …' : '';
  return (
    `float32 keeps little of the differences in ${tooNarrow.length === 1 ? 'column' : 'columns'} ${shown.join(', ')}${more}, ` +
    (asked
      ? 'whose numbers were rounded to it as asked: read them as float64'
      : 'whose numbers are large for their spread: all were read as float64')
  );
}

function checkOptions(options: ReadCloudOptions): void {
  const { dtype, labelColumn, header, array, labels } = options;
  if (dtype !== undefined && dtype !== 'float32' && dtype !== 'float64') {
    throw invalidArgument('dtype', "'float32' or 'float64'", dtype);
  }
  const isColumn = typeof labelColumn === 'string' || Number.isInteger(labelColumn);
  if (labelColumn !== undefined && labelColumn !== false && !isColumn) {
    throw invalidArgument('labelColumn', 'a name, a whole number or false', labelColumn);
  }
  if (header !== undefined && header !== 'auto' && typeof header !== 'boolean') {
    throw invalidArgument('header', "true, false or 'auto'", header);
  }
  const { columns, dropColumns, dropMissing, fill, delimiter, decimal } = options;
  checkColumnChoice(columns, 'columns');
  checkColumnChoice(dropColumns, 'dropColumns');
  if (dropMissing !== undefined && typeof dropMissing !== 'boolean')
    throw invalidArgument('dropMissing', 'true or false', dropMissing);
  if (fill !== undefined && fill !== 'mean' && fill !== 'median' && !Number.isFinite(fill))
    throw invalidArgument('fill', "'mean', 'median' or a finite number", fill);
  if (fill !== undefined && dropMissing) throw invalidArgument('fill', 'nothing beside dropMissing', fill);
  if (decimal !== undefined && decimal !== '.' && decimal !== ',')
    throw invalidArgument('decimal', "'.' or ','", decimal);
  if (delimiter !== undefined && (typeof delimiter !== 'string' || delimiter === (decimal ?? '')))
    throw invalidArgument('delimiter', 'a character other than that before decimals', delimiter);
  for (const [name, value] of Object.entries({ array, labels })) {
    if (value !== undefined && typeof value !== 'string') throw invalidArgument(name, 'a string', value);
  }
}

function checkImageShape(
  imageShape: ReadCloudOptions['imageShape'],
  d: number,
  file: string,
): [number, number] | undefined {
  if (imageShape === undefined) return undefined;
  if (!Array.isArray(imageShape) || imageShape.length !== 2) {
    throw invalidArgument('imageShape', 'two numbers, rows and columns', imageShape);
  }
  const [rows, columns] = imageShape as readonly number[];
  checkInteger(rows, 'imageShape[0]', 1);
  checkInteger(columns, 'imageShape[1]', 1);
  if (rows * columns === d) return [rows, columns];
  throw fileError('INVALID_SHAPE', {
    file,
    problem: `an image of ${rows} × ${columns} has ${rows * columns} values but its points have ${d}`,
    remedy: 'Give rows and columns whose product is the dimension of the points',
    details: { parameter: 'imageShape' },
  });
}

async function readContent(
  path: string,
  { format, gzip }: FileFormat,
  options: ReadCloudOptions,
): Promise<CloudContent> {
  const { dtype = 'float32', header = 'auto', delimiter, decimal, signal } = options;
  const choice = columnOptions(options);
  if (format === 'arrow' || format === 'parquet' || format === 'json') {
    const { array } = options;
    return decodeTable({ path, format, gzip, array, dtype, ...choice }, { signal });
  }
  if (format === 'safetensors') {
    const { array, labels } = options;
    return readSafetensorsCloud(path, { ...choice, array, labels, dtype, signal });
  }
  return withSource(path, gzip, signal, async (source) => {
    if (format === 'csv') return readCsv(source, { ...choice, header, delimiter, decimal, dtype });
    const array = format === 'idx' ? await readIdx(source, dtype) : await readNpyArray(source, dtype);
    return cloudFromArray(array, path, { ...choice, signal });
  });
}

function columnOptions(options: ReadCloudOptions): ColumnOptions {
  const { labelColumn, columns, dropColumns } = options;
  return { labelColumn, columns, dropColumns, keepMissing: keepsMissing(options) };
}

async function withSource<T>(
  path: string,
  gunzip: boolean,
  signal: Signal,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await openSource(path, { gunzip, signal });
  try {
    return await read(source);
  } finally {
    source.close();
  }
}

async function readNpzCloud(path: string, options: ReadCloudOptions): Promise<CloudContent> {
  const { dtype = 'float32', labelColumn, signal } = options;
  const entries = await npzEntries(path);
  const name = await pointEntry(path, entries, options.array, signal);
  const array = await readNpzEntry(path, entries.get(name)!, dtype, signal);
  const labelName = labelEntry(path, entries, name, options);
  const column = typeof labelColumn === 'string' && entries.has(labelColumn) ? undefined : labelColumn;
  const choice = { ...columnOptions(options), labelColumn: column, signal };
  const content = await cloudFromArray(array, `${path}, entry ${name}`, choice);
  if (labelName === undefined) return content;
  const why = labelName === options.labels || labelName === labelColumn ? 'asked' : 'name';
  return {
    ...content,
    labels: await readNpzLabels(path, entries.get(labelName)!, signal),
    labelColumn: { column: labelName, why },
  };
}

/** Labels that are not in the file of the points, where the caller or MNIST's naming says that there are some. */
async function readSeparateLabels(
  path: string,
  { format }: FileFormat,
  { points, labels }: CloudContent,
  options: ReadCloudOptions,
): Promise<CloudLabels | undefined> {
  const n = points.shape[0];
  const isEntry =
    (format === 'npz' || format === 'safetensors') && options.labels !== undefined && labels !== undefined;
  const useSiblings = format === 'idx' && options.labelColumn === undefined;
  const source =
    options.labels ?? (useSiblings ? labelSiblings(path).find((name) => existsSync(name)) : undefined);
  if (source === undefined || isEntry) {
    if (labels) checkLabelCount(labels, n, path, path);
    return undefined;
  }
  const separate = await readLabels(source, options.signal);
  checkLabelCount(separate, n, path, source);
  return separate;
}

async function readLabels(path: string, signal: Signal): Promise<CloudLabels> {
  const { format, gzip } = await detectFormat(path);
  const dtype: DType = 'float64';
  if (format === 'arrow' || format === 'parquet' || format === 'json') {
    const { labels } = await decodeTable({ path, format, gzip, dtype, labelsOnly: true }, { signal });
    if (labels) return labels;
  }
  if (format === 'safetensors') {
    const { tensors } = await readSafetensors(path, { signal });
    const name = LABEL_NAMES.find((usual) => tensors.has(usual)) ?? [...tensors.keys()][0];
    const { data, shape } = tensors.get(name)!;
    if (shape.length === 0 || elementCount(shape.slice(1)) !== 1) throw notOnePerPoint(shape, path);
    return labelsFromNumbers(data, path);
  }
  if (format === 'npz') {
    const entries = await npzEntries(path);
    const only = entries.size === 1 ? [...entries.keys()][0] : undefined;
    const name =
      labelEntry(path, entries, '', {}) ?? only ?? (await pointEntry(path, entries, undefined, signal));
    return readNpzLabels(path, entries.get(name)!, signal);
  }
  return withSource(path, gzip, signal, async (source) => {
    if (format === 'csv') {
      const { labels } = await readCsv(source, {
        labelColumn: undefined,
        header: 'auto',
        dtype,
        labelsOnly: true,
      });
      return labels!;
    }
    if (format === 'npy') return readNpyLabels(source);
    const { data, shape } = await readIdx(source, dtype);
    if (shape.length === 0 || elementCount(shape.slice(1)) !== 1) throw notOnePerPoint(shape, path);
    return labelsFromNumbers(data, path);
  });
}
