import type { DType } from '../core/array.js';
import type { ErrorCode } from '../core/errors.js';
import type { CloudContent } from './cloud.js';
import type { ColumnOptions } from './roles.js';

/** What to decode, and how. Plain data: it travels to another process. */
export interface TableRequest extends ColumnOptions {
  path: string;
  format: 'arrow' | 'parquet' | 'json';
  /** Whether the file is compressed with gzip. */
  gzip?: boolean;
  /** Which part of a JSON file holds the rows. */
  array?: string;
  dtype: DType;
  /** The file must have a column of labels and need not have coordinates. */
  labelsOnly?: boolean;
}

/** What the decoding process sends before the bytes of the points and the labels. */
export type TableReply =
  | {
      shape: [number, number];
      labelNames?: string[];
      facts: Omit<CloudContent, 'points' | 'labels'>;
    }
  | { error: { code: ErrorCode; message: string; details: Record<string, unknown> } };
