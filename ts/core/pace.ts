import { setImmediate } from 'node:timers/promises';
import { abortError, tell, throwIfAborted, type CallOptions } from './options.js';

type Control = Pick<CallOptions, 'signal' | 'onProgress'>;

/** Longest time that the library works before it lets the event loop turn, in milliseconds. */
const TURN = 8;
/** Shortest time between two reports of progress, in milliseconds. */
const REPORT = 50;

/**
 * When the event loop last turned, as far as the library knows. One clock for all calls: work that finishes at once, as
 * that of kernels on little data, leaves the event loop standing however often it is awaited, and many short calls, or
 * many calls at once, would each find that they have not worked long.
 */
let lastTurn = performance.now();
let turn: Promise<void> | undefined;

/** Whether timers, aborts and other calls have waited long enough. Costs less than 0.1 μs. */
export function isTurnDue(): boolean {
  return performance.now() - lastTurn >= TURN;
}

/** Lets the event loop turn once, for all that wait for it. */
export function nextTurn(): Promise<void> {
  turn ??= setImmediate().then(() => {
    turn = undefined;
    lastTurn = performance.now();
  });
  return turn;
}

/**
 * Lets a long computation on the main thread live with the event loop: it pauses now and then so that timers, aborts and
 * other calls get their turn, and reports progress. Every loop uses it whose steps are not kernels, or may be anything.
 */
export class Pace {
  readonly #run: Control;
  readonly #total: number;
  #done = 0;
  #lastReport = performance.now();

  /** `total` is the amount of work to come, in the unit of {@link Pace.tick}. Throws ABORTED. */
  constructor(run: Control | undefined, total = 1) {
    this.#run = run ?? {};
    this.#total = total;
    throwIfAborted(this.#run.signal);
  }

  /** Notes that `work` more is done. Throws ABORTED. Call it at least every few milliseconds of computation. */
  tick(work: number): Promise<void> {
    this.#done += work;
    return this.reach(this.#done);
  }

  /** Notes that `done` is done in all. Throws ABORTED. */
  async reach(done: number): Promise<void> {
    this.#done = done;
    // By a clock of its own: kernels and other calls turn the event loop too, and progress is told all the same.
    const now = performance.now();
    if (now - this.#lastReport >= REPORT) {
      this.#lastReport = now;
      await tell(this.#run.onProgress, Math.min(done / this.#total, 1));
    }
    if (isTurnDue()) await nextTurn();
    throwIfAborted(this.#run.signal);
  }

  /** Reports that all is done. */
  finish(): Promise<void> {
    return tell(this.#run.onProgress, 1);
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
