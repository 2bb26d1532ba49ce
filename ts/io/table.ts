import { fileError } from './errors.js';
import type { Column } from './cloud.js';

/** A column whose values may be lists of numbers, as Arrow and Parquet have them. */
export interface NestedColumn {
  name: string;
  length: number;
  at(row: number): number | string | null | readonly (number | null)[];
}

/** Columns with every list column taken apart into one column for each position. Throws where lists differ in length. */
export function expandColumns(file: string, columns: readonly NestedColumn[]): Column[] {
  return columns.flatMap((column) => {
    const first = column.length > 0 ? column.at(0) : null;
    if (!Array.isArray(first)) return [column as Column];
    const width = first.length;
    return first.map((_, k): Column => ({
      name: `${column.name}[${k}]`,
      length: column.length,
      at(row) {
        const list = column.at(row);
        if (Array.isArray(list) && list.length === width) return list[k] as number | null;
        throw fileError('FILE_FORMAT', {
          file,
          place: `row ${row + 1} (counted from 1), column ${column.name}`,
          problem: `expected a list of ${width} numbers, as in the first row, but received ${Array.isArray(list) ? list.length : 'none'}`,
          details: { row },
        });
      },
    }));
  });
}
