import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { invalidArgument } from '../../core/errors.js';
import { noted } from '../cloud-file.js';
import type { CloudFile, ReadCloudOptions, ReadShare } from '../cloud.js';
import { type CloudLabels, inNaturalOrder } from '../labels.js';
import { type RowBatch, readRows } from './read-rows.js';

/** Rows at a time: what is held beside those that are kept. */
const BATCH = 16_384;

/**
 * Reads a share of a cloud, as `readCloud` reads the whole: with no more memory than its rows, a batch, and what `readRows`
 * says. Throws what that throws.
 */
export async function readOwnRows(
  path: string,
  options: ReadCloudOptions,
  share: ReadShare,
): Promise<CloudFile> {
  const { fill, ...rest } = options;
  if (typeof fill === 'string')
    throw invalidArgument('fill', 'a number, where only a share of the rows is read,', fill);
  const rows = new OwnRows();
  const batches = readRows(path, { ...rest, ...(fill !== undefined && { fill }), batch: BATCH });
  for await (const batch of batches) rows.add(batch);
  const file = rows.finish();
  if (!file.labels) return file;
  if (!share.exchange) return { ...file, labels: inOrder(file.labels, file.labels.names) };
  return { ...file, labels: await alikeEverywhere(file.labels, share.exchange) };
}

/** The rows of a share, as they come. */
class OwnRows {
  #file: CloudFile | undefined;
  #data: FloatData | undefined;
  #values: Int32Array | undefined;
  #names: string[] = [];
  /** The numbers in the file of those that came. */
  #numbers: Int32Array | undefined;
  #n = 0;
  #leftOut = 0;
  #filled = 0;
  readonly #notes: string[] = [];

  add({ firstRow, ...batch }: RowBatch): void {
    const { points, labels, rowNumbers, range } = batch;
    const [n, d] = points.shape;
    const most = range!.to - range!.from;
    this.#file ??= batch;
    this.#data ??= allocate(dtypeOf(points), most * d, 'the own rows of a file');
    this.#data.set(points.data, this.#n * d);
    if (labels) {
      this.#values ??= new Int32Array(most);
      this.#values.set(labels.values, this.#n);
      this.#names = labels.names;
    }
    this.#numbers ??= new Int32Array(most);
    for (let i = 0; i < n; i++) this.#numbers[this.#n + i] = rowNumbers?.[i] ?? firstRow + i;
    this.#n += n;
    this.#leftOut += batch.rowsLeftOut ?? 0;
    this.#filled += batch.filled ?? 0;
    this.#notes.push(...(batch.notes ?? []));
  }

  finish(): CloudFile {
    const file = this.#file!;
    const { rowNumbers: _, rowsLeftOut: __, filled: ___, notes: ____, ...facts } = file;
    const [n, d] = [this.#n, file.points.shape[1]];
    const notes = [...this.#notes];
    if (this.#filled > 0) notes.push(`${this.#filled} missing values were filled in`);
    if (this.#leftOut > 0)
      notes.push(
        `${this.#leftOut} of ${n + this.#leftOut} rows with a missing value or no label were left out`,
      );
    return {
      ...facts,
      points: { data: this.#data!.subarray(0, n * d), shape: [n, d] },
      ...(this.#values && { labels: { values: this.#values.subarray(0, n), names: this.#names } }),
      ...(this.#leftOut > 0 && {
        rowNumbers: this.#numbers!.slice(0, n),
        rowsLeftOut: this.#leftOut,
      }),
      ...(this.#filled > 0 && { filled: this.#filled }),
      ...noted(notes),
    };
  }
}

/** Labels whose classes have the same numbers in all processes: those of all, in natural order. */
async function alikeEverywhere(
  { values, names }: CloudLabels,
  exchange: NonNullable<ReadShare['exchange']>,
): Promise<CloudLabels> {
  const used = [...new Set(values)].filter((value) => value >= 0).map((value) => names[value]);
  const said = await exchange(JSON.stringify(used));
  return inOrder(
    { values, names },
    said.flatMap((text) => JSON.parse(text) as string[]),
  );
}

/** Labels numbered in the natural order of all names. */
function inOrder({ values, names }: CloudLabels, of: readonly string[]): CloudLabels {
  const all = inNaturalOrder(of);
  const places = new Map(all.map((name, place) => [name, place]));
  const numbers = names.map((name) => places.get(name) ?? -1);
  return { values: values.map((value) => (value < 0 ? value : numbers[value])), names: all };
}
