import { readFile } from 'node:fs/promises';
import type { Vector } from 'apache-arrow';
import { throwIfAborted } from '../core/options.js';
import { type CloudFile, type Column, type ReadCloudOptions, cloudFromColumns } from './cloud.js';
import { damaged, fileError, truncated } from './errors.js';
import { checkMemory, fileSize } from './source.js';
import { expandColumns } from './table.js';

const FILE_MAGIC = 'ARROW1';

/** Reads a cloud from an Arrow IPC file or stream: numeric columns, or list columns of one length, are coordinates. */
export async function readArrow(path: string, options: ReadCloudOptions): Promise<CloudFile> {
  const size = await fileSize(path);
  checkMemory(size, path);
  const bytes = await readFile(path);
  throwIfAborted(options.signal);
  const isFile = bytes.subarray(0, 6).toString('latin1') === FILE_MAGIC;
  if (isFile && bytes.subarray(-6).toString('latin1') !== FILE_MAGIC) {
    throw truncated(path, 'an Arrow file with its footer', size + 1, size);
  }
  const { tableFromIPC } = await import('apache-arrow');
  let columns: Column[];
  try {
    const table = tableFromIPC(bytes);
    columns = table.schema.fields.map((field, index) => arrowColumn(field.name, table.getChildAt(index)!));
    if (table.schema.fields.length === 0) throw new Error('it has no columns');
    return await cloudFromColumns(path, expandColumns(path, columns.map(listAware)), options);
  } catch (cause) {
    throw arrowError(path, cause);
  }
}

/** A column that may hold lists. */
interface ArrowColumn extends Omit<Column, 'at'> {
  at(row: number): unknown;
}

function arrowColumn(name: string, vector: Vector): Column {
  const column: ArrowColumn = {
    name,
    length: vector.length,
    at: (row) => vector.get(row) as unknown,
  };
  return column as Column;
}

/** Lists of an Arrow column as plain arrays, big integers as numbers. */
function listAware(column: Column) {
  return {
    name: column.name,
    length: column.length,
    at(row: number): number | string | null | readonly (number | null)[] {
      const value = column.at(row) as unknown;
      if (value === null || value === undefined) return null;
      if (typeof value === 'bigint') return Number(value);
      if (typeof value === 'boolean') return value ? 1 : 0;
      if (typeof value === 'number' || typeof value === 'string') return value;
      if (Symbol.iterator in Object(value)) {
        return Array.from(value as Iterable<unknown>, (item) =>
          item === null || item === undefined ? null : Number(item),
        );
      }
      return `a value of type ${typeof value}`;
    },
  };
}

function arrowError(path: string, cause: unknown): unknown {
  if (cause instanceof Error && 'code' in cause && 'details' in cause) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/compress/i.test(message)) {
    return fileError('UNSUPPORTED', {
      file: path,
      problem: `its record batches are compressed (${message})`,
      remedy: 'Write it uncompressed, or as Parquet',
      cause,
    });
  }
  return damaged(path, `it cannot be read as Arrow IPC (${message})`, cause);
}
