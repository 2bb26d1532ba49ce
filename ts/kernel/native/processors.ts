import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/**
 * The processors that this process may use: those of its affinity, and no more than the quota of its control groups
 * pays for, rounded up. A container that may use two processors' time on a machine of 64 cores would be held up for
 * most of every period by the quota if it started 64 threads.
 */
export function processorsForThisProcess(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cpuQuota(readText))));
}

/**
 * The processors' worth of time that the control groups of this process allow, Infinity where nothing limits it. Both
 * versions of control groups are read: `cpu.max` along the path of version 2, and `cpu.cfs_quota_us` of version 1. A
 * group's limit holds for the groups below it, so the smallest on the way to the root counts. Inside a container the
 * path may be that of the host, which is not there: then the root of the mount is the container's own group.
 *
 * @param read the text of a file, undefined where it cannot be read
 */
export function cpuQuota(read: (file: string) => string | undefined): number {
  let quota = Infinity;
  for (const line of read('/proc/self/cgroup')?.split('\n') ?? []) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === '') {
      for (const group of groupsUpward(path)) {
        const [limit, period] = (read(posix.join('/sys/fs/cgroup', group, 'cpu.max')) ?? '')
          .trim()
          .split(/\s+/);
        quota = Math.min(quota, ratio(limit, period));
      }
    } else if (controllers.split(',').includes('cpu')) {
      for (const group of groupsUpward(path)) {
        const file = (name: string) => read(posix.join('/sys/fs/cgroup/cpu', group, name))?.trim();
        quota = Math.min(quota, ratio(file('cpu.cfs_quota_us'), file('cpu.cfs_period_us')));
      }
    }
  }
  return quota;
}

/** A group's path and those above it, up to the root. */
function groupsUpward(path: string): string[] {
  const groups: string[] = [];
  for (let group = posix.normalize(path); ; group = posix.dirname(group)) {
    groups.push(group);
    if (group === '/') return groups;
  }
}

/** Microseconds of processor time in a period; `max` and -1 are without limit. */
function ratio(limit: string | undefined, period: string | undefined): number {
  const [time, span] = [Number(limit || NaN), Number(period || NaN)];
  return time > 0 && span > 0 ? time / span : Infinity;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // not Linux, or no such group
  }
}
