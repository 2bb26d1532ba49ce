import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { RidgeflowError } from './errors.js';

/** Bytes that are taken without a question. Less than this is not worth asking for: to ask costs as much time as to clear so much memory, about. */
export const SMALL_MEMORY = 1 << 24;

/**
 * The bytes of memory that this process may still take: what the machine has free or, where the process lives in a control
 * group with a limit (a container, a service), what that has. Memory that only caches files counts as free.
 */
export function availableMemory(): number {
  const machine = freemem();
  const limit = process.constrainedMemory();
  if (!(limit > 0 && limit < totalmem())) return machine;
  return Math.min(machine, Math.max(process.availableMemory(), limit - usedByGroup(limit)));
}

/** Bytes that the control group uses for other than unused cached files; `limit` where it does not say. */
function usedByGroup(limit: number): number {
  try {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    const folder = `/sys/fs/cgroup${path === '/' ? '' : path}`;
    const cached = /^inactive_file (\d+)$/m.exec(readFileSync(`${folder}/memory.stat`, 'utf8'))?.[1];
    return Number(readFileSync(`${folder}/memory.current`, 'utf8')) - Number(cached ?? 0);
  } catch {
    return limit; // not Linux, or a first version of control groups
  }
}

/**
 * Throws OUT_OF_MEMORY where `what` needs more bytes than there are. Whoever takes memory on the word of a caller or of a
 * file asks first, for all that the call will take: the system gives what it does not have, and kills the process later.
 */
export function requireMemory(bytes: number, what: string, remedy = 'Take less at once'): void {
  if (bytes < SMALL_MEMORY) return;
  const available = availableMemory();
  if (bytes <= available) return;
  throw new RidgeflowError(
    'OUT_OF_MEMORY',
    `Expected at most ${gibibytes(available)}, the memory that is free, for ${what} but it needs ${gibibytes(bytes)}. ${remedy}`,
    { details: { bytes, available } },
  );
}

/** A number of bytes for messages. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
}
