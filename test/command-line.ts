import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { compiled } from './compiled.js';

/** The command line's program. */
export const main = compiled('cli/main.js');
/** Results of earlier runs are those of this file of tests. */
const caches = mkdtempSync(join(tmpdir(), 'ridgeflow-caches-'));
process.once('exit', () => rmSync(caches, { recursive: true, force: true }));

/** What a run of the command line left behind. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `ridgeflow`. `onStderr` sees what is printed as it comes, and can signal the process. */
export function ridgeflow(
  args: readonly string[],
  {
    cwd,
    env,
    onStderr,
  }: {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...process.env, XDG_CACHE_HOME: caches, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** An empty folder that goes away with the test. */
export function emptyFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Two classes of points in the plane, as CSV with a header; deterministic. */
export function twoClasses(folder: string, n = 60): string {
  const rows = Array.from({ length: n }, (_, i) => {
    const angle = i * 2.399963;
    const radius = Math.sqrt((i + 0.5) / n);
    return `${(radius * Math.cos(angle) + (i % 2) * 3).toFixed(5)},${(radius * Math.sin(angle)).toFixed(5)},${i % 2 ? 'right' : 'left'}`;
  });
  const file = join(folder, 'points.csv');
  writeFileSync(file, `x,y,label\n${rows.join('\n')}\n`);
  return file;
}
