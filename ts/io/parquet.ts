import { open } from 'node:fs/promises';
import type { AsyncBuffer, Compressors, FileMetaData, SchemaElement } from 'hyparquet';
import { zlib } from '../core/builtins.js';
import { describe } from '../core/errors.js';
import { lz4Block, zstdDecompressor } from './codecs.js';
import { damaged, fileError, readError, truncated } from './errors.js';
import { fileSize } from './source.js';
import type { Scalar, Table, TableColumn, TableSink } from './table-sink.js';
import { isError } from '../core/realm.js';

const MAGIC = 'PAR1';

type SchemaTree = ReturnType<typeof import('hyparquet').parquetSchema>;

/** Opens a Parquet file; `parts` are its groups of rows, each a table, or those that hold some rows. */
export async function openParquet(
  path: string,
): Promise<Table & { parts: (rows?: RowRange) => Generator<Table> }> {
  const size = await fileSize(path);
  const handle = await open(path).catch((cause: unknown) => {
    throw readError(cause, path);
  });
  const file: AsyncBuffer = {
    byteLength: size,
    slice: async (start, end = size) => {
      if (!(start >= 0 && end >= start)) throw damaged(path, `it refers to bytes ${start} to ${end}`);
      if (end > size) throw truncated(path, 'Parquet data', end, size);
      const buffer = new ArrayBuffer(end - start);
      const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, end - start, start);
      if (bytesRead < end - start) throw truncated(path, 'Parquet data', end, start + bytesRead);
      return buffer;
    },
  };
  try {
    const { metadata, root } = await readMetadata(file, path);
    const rows = Number(metadata.num_rows);
    const columns = root.children.map(describeColumn);
    const repeated = columns.find(({ name }, i) => i > columns.findIndex((other) => other.name === name));
    if (repeated) {
      throw fileError('UNSUPPORTED', {
        file: path,
        problem: `it has two columns named ${describe(repeated.name)}`,
        remedy: 'Rename one of them',
      });
    }
    await findListWidths(file, metadata, columns);
    const opened = { file, metadata, columns, codecs: await compressors(), path };
    const pandas = metadata.key_value_metadata?.find(({ key }) => key === 'pandas')?.value;
    const parts = function* (wanted?: RowRange): Generator<Table> {
      for (const { from, to } of rowGroups(metadata)) {
        if (wanted && !(from < wanted.to && to > wanted.from)) continue;
        const read = (sink: TableSink) => readRowGroup(opened, { from, to }, sink, from);
        yield { rows: to - from, firstRow: from, columns, pandas, read, close: async () => undefined };
      }
    };
    return {
      rows,
      columns,
      pandas,
      parts,
      read: async (sink) => {
        for (const group of rowGroups(metadata)) await readRowGroup(opened, group, sink, 0);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw unsupportedCodec(error, path) ?? error;
  }
}

async function readMetadata(
  file: AsyncBuffer,
  path: string,
): Promise<{ metadata: FileMetaData; root: SchemaTree }> {
  const size = file.byteLength;
  const text = async (start: number, end: number) =>
    Buffer.from(await file.slice(start, end)).toString('latin1');
  if (size < 12 || (await text(size - 4, size)) !== MAGIC) {
    throw fileError('FILE_TRUNCATED', {
      file: path,
      problem: `expected ${MAGIC} at its end, but its ${size} bytes end without`,
      remedy: 'It is cut short: copy or download it again',
      details: { actual: size },
    });
  }
  if ((await text(0, 4)) !== MAGIC) throw damaged(path, `expected ${MAGIC} as its first bytes`);
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const rows = Number(metadata.num_rows);
  const sum = metadata.row_groups.reduce((total, group) => total + Number(group.num_rows), 0);
  if (!Number.isSafeInteger(rows) || rows < 0 || sum !== rows) {
    throw damaged(path, `it claims ${rows} rows but its row groups ${sum}`);
  }
  return { metadata, root: parquetSchema(metadata) };
}

function describeColumn(tree: SchemaTree): TableColumn {
  const { name } = tree.element;
  let leaf = tree;
  while (leaf.children.length === 1) [leaf] = leaf.children;
  const { type, converted_type, logical_type } = leaf.element;
  const isStruct = leaf.children.length > 0 || (leaf !== tree && !isList(tree));
  const named = logical_type?.type ?? converted_type ?? type ?? 'struct';
  if (isStruct) return { name, type: 'struct', kind: 'other', width: 1 };
  if (isNumber(leaf.element))
    return { name, type: isList(tree) ? `list of ${named}` : named, kind: 'number', width: 1 };
  const isText = type === 'BYTE_ARRAY' && /^(STRING|ENUM|UTF8|BYTE_ARRAY)$/.test(named);
  return {
    name,
    type: isList(tree) ? `list of ${named}` : named,
    kind: isText && !isList(tree) ? 'text' : 'other',
    width: 1,
  };
}

function isList({ element, children }: SchemaTree): boolean {
  if (element.repetition_type === 'REPEATED') return true;
  return (
    children.length === 1 && children[0].element.repetition_type === 'REPEATED' && depth(children[0]) <= 1
  );
}

function depth({ children }: SchemaTree): number {
  return children.length === 0 ? 0 : 1 + Math.max(...children.map(depth));
}

function isNumber({ type, converted_type, logical_type }: SchemaElement): boolean {
  const named = logical_type?.type ?? converted_type;
  if (named === 'FLOAT16' || named === 'DECIMAL') return true;
  const plain = named === undefined || named === 'INTEGER' || /^U?INT_/.test(named);
  return (
    plain &&
    (type === 'FLOAT' || type === 'DOUBLE' || type === 'INT32' || type === 'INT64' || type === 'BOOLEAN')
  );
}

/** Sets the widths of the columns of lists, judged by their first row. */
async function findListWidths(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: TableColumn[],
): Promise<void> {
  const lists = columns.filter(({ type }) => type.startsWith('list')).map(({ name }) => name);
  if (lists.length === 0 || metadata.num_rows === 0n) return;
  const { parquetReadObjects } = await import('hyparquet');
  const [first] = await parquetReadObjects({
    file,
    metadata,
    columns: lists,
    compressors: await compressors(),
    rowStart: 0,
    rowEnd: 1,
  });
  for (const column of columns) {
    const cell: unknown = lists.includes(column.name) ? first[column.name] : undefined;
    if (isSequence(cell)) column.width = cell.length;
  }
}

function isSequence(value: unknown): value is ArrayLike<Scalar> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** What is read again for every group of rows. */
interface OpenedParquet {
  file: AsyncBuffer;
  metadata: FileMetaData;
  columns: TableColumn[];
  codecs: Compressors;
  path: string;
}

interface RowRange {
  from: number;
  to: number;
}

function* rowGroups({ row_groups }: FileMetaData): Generator<RowRange> {
  let from = 0;
  for (const { num_rows } of row_groups) {
    const to = from + Number(num_rows);
    yield { from, to };
    from = to;
  }
}

/** Puts the cells of a group of rows into the sink, whose first row is row `base` of the file. */
async function readRowGroup(
  { file, metadata, columns, codecs, path }: OpenedParquet,
  group: RowRange,
  sink: TableSink,
  base: number,
): Promise<void> {
  const { parquetRead } = await import('hyparquet');
  const numbers = new Map(sink.wanted.map((column) => [columns[column].name, column]));
  const failures: Error[] = [];
  try {
    await parquetRead({
      file,
      metadata,
      columns: [...numbers.keys()],
      compressors: codecs,
      rowStart: group.from,
      rowEnd: group.to,
      // hyparquet does not look after what its callback throws.
      onChunk: ({ columnName, columnData, rowStart: row }) => {
        try {
          const column = numbers.get(columnName)!;
          const cells = columnData as ArrayLike<unknown>;
          if (failures.length === 0) putChunk(sink, column, columns, row - base, cells);
        } catch (error) {
          failures.push(error as Error);
        }
      },
    });
  } catch (error) {
    throw unsupportedCodec(error, path) ?? error;
  }
  if (failures.length > 0) throw failures[0];
}

function putChunk(
  sink: TableSink,
  column: number,
  columns: TableColumn[],
  row: number,
  cells: ArrayLike<unknown>,
): void {
  const { width, type } = columns[column];
  if (!type.startsWith('list')) {
    sink.put(column, row, cells as ArrayLike<Scalar>, cells.length);
    return;
  }
  const flat: Scalar[] = [];
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (!isSequence(cell)) {
      const value = sink.missing(column, row + i);
      for (let k = 0; k < width; k++) flat.push(value);
      continue;
    }
    if (cell.length !== width) sink.refuseLength(column, row + i, cell.length);
    for (let k = 0; k < width; k++) flat.push(cell[k]);
  }
  sink.put(column, row, flat, cells.length);
}

async function compressors(): Promise<Compressors> {
  const zstd = await zstdDecompressor();
  return {
    GZIP: (input, length) => zlib().gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
    BROTLI: (input, length) => zlib().brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
    LZ4_RAW: (input, length) => {
      const output = new Uint8Array(length);
      return output.subarray(0, lz4Block(input, output));
    },
    ZSTD: (input, length) => zstd(input, length),
  };
}

function unsupportedCodec(cause: unknown, path: string): Error | undefined {
  const codec = /unsupported compression codec: (\w+)/.exec(isError(cause) ? cause.message : '')?.[1];
  if (codec === undefined) return undefined;
  return fileError('UNSUPPORTED', {
    file: path,
    problem: `its compression (${codec}) is not supported`,
    remedy: 'Write it with Zstandard, Snappy, gzip, Brotli or LZ4_RAW, or uncompressed',
    cause,
  });
}
