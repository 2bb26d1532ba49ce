import { RidgeflowError, describe, invalidArgument } from './errors.js';
import type { DType } from './array.js';
import { isError } from './realm.js';

/**
 * Where the heavy work of a call is done. `tfjs` means the best TensorFlow.js engine that loads; `mpi` the native kernels in
 * many processes, each with its own rows of every cloud.
 */
export type BackendName = 'native' | 'tfjs' | 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu' | 'mpi';

/** What every heavy call of the library takes. */
export interface CallOptions {
  /** Aborts the call: it stops within 100 ms and rejects with code ABORTED. */
  signal?: AbortSignal;
  /**
   * Called with the finished fraction of the work, 0 to 1, now and then (at most about 20 times a second). A promise that
   * it returns is waited for; what it throws ends the call.
   */
  onProgress?: (fraction: number) => void;
  /** Seed of everything random in the call: a whole number from 0 to 2⁵³ − 1. The same seed gives the same bits. Default 0. */
  seed?: number;
  /** Element type of the computation and the results. Default: that of the input. */
  dtype?: DType;
  /** Backend to use. Default: the environment variable RIDGEFLOW_BACKEND, else native, else tfjs. */
  backend?: BackendName;
}

/** Every name of a backend. */
export const BACKEND_NAMES: readonly BackendName[] = [
  'native',
  'tfjs',
  'tfjs-node',
  'tfjs-wasm',
  'tfjs-cpu',
  'mpi',
];

/**
 * Calls a function that the caller gave to hear of the work. A promise that it returns is waited for. Throws what it throws
 * or rejects with: an error as it is, anything else (`undefined`, say) as the cause of an INVALID_ARGUMENT that names it.
 */
export async function tell<T>(
  listener: ((news: T) => unknown) | undefined,
  news: T,
  name = 'onProgress',
): Promise<void> {
  if (listener === undefined) return;
  try {
    await listener(news);
  } catch (thrown) {
    if (isError(thrown)) throw thrown;
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected a function for ${name} that throws nothing but errors, but it threw ${describe(thrown)}`,
      { cause: thrown, details: { parameter: name } },
    );
  }
}

/** Throws ABORTED where the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** The error of an aborted call, with the signal's own reason as its cause. */
export function abortError(signal: AbortSignal | undefined): RidgeflowError {
  return new RidgeflowError('ABORTED', 'The call was aborted', { cause: signal?.reason });
}

/** Throws INVALID_ARGUMENT unless the seed is a whole number from 0 to 2⁵³ − 1; returns it, or 0. */
export function checkSeed(seed: number | undefined): number {
  if (seed === undefined) return 0;
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw invalidArgument('seed', 'a whole number from 0 to 2⁵³ − 1', seed);
  return seed;
}

/** Throws INVALID_ARGUMENT unless `value` is a finite number above zero; returns it. */
export function checkPositive(value: number, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw invalidArgument(name, 'a finite number above 0', value);
  return value;
}

/** Throws INVALID_ARGUMENT unless `value` is a whole number from `minimum` to `maximum`; returns it. */
export function checkInteger(
  value: number,
  name: string,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    const range =
      maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
    throw invalidArgument(name, `a whole number ${range}`, value);
  }
  return value;
}

const CALL_OPTIONS = ['signal', 'onProgress', 'seed', 'dtype', 'backend'] as const;

/** Of an object of options, those given that every heavy call takes: for a call that knows no others. */
export function callOptions(options: CallOptions): CallOptions {
  const given = CALL_OPTIONS.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}

/** The options of one part of a call's work, whose progress is mapped onto [from, to] of the whole. */
export function partOf(options: CallOptions, from: number, to: number): CallOptions {
  const { onProgress } = options;
  const call = callOptions(options);
  if (!onProgress) return call;
  return { ...call, onProgress: (fraction) => onProgress(from + (to - from) * fraction) };
}
