import { RidgeflowError } from '../../core/errors.js';
import { abortError, tell, throwIfAborted } from '../../core/options.js';
import { isTurnDue, nextTurn } from '../../core/pace.js';
import type { RunControl } from '../contract.js';

/** How often progress is looked at, in milliseconds. */
const INTERVAL = 50;

/**
 * Starts a kernel with the cells of native/runtime/control.hpp connected to the caller's signal and progress callback,
 * and turns its failures into RidgeflowErrors.
 */
export async function withControl(
  run: RunControl | undefined,
  start: (control: Int32Array | undefined) => Promise<undefined> | undefined,
): Promise<void> {
  const signal = run?.signal;
  const onProgress = run?.onProgress;
  // A loop over small kernels, which run at once, would never let a timer or an abort through.
  if (isTurnDue()) await nextTurn();
  throwIfAborted(signal);
  const cells = signal || onProgress ? new Int32Array(2) : undefined;
  try {
    const finished = start(cells);
    // A small kernel has already run: no promise, no waiting.
    if (finished !== undefined) await watch(finished, cells, signal, onProgress);
  } catch (error) {
    throw translate(error, signal);
  }
  await tell(onProgress, 1);
}

async function watch(
  finished: Promise<undefined>,
  cells: Int32Array | undefined,
  signal: AbortSignal | undefined,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<void> {
  if (!cells) {
    await finished;
    return;
  }
  const abort = () => Atomics.store(cells, 0, 1);
  let failure: { error: unknown } | undefined;
  let telling: Promise<void> | undefined;
  // Before the timer, which would keep the process alive where what was given as a signal is none and throws here.
  signal?.addEventListener('abort', abort, { once: true });
  const timer = onProgress
    ? setInterval(() => {
        // One at a time, though the listener be slow. What it throws ends the call, not the process.
        telling ??= tell(onProgress, Atomics.load(cells, 1) / 1e6)
          .catch((error: unknown) => {
            failure = { error };
            abort();
          })
          .finally(() => (telling = undefined));
      }, INTERVAL)
    : undefined;
  try {
    await finished;
  } catch (error) {
    if (!failure) throw error;
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', abort);
  }
  await telling;
  if (failure) throw failure.error;
}

function translate(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof RidgeflowError) return error;
  switch ((error as { code?: string }).code) {
    case 'ABORTED':
      return abortError(signal);
    case 'OUT_OF_MEMORY':
      return new RidgeflowError('OUT_OF_MEMORY', (error as Error).message, { cause: error });
    case 'KERNEL_FAILED':
      return new RidgeflowError('NOT_CONVERGED', (error as Error).message, { cause: error });
    default:
      return error;
  }
}
