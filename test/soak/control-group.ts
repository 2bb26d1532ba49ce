import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The folder of a control group of this process's own with so much memory; undefined where none can be made. */
function controlGroup(bytes: number): string | undefined {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const second = /^0::(.*)$/m.exec(groups)?.[1] ?? '/';
  const first = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  const candidates = [
    ...(first === undefined
      ? []
      : [{ parent: `/sys/fs/cgroup/memory${first}`, limit: 'memory.limit_in_bytes' }]),
    { parent: `/sys/fs/cgroup${second}`, limit: 'memory.max' },
  ];
  for (const { parent, limit } of candidates) {
    const folder = join(parent, `ridgeflow-soak-${process.pid}`);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, limit), String(bytes));
      return folder;
    } catch {
      rmSync(folder, { recursive: true, force: true, maxRetries: 0 });
    }
  }
  return undefined;
}

/**
 * Runs a module, by its address, in a control group with so much memory; how it ended, and with what it printed behind
 * that. Throws where no such group can be made.
 */
export async function inControlGroup(
  bytes: number,
  module: string,
  { execArgv = [], args = [] }: { execArgv?: string[]; args?: string[] } = {},
): Promise<string> {
  const group = controlGroup(bytes);
  if (group === undefined)
    throw new Error('Cannot make a control group with a limit of memory: run it as root');
  try {
    const child = fork(fileURLToPath(module), [group, ...args], {
      execArgv: ['--import=tsx', ...execArgv],
      stdio: 'inherit',
    });
    return await new Promise<string>((resolve) =>
      child.on('exit', (code, signal) => resolve(String(signal ?? code))),
    );
  } finally {
    await remove(group);
  }
}

/** A group can be removed when the last of its processes has gone, which may be a moment after their parent. */
async function remove(group: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(100);
    }
  }
}

/** Whether this process was started by {@link inControlGroup} to run this module; then it is in its group from here on. */
export function isInControlGroup(module: string): boolean {
  if (process.argv[1] !== fileURLToPath(module)) return false;
  writeFileSync(join(process.argv[2], 'cgroup.procs'), String(process.pid));
  return true;
}
