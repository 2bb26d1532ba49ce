#!/usr/bin/env node
// The speed of this machine's package beside that of the local build: the same benchmarks in turn, on an idle machine.
//   npm run prebuild:speed -- [score entropy …] [--rounds 5] [--threads 1] [--quick]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { builtAddon } from './lib/native.mjs';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { TARGETS } from './prebuild/targets.mjs';

/** What goes through kernels of our own, through OpenBLAS, and through both. */
const SUITES = ['score', 'entropy', 'transport', 'radon'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, threads: { type: 'string', default: '1' }, quick: { type: 'boolean', default: false } }, // prettier-ignore
});
const target = TARGETS.find(({ os, cpu, libc }) => os === process.platform && cpu === process.arch && libc !== 'musl'); // prettier-ignore
const packaged = join(projectRoot, 'build', 'prebuild', target?.name ?? '', 'package', 'ridgeflow.node');
const local = builtAddon(projectPaths(projectRoot));
if (!target || !local || !existsSync(packaged))
  throw new Error(`npm run build and npm run prebuild -- ${target?.name ?? '…'} first`);

/**
 * @param {string} addon
 * @returns {Map<string, number>} seconds of each workload
 */
function measure(addon) {
  const bench = ['--import=tsx', 'bench/run.ts', ...(positionals.length ? positionals : SUITES)];
  const { status, stdout } = spawnSync(
    process.execPath,
    [...bench, '--no-compare', '--json', ...(values.quick ? ['--quick'] : [])],
    {
      cwd: projectRoot,
      env: { ...process.env, RIDGEFLOW_ADDON: addon, RIDGEFLOW_THREADS: values.threads },
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (status !== 0) throw new Error(`the benchmarks failed with ${addon}`);
  /** @type {{ suite: string, workload: string, params: Record<string, unknown>, seconds: number }[]} */
  const records = JSON.parse(stdout);
  return new Map(
    records.map(({ suite, workload, params, seconds }) => [`${suite}/${workload} ${JSON.stringify(params)}`, seconds]), // prettier-ignore
  );
}

/** @param {number[]} list */
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/** @type {Map<string, number[]>} */
const ratios = new Map();
for (let round = 0; round < Number(values.rounds); round++) {
  // Each comes first in half of the rounds: a machine that warms up favours neither.
  const order = round % 2 === 0 ? [local, packaged] : [packaged, local];
  const seconds = new Map(order.map((addon) => [addon, measure(addon)]));
  for (const [workload, own] of seconds.get(local) ?? []) {
    const theirs = seconds.get(packaged)?.get(workload);
    if (theirs !== undefined) ratios.set(workload, [...(ratios.get(workload) ?? []), theirs / own]);
  }
}
for (const [workload, list] of ratios) {
  const [least, most] = [Math.min(...list), Math.max(...list)].map((ratio) => ratio.toFixed(2));
  console.log(`${workload}: ${median(list).toFixed(3)} of the local build's time (${least} to ${most})`);
}
const logarithms = [...ratios.values()].map((list) => Math.log(median(list)));
const mean = Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length);
console.log(`${target.name}: ${mean.toFixed(3)} of the local build's time over all, 1.03 is allowed`);
