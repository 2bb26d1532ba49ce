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

const silent: Progress = { update: () => undefined, line: () => undefined, stop: () => undefined };

/**
 * A bar on standard error where that is a terminal, plain lines elsewhere, nothing at all when quiet.
 */
export function createProgress({ quiet }: { quiet: boolean }): Progress {
  if (quiet) return silent;
  if (!process.stderr.isTTY) return { ...silent, line: (text) => void process.stderr.write(`${text}\n`) };
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {doing}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    stream: process.stderr,
    forceRedraw: true,
  });
  let last = { fraction: 0, doing: '' };
  let shown = false;
  const show = () => {
    if (!shown) bar.start(1, last.fraction, { doing: last.doing });
    shown = true;
  };
  const hide = () => {
    if (shown) bar.stop();
    shown = false;
  };
  return {
    update(fraction, doing) {
      last = { fraction, doing };
      show();
      bar.update(fraction, { doing });
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
