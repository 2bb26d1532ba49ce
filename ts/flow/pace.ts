import { abortError, throwIfAborted } from '../core/options.js';

/** How long a run may go on without letting timers and signals through, in milliseconds. */
const INTERVAL = 40;

/**
 * Keeps a long run of short steps responsive. Kernels on little data finish at once, so that awaiting them never lets the
 * event loop turn: no timer fires, no abort arrives.
 */
export class Pace {
  #last = performance.now();

  constructor(
    readonly signal: AbortSignal | undefined,
    readonly onProgress: ((fraction: number) => void) | undefined,
  ) {}

  /** Lets the event loop turn, and reports progress, where it is time; throws ABORTED. */
  async tick(fraction: () => number): Promise<void> {
    if (performance.now() - this.#last >= INTERVAL) {
      this.onProgress?.(fraction());
      await new Promise((resolve) => setImmediate(resolve));
      this.#last = performance.now();
    }
    throwIfAborted(this.signal);
  }
}

/** The work's result, or ABORTED as soon as the signal fires: for work that may not look at the signal itself. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
