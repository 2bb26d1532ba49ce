import { SingleBar } from 'cli-progress';

/** How a command tells how far it is. */
export interface Progress {
  /** Sets the finished fraction, 0 to 1, and what is being done. */
  update(fraction: number, doing: string): void;
  /** Prints a line that stays. */
  line(text: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** A time as one says it, rounded up. */
export function spoken(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${(minutes / 60).toFixed(1)} hours`;
}

const silent: Progress = { update: () => undefined, line: () => undefined, stop: () => undefined };

/**
 * A bar on standard error where that is a terminal, plain lines elsewhere, nothing at all when quiet.
 */
export function createProgress({ quiet }: { quiet: boolean }): Progress {
  if (quiet) return silent;
  if (!process.stderr.isTTY) return { ...silent, line: (text) => void process.stderr.write(`${text}\n`) };
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {doing}{left}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
    forceRedraw: true,
  });
  let last = { fraction: 0, doing: '', left: '' };
  const timeLeft = estimateTimeLeft();
  let shown = false;
  const show = () => {
    if (!shown) bar.start(1, last.fraction, last);
    shown = true;
  };
  const hide = () => {
    if (shown) bar.stop();
    shown = false;
  };
  return {
    update(fraction, doing) {
      last = { fraction, doing, left: timeLeft(fraction) };
      show();
      bar.update(fraction, last);
    },
    line(text) {
      // The bar remembers where it began: a line above it is a new beginning.
      const wasShown = shown;
      hide();
      process.stderr.write(`${text}\n`);
      if (wasShown) show();
    },
    stop: hide,
  };
}

/** Seconds of a run before which it is not said how long the rest will take. */
const SAID_AFTER = 5;

/** What is left of a run by what is done of it, as a text to append; nothing while that says little. */
export function estimateTimeLeft(now: () => number = () => performance.now() / 1000) {
  let first: { time: number; fraction: number } | undefined;
  return (fraction: number): string => {
    const time = now();
    // From the first step on that was done: what comes before is often of another kind.
    if (fraction > 0) first ??= { time, fraction };
    if (!first || fraction >= 1 || time - first.time < SAID_AFTER || fraction <= first.fraction) return '';
    return ` | about ${spoken(((time - first.time) / (fraction - first.fraction)) * (1 - fraction))} left`;
  };
}

/** A signal that fires on Ctrl-C or on termination. A second Ctrl-C ends the process at once. */
export function interruptSignal(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
