import type { DType } from '../ts/core/array.js';
import { loadAddon, type ProcessorPeaks } from '../ts/kernel/native/addon.js';

/** What a workload cannot do without, whatever the kernel: counted from its definition, not from our code. */
export interface LeastWork {
  /** Of one element each. */
  multiplyAdds: number;
  exponentials?: number;
  /** From and to memory: what is given, read once, and what is made, written once. */
  bytes?: number;
}

/**
 * The time that the processor's own peaks, measured now, allow for the work, over the time that it took: 1 is the limit.
 * Multiply-adds and exponentials share the units that do them, so their times add; memory works beside them.
 * Source: S. Williams, A. Waterman, D. Patterson, Communications of the ACM 52(4) (2009) 65.
 */
export function roofline(work: LeastWork, seconds: number, dtype: DType): number {
  const peaks = processorPeaks(dtype);
  const computing =
    work.multiplyAdds / peaks.multiplyAddsPerSecond + (work.exponentials ?? 0) / peaks.exponentialsPerSecond;
  return Math.max(computing, (work.bytes ?? 0) / peaks.bytesPerSecond) / seconds;
}

/** Measured anew each time, beside the workload, since machines drift. */
export function processorPeaks(dtype: DType): ProcessorPeaks {
  return loadAddon().peaks({ float64: dtype === 'float64' });
}
