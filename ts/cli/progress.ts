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
  bar.start(1, 0, { doing: '' });
  let last = { fraction: 0, doing: '' };
  return {
    update(fraction, doing) {
      last = { fraction, doing };
      bar.update(fraction, { doing });
    },
    line(text) {
      // The bar occupies the current line: clear it, print above, draw again.
      process.stderr.write(`\r\u001b[K${text}\n`);
      bar.update(last.fraction, { doing: last.doing });
    },
    stop: () => bar.stop(),
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
