import type { DataType, Vector } from 'apache-arrow';
import { checkArrowFile, checkArrowStream } from './arrow-check.js';
import { damaged, fileError, truncated } from './errors.js';
import { halfToNumber } from './elements.js';
import { lz4Frame, zstdDecompressor } from './codecs.js';
import { openSource } from './source.js';
import type { Scalar, Table, TableColumn, TableSink } from './table-sink.js';
import { isError } from '../core/realm.js';

const FILE_MAGIC = 'ARROW1';

type Arrow = typeof import('apache-arrow');
type Column = Vector<DataType>;

/** What is used here of a chunk of a column; the library's own types leave the members to any. */
interface Chunk {
  type: DataType;
  length: number;
  offset: number;
  nullCount: number;
  nullBitmap: Uint8Array | null;
  values: Uint8Array | Float32Array | BigInt64Array | undefined;
  valueOffsets: ArrayLike<number | bigint>;
  children: readonly Chunk[];
}

/** Opens an Arrow IPC file (as Feather version 2 is one) or stream. */
export async function openArrow(path: string): Promise<Table> {
  return arrowTable(await readBytes(path), path);
}

/**
 * The table in the checked bytes of an Arrow IPC file or stream; `firstRow` rows of the file come before, and `known` are
 * its columns where those are known.
 */
export async function arrowTable(
  bytes: Uint8Array,
  path: string,
  firstRow = 0,
  known?: TableColumn[],
): Promise<Table> {
  const arrow = await import('apache-arrow');
  await registerCodecs(arrow);
  let table;
  try {
    table = arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw arrowError(cause, path);
  }
  const vectors = table.schema.fields.map((_, column) => table.getChildAt(column) as Column);
  const columns =
    known ??
    table.schema.fields.map((field, column): TableColumn => {
      const { name } = field;
      const type = field.type as DataType;
      const numeric = isNumeric(arrow, type);
      const width = listWidth(arrow, vectors[column]);
      const kind = numeric || width !== undefined ? 'number' : isText(arrow, type) ? 'text' : 'other';
      return { name, type: arrow.Type[type.typeId], kind, width: width ?? 1 };
    });
  return {
    rows: table.numRows,
    firstRow,
    columns,
    pandas: table.schema.metadata.get('pandas'),
    read: async (sink) => {
      for (const column of sink.wanted) {
        putColumn(arrow, vectors[column], column, columns[column], sink, path);
      }
    },
    close: async () => undefined,
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const source = await openSource(path);
  try {
    const bytes = new Uint8Array(await source.take(source.capacity, 'an Arrow table'));
    if (bytes.length < 8) throw truncated(path, 'an Arrow table', 8, bytes.length);
    const text = (start: number, end?: number) => Buffer.from(bytes.slice(start, end)).toString('latin1');
    if (text(0, 6) === FILE_MAGIC && text(-6) !== FILE_MAGIC) {
      throw fileError('FILE_TRUNCATED', {
        file: path,
        problem: `expected ${FILE_MAGIC} at its end, but its ${bytes.length} bytes end without`,
        remedy: 'It is cut short: copy or download it again',
        details: { actual: bytes.length },
      });
    }
    if (text(0, 6) === FILE_MAGIC) checkArrowFile(bytes, path);
    else checkArrowStream(bytes, path);
    return bytes;
  } finally {
    source.close();
  }
}

async function registerCodecs({ compressionRegistry, CompressionType }: Arrow): Promise<void> {
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: lz4Frame });
  const zstd = await zstdDecompressor();
  // Values of 8 bytes are read in place, so that their storage must begin at a multiple of that.
  compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => Uint8Array.from(zstd(bytes)) });
}

function arrowError(cause: unknown, path: string): Error {
  const message = isError(cause) ? cause.message : String(cause);
  const short = /Expected to read (\d+) .*only read (\d+)/.exec(message);
  if (short) return truncated(path, 'an Arrow message', Number(short[1]), Number(short[2]));
  return damaged(path, `it cannot be read as Arrow (${message})`, cause);
}

function isNumeric({ DataType: is }: Arrow, type: DataType): boolean {
  if (is.isDictionary(type)) return is.isInt(type.dictionary) || is.isFloat(type.dictionary);
  return is.isInt(type) || is.isFloat(type) || is.isBool(type);
}

function isText({ DataType: is }: Arrow, type: DataType): boolean {
  if (is.isDictionary(type)) return isStringType(is, type.dictionary as DataType);
  return isStringType(is, type);
}

function isStringType(is: Arrow['DataType'], type: DataType): boolean {
  return is.isUtf8(type) || is.isLargeUtf8(type) || is.isUtf8View(type);
}

function chunksOf(vector: Column): readonly Chunk[] {
  return vector.data;
}

/** Numbers per cell of a column of lists, judged by its first row; undefined for other columns. */
function listWidth(arrow: Arrow, vector: Column): number | undefined {
  const { DataType: is } = arrow;
  const { type } = vector;
  if (is.isFixedSizeList(type))
    return isNumeric(arrow, type.valueType as DataType) ? type.listSize : undefined;
  if (!is.isList(type) && !is.isLargeList(type)) return undefined;
  if (!isNumeric(arrow, type.valueType as DataType)) return undefined;
  const first = chunksOf(vector).find(({ length }) => length > 0);
  return first ? Number(first.valueOffsets[1]) - Number(first.valueOffsets[0]) : 1;
}

function putColumn(
  arrow: Arrow,
  vector: Column,
  column: number,
  { width }: TableColumn,
  sink: TableSink,
  path: string,
): void {
  const { DataType: is } = arrow;
  const { type } = vector;
  if (isText(arrow, type) || is.isDictionary(type)) {
    for (let row = 0; row < vector.length; row++) sink.put(column, row, [vector.get(row) as Scalar], 1);
    return;
  }
  let row = 0;
  for (const data of chunksOf(vector)) {
    const isFixed = is.isFixedSizeList(type);
    if (!isFixed && !is.isList(type) && !is.isLargeList(type)) {
      const values = scalars(arrow, data, 0, data.length, path);
      sink.put(column, row, withNulls(values, data, 0), data.length);
    } else {
      const child = data.children[0];
      const isNull = nullsOf(data);
      const starts = isFixed
        ? Array.from({ length: data.length }, (_, i) => i * width)
        : listStarts(data, width, isNull, (i, n) => sink.refuseLength(column, row + i, n));
      const count = data.length * width;
      if (isNull) {
        const values = withNulls(scalars(arrow, child, 0, child.length, path), child, 0);
        const cell = (i: number): Scalar[] =>
          Array.from({ length: width }, (_, k) => (isNull(i) ? null : values[starts[i] + k]));
        sink.put(column, row, Array.from({ length: data.length }, (_, i) => cell(i)).flat(), data.length);
      } else if (data.length > 0) {
        sink.put(
          column,
          row,
          withNulls(scalars(arrow, child, starts[0], count, path), child, starts[0]),
          data.length,
        );
      }
    }
    row += data.length;
  }
}

/** Where the values of every list begin; calls `refuse` for a list of another length. */
function listStarts(
  data: Chunk,
  width: number,
  isNull: ((index: number) => boolean) | undefined,
  refuse: (index: number, length: number) => never,
): number[] {
  const { valueOffsets: offsets } = data;
  return Array.from({ length: data.length }, (_, i) => {
    const start = Number(offsets[i]);
    const length = Number(offsets[i + 1]) - start;
    if (length !== width && !isNull?.(i)) refuse(i, length);
    return start;
  });
}

/** Tells which cells are null; undefined where none is. */
function nullsOf({ nullCount, nullBitmap: bits, offset }: Chunk): ((index: number) => boolean) | undefined {
  if (nullCount <= 0 || !bits) return undefined;
  return (index) => ((bits[(offset + index) >> 3] >> ((offset + index) & 7)) & 1) === 0;
}

/** Values from `start` on, with null where they are null. */
function withNulls(values: ArrayLike<Scalar>, data: Chunk, start: number): ArrayLike<Scalar> {
  const isNull = nullsOf(data);
  return isNull ? Array.from(values, (value, i) => (isNull(start + i) ? null : value)) : values;
}

/** `count` values from `start` on. Throws FILE_FORMAT where the buffer is shorter than the lengths claim. */
function scalars(
  { DataType: is, Precision }: Arrow,
  data: Chunk,
  start: number,
  count: number,
  path: string,
): ArrayLike<Scalar> {
  const { type, values } = data;
  const isBool = is.isBool(type);
  const available = isBool ? (values?.length ?? 0) * 8 - data.offset : (values?.length ?? 0);
  if (!values || start < 0 || start + count > available) {
    throw damaged(
      path,
      `a column claims ${start + count} values but its data holds ${Math.max(0, available)}`,
    );
  }
  if (isBool) {
    const bits = values as Uint8Array;
    const first = data.offset + start;
    return Uint8Array.from({ length: count }, (_, i) => (bits[(first + i) >> 3] >> ((first + i) & 7)) & 1);
  }
  const part = values.subarray(start, start + count);
  return is.isFloat(type) && type.precision === Precision.HALF
    ? Float32Array.from(part as Uint8Array, halfToNumber)
    : part;
}
