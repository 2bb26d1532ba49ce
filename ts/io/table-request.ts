import type { DType } from '../core/array.js';
import type { ErrorCode } from '../core/errors.js';
import type { CloudContent, ReadShare } from './cloud.js';
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
  /** Send the rows in lots of so many, each as a reply of its own. */
  batch?: number;
  /** Who reads the messages, where another process decodes. */
  speaksToCommandLine?: boolean;
  /** Only the rows of a share. */
  share?: Pick<ReadShare, 'rank' | 'size'>;
}

/** What the decoding process sends before the bytes of the points and the labels. */
export type TableReply =
  | {
      shape: [number, number];
      /** The names of the classes; of lots, those that came with this one. */
      labelNames?: string[];
      facts: Omit<CloudContent, 'points' | 'labels'>;
    }
  | { end: true }
  | { error: { code: ErrorCode; message: string; details: Record<string, unknown> } };
