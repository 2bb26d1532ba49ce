import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { RidgeflowError } from './errors.js';

/** Bytes that are taken without a question. Less than this is not worth asking for: to ask costs as much time as to clear so much memory, about. */
export const SMALL_MEMORY = 1 << 24;

/**
 * The bytes of memory that this process may still take: what the machine has free or, where the process lives in a control
 * group with a limit (a container, a service), what that has. Memory that only caches files counts as free. Where neither
 * can be known (a sandbox without /proc), what the limit or the machine has beside the process itself.
 */
export function availableMemory(): number {
  const total = totalmem();
  const machine = freemem() || Math.max(0, total - ownMemory());
  const limit = process.constrainedMemory();
  if (!(limit > 0 && limit < total)) return machine;
  const used = usedByGroup();
  if (used !== undefined) return Math.min(machine, Math.max(process.availableMemory(), limit - used));
  // Node says 0 where it cannot know as well as where nothing is left.
  return Math.min(machine, process.availableMemory() || Math.max(0, limit - ownMemory()));
}

/** Bytes that this process holds, as far as it can be known. */
function ownMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    const { total_heap_size, external_memory } = getHeapStatistics();
    return total_heap_size + external_memory;
  }
}

/** What a control group's version calls its files: of its use, and of cached files that nobody uses. */
const GROUPS = [
  { line: /^0::(.*)$/m, root: '/sys/fs/cgroup', used: 'memory.current', cached: /^inactive_file (\d+)$/m },
  {
    line: /^\d+:(?:\w+,)*memory(?:,\w+)*:(.*)$/m,
    root: '/sys/fs/cgroup/memory',
    used: 'memory.usage_in_bytes',
    cached: /^total_inactive_file (\d+)$/m,
  },
];

/** Bytes that the control group uses for other than unused cached files; undefined where it does not say. */
function usedByGroup(): number | undefined {
  for (const { line, root, used, cached } of GROUPS) {
    try {
      const path = line.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
      const folder = `${root}${path === '/' ? '' : path}`;
      const unused = cached.exec(readFileSync(`${folder}/memory.stat`, 'utf8'))?.[1];
      return Number(readFileSync(`${folder}/${used}`, 'utf8')) - Number(unused ?? 0);
    } catch {
      continue; // not Linux, or the other version
    }
  }
  return undefined;
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
