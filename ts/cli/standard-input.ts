import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RidgeflowError } from '../core/errors.js';
import { type CloudFile, type ReadCloudOptions, readCloud } from '../io/index.js';

/** What stands for standard input among the arguments. */
export const STANDARD_INPUT = '-';

/**
 * Reads a cloud from a file, or from standard input where the path is `-`: kept in a temporary file meanwhile, since
 * formats are told by their first bytes and some are read from their end. Throws what `readCloud` throws.
 */
export async function readInput(path: string, options: ReadCloudOptions): Promise<CloudFile> {
  if (path !== STANDARD_INPUT) return readCloud(path, options);
  const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-input-'));
  const copy = join(folder, 'input');
  try {
    await pipeline(process.stdin, createWriteStream(copy), { signal: options.signal });
    return { ...(await readCloud(copy, options)), source: STANDARD_INPUT };
  } catch (error) {
    if (options.signal?.aborted)
      throw new RidgeflowError('ABORTED', 'The call was aborted', { cause: error });
    if (!(error instanceof RidgeflowError)) throw error;
    const message = error.message.replaceAll(copy, 'standard input');
    throw new RidgeflowError(error.code, message, { cause: error, details: error.details });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
