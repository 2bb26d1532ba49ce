import type { DType } from '../core/array.js';
import type { ErrorCode } from '../core/errors.js';
import type { LabelColumn } from './cloud.js';

/** What to decode, and how. Plain data: it travels to another process. */
export interface TableRequest {
  path: string;
  format: 'arrow' | 'parquet';
  dtype: DType;
  labelColumn?: LabelColumn;
  /** The file must have a column of labels and need not have coordinates. */
  labelsOnly?: boolean;
}

/** What the decoding process sends before the bytes of the points and the labels. */
export type TableReply =
  | {
      shape: [number, number];
      columns?: string[];
      labelNames?: string[];
      tooNarrow?: number[];
      notes?: string[];
    }
  | { error: { code: ErrorCode; message: string; details: Record<string, unknown> } };
