import type { DType } from '../../core/array.js';
import { checkCall } from '../../core/call.js';
import { invalidArgument } from '../../core/errors.js';
import { checkInteger, throwIfAborted } from '../../core/options.js';
import type { CloudContent, CloudFile, ReadCloudOptions, ReadShare, RowRange } from '../cloud.js';
import { cloudFile, noted } from '../cloud-file.js';
import { readCsvRows } from '../csv.js';
import { fileError } from '../errors.js';
import { type FileFormat, detectFormat } from '../format.js';
import { judgeLabels } from '../label-habits.js';
import { type CloudLabels, checkLabelCount } from '../labels.js';
import { settleRows } from '../missing.js';
import { checkOptions, columnOptions, keepsMissing, narrowNote } from '../read-options.js';
import { labelFile, readLabels } from '../separate-labels.js';
import { SIGNATURES } from '../signatures.js';
import { type ByteSource, openSource } from '../source.js';
import { type LotOptions, idxRows, npyRows, npzRows, safetensorsRows } from './array-rows.js';
import { decodeRows } from './decode-rows.js';
import { regrouped } from './regroup.js';
import { checkShare, ownRange, rowsOfLot, within } from './share.js';

/** Options of {@link readRows}. */
export interface ReadRowsOptions extends Omit<ReadCloudOptions, 'fill'> {
  /** Rows at a time. Default 4096. */
  batch?: number;
  /** A number to put where a coordinate is missing: the mean of a column is not known before its end. */
  fill?: number;
}

/** Some rows of a file, told of as `readCloud` tells of all. */
export interface RowBatch extends CloudFile {
  /** How many rows of the file come before. `rowNumbers` count from the beginning of the file. */
  firstRow: number;
}

const BATCH = 4096;

/** What the columns are is not judged by fewer rows, where there are more: so many are read at once. */
const JUDGED = 256;

/**
 * The rows of a file, `batch` at a time, from any file that {@link readCloud} reads: for files larger than memory. The next
 * rows are read when they are asked for, and a loop that is left closes the file. What the columns are is judged by
 * the first batch (or the first 256 rows), and so is the element type where none is asked for. Classes are numbered in the order in which they come,
 * the same in all batches, and `names` grows; labels of another file, array or tensor are read as a whole, 4 bytes a row.
 *
 * Memory: a few batches, and one megabyte of the file or what it is divided into: a group of rows of Parquet (write small
 * ones), a record batch of Arrow. Compressed .npy and .npz must not be in Fortran order; JSON above a megabyte is one row on a
 * line, or one list of rows.
 *
 * @throws what `readCloud` throws, when the rows in question are read; INVALID_ARGUMENT at once.
 * @example for await (const { points } of readRows('large.npy', { batch: 10_000 })) …
 */
export function readRows(
  path: string,
  options: ReadRowsOptions = {},
): AsyncGenerator<RowBatch, void, undefined> {
  checkCall(SIGNATURES.readRows, { path, options });
  checkOptions(options);
  const { batch = BATCH, fill, share } = options;
  if (share) checkShare(share);
  checkInteger(batch, 'batch', 1);
  if (fill !== undefined && typeof fill !== 'number') throw invalidArgument('fill', 'a finite number', fill);
  return rowsOf(path, { ...options, batch });
}

async function* rowsOf(
  path: string,
  options: ReadRowsOptions & { batch: number },
): AsyncGenerator<RowBatch, void, undefined> {
  const { signal } = options;
  throwIfAborted(signal);
  const kind = await detectFormat(path, options.format);
  const { batch } = options;
  const { share } = options;
  const open = (dtype: DType, own?: ReadShare) => {
    const least = share && !own ? JUDGED : Math.max(batch, JUDGED);
    const read = lotsOf(path, kind, { ...options, dtype, batch: least, share: own });
    return batch < JUDGED ? regrouped(read, batch) : read;
  };
  let dtype = options.dtype ?? 'float32';
  let lots = open(dtype);
  try {
    let next = await lots.next();
    const narrow: string[] = [];
    if (!next.done && next.value.tooNarrow?.length) {
      const asked = options.dtype !== undefined;
      narrow.push(narrowNote(next.value.tooNarrow, next.value.columns, asked));
      if (!asked) {
        await lots.return(undefined);
        dtype = 'float64';
        lots = open(dtype);
        next = await lots.next();
      }
    }
    const source = next.done ? undefined : labelFile(path, kind, next.value.labels !== undefined, options);
    const separate = source === undefined ? undefined : await readLabels(source, signal);
    const judge = labelJudge(options);
    let [firstRow, given] = [0, 0];
    if (share && !next.done) {
      // All processes judge by the same rows, whichever they have.
      const head = next.value;
      const labelled = separate ? withLabels(head, separate, 0, path, source!) : head;
      narrow.unshift(...(judge(labelled, separate !== undefined).notes ?? []));
      await lots.return(undefined);
      lots = open(dtype, share);
      next = await lots.next();
      firstRow = next.done ? 0 : next.value.range!.from;
    }
    for (; !next.done; next = await lots.next()) {
      const lot = next.value.range ? ownRowsOf(next.value, next.value.range) : next.value;
      const n = lot.points.shape[0];
      const content = separate ? withLabels(lot, separate, firstRow, path, source!) : lot;
      const judged = judge(content, separate !== undefined);
      const rows = toBatch(judged, firstRow, narrow.splice(0), options, path);
      firstRow += n;
      given += rows?.points.shape[0] ?? 0;
      if (rows) yield rows;
      throwIfAborted(signal);
    }
    const isLast = !share || share.rank === share.size - 1;
    if (separate && isLast) checkLabelCount(separate, firstRow, path, source!);
    if (given === 0 && !share) throw nothingLeft(path, firstRow);
  } finally {
    await lots.return(undefined);
  }
}

/** The lots of a file, as they are read; of a share, those of its own rows, of which there is at least one lot. */
function lotsOf(
  path: string,
  { format, gzip }: FileFormat,
  options: LotOptions,
): AsyncGenerator<CloudContent> {
  const { batch, dtype, header = 'auto', delimiter, decimal, array, signal } = options;
  const choice = columnOptions(options);
  const share = options.share && { rank: options.share.rank, size: options.share.size };
  switch (format) {
    case 'arrow':
    case 'parquet':
    case 'json':
      return decodeRows({ path, format, gzip, array, dtype, share, ...choice }, batch, signal);
    case 'npz':
      return npzRows(path, options);
    case 'safetensors':
      return safetensorsRows(path, options);
    case 'csv':
      return regrouped(
        ownLots(share, () =>
          fromSource(path, gzip, signal, (source) =>
            readCsvRows(source, { ...choice, header, delimiter, decimal, dtype }),
          ),
        ),
        batch,
      );
    case 'npy':
      return fromSource(path, gzip, signal, (source) =>
        npyRows(source, options, { path: gzip ? undefined : path }),
      );
    case 'idx':
      return fromSource(path, gzip, signal, (source) => idxRows(source, options));
  }
}

/** The lots of a share of a file that says nowhere how many rows it has: they are counted first. */
async function* ownLots(
  share: ReadShare | undefined,
  read: () => AsyncGenerator<CloudContent>,
): AsyncGenerator<CloudContent> {
  if (!share) {
    yield* read();
    return;
  }
  let total = 0;
  for await (const { points } of read()) total += points.shape[0];
  yield* within(read(), ownRange(total, share));
}

/** Nothing of the row that stands for a share without rows. */
function ownRowsOf(lot: CloudContent, { from, to }: RowRange): CloudContent {
  return from < to ? lot : rowsOfLot(lot, 0, 0);
}

async function* fromSource(
  path: string,
  gunzip: boolean,
  signal: AbortSignal | undefined,
  read: (source: ByteSource) => AsyncGenerator<CloudContent>,
): AsyncGenerator<CloudContent> {
  const source = await openSource(path, { gunzip, signal });
  try {
    yield* read(source);
  } finally {
    source.close();
  }
}

/** Judges by the first batch whether what was taken as classes are classes, and treats all others alike. */
function labelJudge(options: ReadRowsOptions) {
  let first: CloudContent | undefined;
  return (content: CloudContent, isSeparate: boolean): CloudContent => {
    const { labels, labelColumn, dropped, notes: _, ...rest } = content;
    if (!first) {
      first = judgeLabels(isSeparate ? { ...content, labelColumn: undefined } : content, options);
      return first;
    }
    if (labels && !first.labels) return { ...rest, dropped: first.dropped };
    return { ...rest, labels, labelColumn: isSeparate ? undefined : labelColumn, dropped };
  };
}

/** The rows with their labels, which are in another file. */
function withLabels(
  content: CloudContent,
  { values, names }: CloudLabels,
  firstRow: number,
  path: string,
  source: string,
): CloudContent {
  const end = firstRow + content.points.shape[0];
  if (end > values.length) checkLabelCount({ values, names }, end, path, source);
  return { ...content, labels: { values: values.slice(firstRow, end), names } };
}

/** What is given to the caller; undefined where all rows are left out. */
function toBatch(
  content: CloudContent,
  firstRow: number,
  narrow: string[],
  options: ReadRowsOptions,
  path: string,
): RowBatch | undefined {
  const settled = keepsMissing(options) ? settleRows(content, options) : { ...content, notes: [] };
  const [n] = settled.points.shape;
  if (n === 0 && !content.range) return undefined;
  const { labelColumn, notes = [] } = content;
  const file = cloudFile(content, settled, options, path);
  return {
    ...file,
    ...(file.rowNumbers && { rowNumbers: file.rowNumbers.map((row) => firstRow + row) }),
    ...(labelColumn && { labelColumn }),
    ...noted([...notes, ...settled.notes, ...narrow]),
    firstRow,
  };
}

function nothingLeft(file: string, rows: number) {
  return fileError('EMPTY_CLOUD', {
    file,
    problem: `something is missing in every one of its ${rows} rows`,
    remedy: 'Fill in what is missing (fill), or leave the emptiest columns out (dropColumns)',
    details: { points: 0 },
  });
}
