import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { BYTES, type DType } from '../core/array.js';
import { childProcess } from '../core/builtins.js';
import { RidgeflowError } from '../core/errors.js';
import { throwIfAborted } from '../core/options.js';
import { sourceFolder } from '../core/package-root.js';
import { speaksToCommandLine } from '../core/spoken.js';
import type { CloudContent } from './cloud.js';
import { damaged } from './errors.js';
import { ByteSource } from './source.js';
import type { TableReply, TableRequest } from './table-request.js';
import { decodeTableHere } from './table.js';

/**
 * Decodes an Arrow, Parquet or JSON file in a process of its own. The decoders believe the counts in a file: a wrong one can
 * grow an array beyond what V8 allows, which ends the process and which no handler and no worker thread can stop. It
 * also keeps their work off the event loop, and an abort ends it at once.
 */
export async function decodeTable(
  request: TableRequest,
  { signal, timeLimit = defaultTimeLimit(request.path) }: { signal?: AbortSignal; timeLimit?: number } = {},
): Promise<CloudContent> {
  const decoder = await startDecoder(request, signal);
  // Where no process may be started, unprotected decoding is better than none.
  if (!decoder) return decodeTableHere(request);
  try {
    const reply = await decoder.next(timeLimit);
    if ('end' in reply) throw damaged(request.path, 'decoding it gave nothing');
    return { ...reply.facts, points: reply.points, labels: reply.labels };
  } finally {
    decoder.stop();
  }
}

/** One lot of what a decoder sends, its labels with the names that came with it. */
type Decoded = Pick<CloudContent, 'points' | 'labels'> & { facts: Omit<CloudContent, 'points' | 'labels'> };

/** A process that decodes a file. */
interface Decoder {
  /** What it sends next, waited for so many milliseconds. Throws its errors, and FILE_FORMAT where it breaks off. */
  next(timeLimit: number): Promise<Decoded | { end: true }>;
  stop(): void;
}

/** Starts a process that decodes a file; undefined where none can be started. Throws ABORTED. */
export async function startDecoder(
  request: TableRequest,
  signal: AbortSignal | undefined,
): Promise<Decoder | undefined> {
  throwIfAborted(signal);
  const { path, format, dtype } = request;
  const extension = extname(import.meta.url);
  const program = join(sourceFolder('io'), `decode-process${extension}`);
  // Bundled into one file: there is no program to start.
  if (!existsSync(program)) return undefined;
  // Only the loader that runs TypeScript sources is to be handed on, not a debugger's port or an --eval.
  const execArgv =
    extension === '.ts' ? process.execArgv.filter((flag) => !/^--(inspect|eval|print)/.test(flag)) : [];
  const asked = JSON.stringify({ ...request, speaksToCommandLine: speaksToCommandLine() });
  const child = childProcess().spawn(process.execPath, [...execArgv, program, asked], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    // In Electron the executable is the application, unless this asks it to be Node.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    killSignal: 'SIGKILL',
    signal,
  });
  const started = once(child, 'spawn').then(
    () => true,
    () => false,
  );
  child.on('error', () => undefined);
  if (!(await started)) {
    throwIfAborted(signal);
    return undefined;
  }
  const closed = new Promise<string>((resolve) => {
    child.once('close', (code, killed) => resolve(killed ?? `exit code ${code}`));
  });
  const source = new ByteSource(child.stdio[3] as Readable, path, Infinity, signal);
  const kill = () => child.kill('SIGKILL');
  return {
    async next(timeLimit) {
      const timer = setTimeout(kill, timeLimit);
      try {
        const reply = await receive(source, dtype);
        if (reply) return reply;
        const end = await closed;
        throwIfAborted(signal);
        throw damaged(
          path,
          `decoding it as ${format} broke off (${end}), or took more than ${timeLimit / 1000} seconds`,
        );
      } finally {
        clearTimeout(timer);
      }
    },
    stop() {
      source.close();
      kill();
    },
  };
}

/** Milliseconds after which a decoder is taken to be caught in a loop: 20 seconds, and one for each megabyte. */
export function defaultTimeLimit(path: string): number {
  return Math.round(20_000 + statSync(path).size / 1000);
}

/** The decoded table, or undefined where the other process ended before it had sent everything. */
async function receive(source: ByteSource, dtype: DType): Promise<Decoded | { end: true } | undefined> {
  const length = await receiveBytes(source, 4);
  const text = length && (await receiveBytes(source, new DataView(length).getUint32(0)));
  if (!text) return undefined;
  const reply = JSON.parse(Buffer.from(text).toString()) as TableReply;
  if ('error' in reply) {
    const { code, message, details } = reply.error;
    throw new RidgeflowError(code, message, { details });
  }
  if ('end' in reply) return reply;
  const { shape, labelNames, facts } = reply;
  const points = await receiveBytes(source, shape[0] * shape[1] * BYTES[dtype]);
  const values = labelNames && (await receiveBytes(source, shape[0] * 4));
  if (!points || (labelNames && !values)) return undefined;
  return {
    points: { data: dtype === 'float64' ? new Float64Array(points) : new Float32Array(points), shape },
    facts,
    labels: labelNames && values ? { values: new Int32Array(values), names: labelNames } : undefined,
  };
}

async function receiveBytes(source: ByteSource, length: number): Promise<ArrayBuffer | undefined> {
  try {
    return await source.take(length, 'decoded data');
  } catch (error) {
    if (error instanceof RidgeflowError && error.code === 'FILE_TRUNCATED') return undefined;
    throw error;
  }
}
