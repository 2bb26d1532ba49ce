import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Peak resident memory, in MiB, that a fresh process needs for `work` beyond what it had after `prepare`. Both are
 * bodies of async functions; what `prepare` returns is `state` in `work`. Modules are given by absolute URL.
 */
export function extraMemory(prepare: string, work: string): Promise<number> {
  return numberFrom(`
    const prepare = async () => { ${prepare} };
    const work = async (state) => { ${work} };
    const state = await prepare();
    const before = process.resourceUsage().maxRSS;
    await work(state);
    console.log((process.resourceUsage().maxRSS - before) / 1024);`);
}

/** Peak resident memory in all, in MiB, of a fresh process that does `work`, the body of an async function. */
export function peakMemory(work: string): Promise<number> {
  return numberFrom(`
    const work = async () => { ${work} };
    await work();
    console.log(process.resourceUsage().maxRSS / 1024);`);
}

/** What a script prints in a process of its own. */
async function numberFrom(script: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import=tsx',
    '--input-type=module',
    '-e',
    script,
  ]);
  return Number(stdout.trim());
}
