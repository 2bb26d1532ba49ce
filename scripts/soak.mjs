#!/usr/bin/env node
// Runs what long-lived programs do to the library, over and over. `npm run soak -- workers [--count 300]`: workers that are
// started, compute, and end or are terminated, while the main thread never computes. A crash ends this process. The other
// kinds are those of test/soak/run.ts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { builtAddon } from './lib/native.mjs';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { runMain } from './lib/run.mjs';

/** What test/soak/run.ts runs. */
const OTHERS = ['concurrent', 'leaks', 'kills', 'disk-full', 'memory', 'streams', 'delays', 'mpi'];
/** glibc gives freed memory back at once, so that what a process has is what it uses. */
const EAGER_ALLOCATOR = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '65536',
  MALLOC_MMAP_THRESHOLD_: '65536',
};
const AT_ONCE = 25;
const SHORTEST = 10; // milliseconds that a worker is left alone
const LONGEST = 250;

/** Loops of small calls: at once, off the event loop, and refused. `rounds` of them, or for ever. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const addon = require(workerData.addon);
  const call = (n) => {
    const queries = new Float32Array(n * 3).fill(1);
    return addon.score({ queries, centres: queries, n, m: n, d: 3, variance: 1, mean: new Float32Array(n * 3) });
  };
  (async () => {
    parentPort.postMessage('busy');
    for (let round = 0; round < workerData.rounds; round++) {
      for (let i = 0; i < 50; i++) call(4);
      const pending = [call(120), call(120)];
      for (let i = 0; i < 50; i++) {
        try {
          addon.score({ n: -1 });
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
      }
      await Promise.all(pending);
    }
  })();
`;

/**
 * @param {string} addon
 * @param {number} index of the worker
 * @returns {Promise<void>} when it has ended
 */
async function runWorker(addon, index) {
  const endsItself = index % 5 === 0;
  const workerData = { addon, rounds: endsItself ? 3 : Infinity };
  const worker = new Worker(PROGRAM, { eval: true, workerData });
  const ended = new Promise((resolve, reject) => {
    worker.once('exit', resolve);
    worker.once('error', reject);
  });
  if (!endsItself) {
    // Some are ended while they load the addon, the others amid their calls.
    if (index % 3 !== 0)
      await Promise.race([new Promise((resolve) => worker.once('message', resolve)), ended]);
    const wait = SHORTEST + ((index * 37) % (LONGEST - SHORTEST));
    await new Promise((resolve) => setTimeout(resolve, wait));
    await worker.terminate();
  }
  await ended;
}

/**
 * @param {string} addon
 * @param {number} count
 */
async function soakWorkers(addon, count) {
  await runWorker(addon, 0); // one alone, with which the last environment of the addon ends
  await new Promise((resolve) => setTimeout(resolve, LONGEST));
  for (let first = 1; first < count; first += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    await Promise.all(batch.map((index) => runWorker(addon, index)));
  }
  console.log(`${count} workers started, busy and ended`);
}

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { count: { type: 'string', default: '300' } },
  });
  if (OTHERS.includes(positionals[0])) {
    const flags = ['--import=tsx', '--expose-gc', join(projectRoot, 'test', 'soak', 'run.ts')];
    const env = { ...process.env, ...(positionals[0] === 'leaks' ? EAGER_ALLOCATOR : {}) };
    const args = [...flags, ...process.argv.slice(2)];
    return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
  }
  const addon = process.env.RIDGEFLOW_ADDON || builtAddon(projectPaths(projectRoot));
  const count = Number(values.count);
  if (positionals[0] !== 'workers' || !(Number.isInteger(count) && count > 0)) {
    console.error(`Expected npm run soak -- workers|${OTHERS.join('|')} [--count N]`);
    return 2;
  }
  if (!addon) {
    console.error('The native addon has not been built: run `npm run build:native`');
    return 1;
  }
  await soakWorkers(addon, count);
  return 0;
});
