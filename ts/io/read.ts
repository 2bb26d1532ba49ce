import type { DType } from '../core/array.js';
import { throwIfAborted } from '../core/options.js';
import { cloudFromArray, type CloudContent, type CloudFile, type ReadCloudOptions } from './cloud.js';
import { cloudFile, noted } from './cloud-file.js';
import { readCsv } from './csv.js';
import { decodeTable } from './decode.js';
import { detectFormat, type FileFormat } from './format.js';
import { readIdx } from './idx.js';
import { judgeLabels } from './label-habits.js';
import { settleMissing, type Settled } from './missing.js';
import { readNpyArray } from './npy.js';
import { npzEntries, readNpzEntry, readNpzLabels } from './npz.js';
import { npzNames } from './npz-names.js';
import { checkOptions, columnOptions, keepsMissing, narrowNote } from './read-options.js';
import { readOwnRows } from './rows/own-rows.js';
import { readSafetensorsCloud } from './safetensors-cloud.js';
import { readSeparateLabels } from './separate-labels.js';
import { withSource } from './source.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

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
  if (options.share) return readOwnRows(path, options, options.share);
  const kind = await detectFormat(path, options.format);
  const read = (dtype: DType) => readContent(path, kind, { ...options, dtype });
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
  const settled: Settled = keepsMissing(options)
    ? settleMissing(judged, options, path)
    : { ...judged, notes: [] };
  return {
    ...cloudFile(judged, settled, options, path),
    ...(judged.labelColumn && !separate && { labelColumn: judged.labelColumn }),
    ...noted([...(judged.notes ?? []), ...settled.notes, ...narrow]),
  };
}

async function readContent(
  path: string,
  { format, gzip }: FileFormat,
  options: ReadCloudOptions,
): Promise<CloudContent> {
  if (format === 'npz') return readNpzCloud(path, options);
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
    const ofArray = { ...choice, signal };
    switch (format) {
      case 'csv':
        return readCsv(source, { ...choice, header, delimiter, decimal, dtype });
      case 'idx':
        return cloudFromArray(await readIdx(source, dtype), path, ofArray);
      case 'npy':
        return cloudFromArray(await readNpyArray(source, dtype), path, ofArray);
    }
  });
}

async function readNpzCloud(path: string, options: ReadCloudOptions): Promise<CloudContent> {
  const { dtype = 'float32', signal } = options;
  const entries = await npzEntries(path);
  const { name, labelName, labelColumn, why } = await npzNames(path, entries, options);
  const array = await readNpzEntry(path, entries.get(name)!, dtype, signal);
  const choice = { ...columnOptions(options), labelColumn, signal };
  const content = await cloudFromArray(array, `${path}, entry ${name}`, choice);
  if (labelName === undefined) return content;
  return {
    ...content,
    labels: await readNpzLabels(path, entries.get(labelName)!, signal),
    labelColumn: { column: labelName, why },
  };
}
