import type { FloatData } from '../../core/array.js';

/**
 * What a running kernel can be told and can tell: the caller's abort, and the finished fraction. Kernels look at the
 * signal at least every 100 ms of their work and reject with RidgeflowError ABORTED.
 */
export interface RunControl {
  signal?: AbortSignal;
  onProgress?: (fraction: number) => void;
}

/** A cloud handed to a kernel: row-major, `rows` points in `columns` dimensions. Kernels read it, never write it. */
export interface Matrix<D extends FloatData = FloatData> {
  readonly data: D;
  readonly rows: number;
  readonly columns: number;
}
