#!/usr/bin/env node
// Checks what the main job has written: node scripts/check-run.mjs <folder> [<folder of another run of the same input>]
// With two folders, also that both runs found the same: entropies to 1e-3 relative, accuracies to one point in a hundred.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runProblems, summaryProblems } from './lib/summary.mjs';

/** @typedef {import('./lib/summary.mjs').Summary} Summary */

/**
 * @param {string} folder
 * @returns {{ summary: Summary | null, problems: string[] }}
 */
function readRun(folder) {
  /** @param {string} name */
  const start = (name) => readFileSync(join(folder, name)).subarray(0, 15).toString('latin1').toLowerCase();
  try {
    const summary = /** @type {Summary} */ (JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
    const problems = summaryProblems(summary);
    if (!start('report.html').startsWith('<!doctype html>')) problems.push('report.html is not an HTML page');
    const archives = readdirSync(folder).filter((name) => name.endsWith('.npz'));
    if (archives.length === 0) problems.push('there are no positions (.npz)');
    for (const name of archives)
      if (!start(name).startsWith('pk')) problems.push(`${name} is not a ZIP archive`);
    return { summary, problems };
  } catch (error) {
    return { summary: null, problems: [String(error)] };
  }
}

const [folder, other] = process.argv.slice(2);
if (!folder) {
  console.error('Usage: node scripts/check-run.mjs <folder> [<other folder>]');
  process.exitCode = 2;
} else {
  const first = readRun(folder);
  const second = other ? readRun(other) : null;
  const problems = [...first.problems, ...(second?.problems ?? [])];
  if (first.summary && second?.summary && problems.length === 0) {
    problems.push(...runProblems(first.summary, second.summary));
  }
  for (const problem of problems) console.error(`${folder}: ${problem}`);
  if (problems.length === 0) {
    const backends = [first, second].flatMap((run) => run?.summary?.backend ?? []);
    console.log(`${folder}: ${first.summary?.runs.length} runs, well formed (${backends.join(', ')})`);
  }
  process.exitCode = problems.length === 0 ? 0 : 1;
}
