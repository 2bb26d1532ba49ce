import { setImmediate } from 'node:timers/promises';
import { throwIfAborted, type CallOptions } from './options.js';

type Control = Pick<CallOptions, 'signal' | 'onProgress'>;

/** Longest time between two turns of the event loop, in milliseconds. */
const TURN = 20;
/** Shortest time between two reports of progress, in milliseconds. */
const REPORT = 50;

/**
 * Lets a long synchronous computation on the main thread live with the event loop: it pauses now and then so that
 * timers, aborts and other calls get their turn, and reports progress.
 */
export class Pace {
  readonly #run: Control;
  readonly #total: number;
  #done = 0;
  #lastTurn = performance.now();
  #lastReport = performance.now();

  /** `total` is the amount of work to come, in the unit of {@link Pace.tick}. Throws ABORTED. */
  constructor(run: Control | undefined, total: number) {
    this.#run = run ?? {};
    this.#total = total;
    throwIfAborted(this.#run.signal);
  }

  /** Notes that `work` more is done. Throws ABORTED. Call it at least every few milliseconds of computation. */
  async tick(work: number): Promise<void> {
    this.#done += work;
    const now = performance.now();
    if (now - this.#lastTurn < TURN) return;
    if (now - this.#lastReport >= REPORT) {
      this.#lastReport = now;
      this.#run.onProgress?.(Math.min(this.#done / this.#total, 1));
    }
    await setImmediate();
    this.#lastTurn = performance.now();
    throwIfAborted(this.#run.signal);
  }

  /** Reports that all is done. */
  finish(): void {
    this.#run.onProgress?.(1);
  }
}
