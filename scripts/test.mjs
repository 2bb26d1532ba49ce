#!/usr/bin/env node
// Sets the project up and runs every test. Arguments go to AVA, which then runs alone: `npm test -- test/io.test.ts`.
// The last line is `N passed, N failed`, over all of them.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findBrowser } from './lib/browser.mjs';
import { createGoogleTestReader, sum, summaryLine, withExitCode } from './lib/counts.mjs';
import { packageBin, projectPaths, projectRoot } from './lib/project.mjs';
import { exitCodeOf, forwardSignals, runAsSelf, runMain } from './lib/run.mjs';
import { setup } from './setup.mjs';

/** @typedef {import('./lib/counts.mjs').Counts} Counts */
/** @typedef {import('./lib/steps.mjs').Outcome} Outcome */

const NONE = { passed: 0, failed: 0, skipped: 0 };
/** Options of AVA with which it does not run tests to the end. */
const INTERACTIVE = ['--watch', '-w', '--help', '--version', '--config'];
const paths = projectPaths(projectRoot);
/** Native tests mostly use one processor each: so many run at once. */
const SHARDS = Math.min(4, availableParallelism());

/** @param {Outcome} outcome */
const isFallback = ({ status }) => status === 'fallback';

/**
 * The native code: one failure for each part that should build and does not, none where the system cannot build it.
 *
 * @param {Record<string, Outcome>} outcomes of the set-up
 * @returns {Promise<Counts>}
 */
async function testNative(outcomes) {
  const builds = ['native addon', 'native tests'].map((name) => outcomes[name]);
  const broken = isFallback(outcomes['system packages']) ? 0 : builds.filter(isFallback).length;
  if (isFallback(outcomes['native tests'])) return { ...NONE, failed: broken };
  /** @type {string[]} the instruction sets of this processor, the best first */
  const targets = [];
  const runs = [await runGoogleTest(process.env.RIDGEFLOW_SIMD ?? '', targets)];
  const lower = targets.slice(1).filter((target) => target !== 'scalar');
  for (const target of lower) runs.push(await runGoogleTest(target));
  const counts = sum(...runs);
  return { ...counts, failed: counts.failed + broken };
}

/**
 * @param {string} simd the best instruction set that kernels may use, as RIDGEFLOW_SIMD has it
 * @param {string[]} [targets] takes the names that the tests say there are, of this and below
 * @returns {Promise<Counts>}
 */
async function runGoogleTest(simd, targets) {
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    runShard(simd, shard, shard === 0 ? targets : undefined),
  );
  return sum(...(await Promise.all(shards)));
}

/**
 * @param {string} simd
 * @param {number} shard of SHARDS, among which GoogleTest deals the tests out
 * @param {string[]} [targets]
 * @returns {Promise<Counts>}
 */
function runShard(simd, shard, targets) {
  const child = spawn(paths.nativeTests, ['--gtest_color=no'], {
    cwd: projectRoot,
    env: {
      ...process.env,
      RIDGEFLOW_SIMD: simd,
      GTEST_TOTAL_SHARDS: String(SHARDS),
      GTEST_SHARD_INDEX: String(shard),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const restore = forwardSignals(child);
  const reader = createGoogleTestReader();
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(line);
    reader.line(line);
    const named = /^SIMD targets: (.*)$/.exec(line);
    if (named) targets?.push(...named[1].toLowerCase().split(' '));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      restore();
      resolve(reader.finish(exitCodeOf(code, signal)));
    });
  });
}

/**
 * @param {string} ava AVA's command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Counts>}
 */
async function runAva(ava, args, env) {
  mkdirSync(paths.state, { recursive: true });
  const file = paths.stamp(`test-counts-${process.pid}`);
  const config = fileURLToPath(new URL('lib/ava.config.mjs', import.meta.url));
  const exitCode = await runAsSelf([process.execPath, ava, '--config', config, ...args], {
    cwd: projectRoot,
    env: { ...env, RIDGEFLOW_TEST_COUNTS: file },
  });
  try {
    /** @type {Counts} */
    const counts = JSON.parse(readFileSync(file, 'utf8'));
    return withExitCode(counts, exitCode);
  } catch {
    return withExitCode(null, exitCode);
  } finally {
    rmSync(file, { force: true });
  }
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const { ok, outcomes } = await setup({ purpose: 'test' });
  const ava = packageBin(projectRoot, 'ava', 'ava');
  if (!ok || !ava) {
    console.log(summaryLine({ ...NONE, failed: 1 }));
    return 1;
  }
  const browser = findBrowser();
  const env = browser ? { CHROMIUM_PATH: browser } : {};
  if (args.some((arg) => INTERACTIVE.includes(arg))) {
    return runAsSelf([process.execPath, ava, ...args], { cwd: projectRoot, env });
  }
  const native = args.length === 0 ? await testNative(outcomes) : null;
  const library = await runAva(ava, args, env);
  const total = sum(native ?? NONE, library);
  console.log();
  if (isFallback(outcomes['native addon'])) {
    console.log('THE NATIVE ADDON IS NOT BUILT: these tests ran on the TensorFlow.js fallback alone.');
    console.log(`(native addon: ${outcomes['native addon'].detail})`);
  }
  console.log(
    `native code  ${native ? summaryLine(native) : 'not run: the arguments are for the tests of the library'}`,
  );
  console.log(`library      ${summaryLine(library)}`);
  console.log(summaryLine(total));
  return total.failed === 0 ? 0 : 1;
});
