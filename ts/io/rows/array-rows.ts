import { type DType, elementCount, toDtype } from '../../core/array.js';
import { type CloudContent, type ReadCloudOptions, cloudFromArray } from '../cloud.js';
import { type ElementType, type Elements, decodeElements, elementBytes } from '../elements.js';
import { fileError } from '../errors.js';
import { checkIdxEnd, readIdxHeader } from '../idx.js';
import { type CloudLabels, LabelCollector, labelsFromNumbers } from '../labels.js';
import { type NpyHeader, readNpyHeader, refuseType } from '../npy-header.js';
import { npzEntries, readNpzLabels } from '../npz.js';
import { npzNames } from '../npz-names.js';
import { columnOptions } from '../read-options.js';
import { type Entry, readHeader, readTensor } from '../safetensors.js';
import { tensorNames } from '../safetensors-cloud.js';
import { ByteSource, readRange, withSource } from '../source.js';
import { openZipEntry } from '../zip-read.js';
import { columnsOfRows } from './fortran-rows.js';
import { ownRange, rowsToRead } from './share.js';

/** What a reader of lots of rows has to know. */
export interface LotOptions extends ReadCloudOptions {
  dtype: DType;
  batch: number;
}

/** Gives the next `count` rows of an array; their first is row `first`. */
type TakeRows = (count: number, first: number) => Promise<Elements>;

/** The lots of an array of this shape, whose rows `take` gives. An array without rows is refused as by `readCloud`. */
async function* lotsOf(
  shape: readonly number[],
  take: TakeRows,
  file: string,
  options: LotOptions,
  labels?: CloudLabels,
): AsyncGenerator<CloudContent> {
  const { batch, signal, share } = options;
  const collector = new LabelCollector(file, 'text');
  const [n = 0, ...extents] = shape;
  const range = share && ownRange(n, share);
  const { from, to } = range ? rowsToRead(range) : { from: 0, to: n };
  for (let firstRow = from; firstRow < to || firstRow === from; firstRow += batch) {
    const count = Math.min(batch, to - firstRow, n - firstRow);
    const elements = await take(count, firstRow);
    const part = { firstRow, collector };
    const lotShape = shape.length === 0 ? [] : [count, ...extents];
    const choice = { ...columnOptions(options), signal, part };
    const read = await cloudFromArray({ ...elements, shape: lotShape }, file, choice);
    const content = range ? { ...read, range } : read;
    if (!labels) yield content;
    else yield { ...content, labels: { ...labels, values: labels.values.slice(firstRow, firstRow + count) } };
  }
}

/** Reads rows of elements that lie one after the other in a source. */
function rowsInOrder(
  source: ByteSource,
  { type, littleEndian, shape }: { type: ElementType; littleEndian: boolean; shape: readonly number[] },
  dtype: DType,
): TakeRows {
  const bytes = elementCount(shape.slice(1)) * elementBytes(type);
  const { file, signal } = source;
  let at = 0;
  return async (count, first) => {
    if (first > at) await source.skip((first - at) * bytes, 'array data');
    at = first + count;
    const payload = await source.take(count * bytes, 'array data');
    return decodeElements(payload, type, { littleEndian, dtype, file, signal });
  };
}

/** The rows of an IDX file. */
export async function* idxRows(source: ByteSource, options: LotOptions): AsyncGenerator<CloudContent> {
  const { type, shape } = await readIdxHeader(source);
  const take = rowsInOrder(source, { type, littleEndian: false, shape }, options.dtype);
  yield* lotsOf(shape, take, source.file, options);
  // The end is for who reads the last row to look at.
  if (!options.share || ownRange(shape[0], options.share).to === shape[0]) await checkIdxEnd(source);
}

/** The rows of a .npy file; `path` where its bytes can be read in any order. */
export async function* npyRows(
  source: ByteSource,
  options: LotOptions,
  { path, labels }: { path?: string; labels?: CloudLabels } = {},
): AsyncGenerator<CloudContent> {
  const { file } = source;
  const header = await readNpyHeader(source);
  const type = header.type ?? refuseType(header.descr, file);
  const { shape } = header;
  if (!header.fortranOrder || shape.length < 2 || elementCount(shape) === 0) {
    yield* lotsOf(shape, rowsInOrder(source, { ...header, type }, options.dtype), file, options, labels);
    return;
  }
  if (path === undefined) throw scattered(file, header);
  const columns = await columnsOfRows(path, source.consumed, { ...header, type }, options);
  try {
    yield* lotsOf(shape, columns.take, file, options, labels);
  } finally {
    await columns.close();
  }
}

function scattered(file: string, { shape }: NpyHeader) {
  return fileError('UNSUPPORTED', {
    file,
    problem: `its array of shape [${shape.join(', ')}] is compressed and stored column by column: a row is all over it`,
    remedy: 'Save it with numpy.ascontiguousarray, or not compressed, or read it whole with readCloud',
  });
}

/** The rows of an array of an .npz file. Labels of another array are held as a whole. */
export async function* npzRows(path: string, options: LotOptions): AsyncGenerator<CloudContent> {
  const { signal } = options;
  const entries = await npzEntries(path);
  const { name, labelName, labelColumn, why } = await npzNames(path, entries, options);
  const labels =
    labelName === undefined ? undefined : await readNpzLabels(path, entries.get(labelName)!, signal);
  const source = await openZipEntry(path, entries.get(name)!, signal);
  try {
    const lots = npyRows(source, { ...options, labelColumn }, { labels });
    if (labelName === undefined) yield* lots;
    else for await (const lot of lots) yield { ...lot, labelColumn: { column: labelName, why } };
    await source.drain();
  } finally {
    source.close();
  }
}

/** The rows of a tensor of a safetensors file. Labels of another tensor are held as a whole. */
export async function* safetensorsRows(path: string, options: LotOptions): AsyncGenerator<CloudContent> {
  const { signal, dtype, keepMissing } = { ...options, ...columnOptions(options) };
  const { entries, start } = await withSource(path, false, signal, readHeader);
  const byName = new Map(entries.filter(({ type }) => type !== undefined).map((each) => [each.name, each]));
  const { name, labelName, column, why } = tensorNames(path, byName, options);
  const open = ({ begin, end }: Entry) =>
    new ByteSource(readRange(path, start + begin, start + end), path, end - begin, signal, (at) =>
      readRange(path, start + begin + at, start + end),
    );
  let labels: CloudLabels | undefined;
  if (labelName !== undefined) {
    const entry = byName.get(labelName)!;
    const { data } = (await readTensor(open(entry), entry))!;
    labels = labelsFromNumbers(data, `${path}, tensor ${labelName}`, { keepMissing });
  }
  const entry = byName.get(name)!;
  const source = open(entry);
  const rowBytes = (entry.end - entry.begin) / Math.max(1, entry.shape[0] ?? 1);
  let at = 0;
  const take: TakeRows = async (count, first) => {
    if (first > at) await source.skip((first - at) * rowBytes, 'its tensor');
    at = first + count;
    const rows = {
      ...entry,
      shape: [count * elementCount(entry.shape.slice(1))],
      begin: 0,
      end: count * rowBytes,
    };
    const tensor = (await readTensor(source, rows))!;
    return { ...toDtype(tensor, dtype), original: (index) => tensor.data[index] };
  };
  try {
    const file = `${path}, tensor ${name}`;
    for await (const lot of lotsOf(entry.shape, take, file, { ...options, labelColumn: column }, labels))
      yield labelName === undefined ? lot : { ...lot, labelColumn: { column: labelName, why } };
  } finally {
    source.close();
  }
}
