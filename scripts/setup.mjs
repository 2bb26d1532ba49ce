#!/usr/bin/env node
// Sets the project up, on Node's built-ins alone: system packages, npm dependencies, the native addon, TypeScript.
//   node scripts/setup.mjs [--for start|test|package] [--quiet]
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { browserStep } from './lib/browser.mjs';
import { dependenciesStep } from './lib/dependencies.mjs';
import { withLock } from './lib/lock.mjs';
import { addonStep, mpiStep, nativeTestsStep } from './lib/native.mjs';
import { requireNode } from './lib/node-version.mjs';
import { packagesStep } from './lib/packages.mjs';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { detectSystem } from './lib/requirements.mjs';
import { checkInterrupted, interruptible, runMain } from './lib/run.mjs';
import { createReporter } from './lib/steps.mjs';
import { typescriptStep } from './lib/typescript.mjs';

/** @typedef {import('./lib/steps.mjs').Outcome} Outcome */
/** @typedef {'start' | 'test' | 'package'} Purpose */

/** @type {readonly Purpose[]} */
const PURPOSES = ['start', 'test', 'package'];

/**
 * Brings the project into a state in which the main job runs, or the tests do. What stands already is left alone. Where
 * the addon cannot be built it says what is missing and leaves the TensorFlow.js fallback.
 *
 * @param {object} [options]
 * @param {Purpose} [options.purpose] for `test`, the tests of the native code and a browser too; for `package`, no more
 *   than npm packs: the library, not the addon, which is built where the package is installed
 * @param {boolean} [options.ranks] whether runs over ranks are wanted, which Open MPI is for; the tests want them
 * @param {boolean} [options.quiet] print problems only
 * @param {boolean} [options.retry] try again what failed before on the same sources
 * @param {string} [options.root] the project's folder
 * @param {import('./lib/requirements.mjs').System} [options.system]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {{ write(text: string): unknown }} [options.stream] where it says what it does
 * @returns {Promise<{ ok: boolean, outcomes: Record<string, Outcome> }>} `ok` is false where the main job cannot run.
 *   Throws Interrupted on Ctrl-C.
 */
export async function setup({
  purpose = 'start',
  ranks = false,
  quiet = false,
  retry = false,
  root = projectRoot,
  system = detectSystem(),
  env = process.env,
  stream = process.stderr,
} = {}) {
  requireNode(root);
  const paths = projectPaths(root);
  const context = {
    paths,
    system,
    forTests: purpose === 'test',
    forMpi: ranks || purpose === 'test',
    retry,
    env,
  };
  const steps =
    purpose === 'package'
      ? [dependenciesStep, typescriptStep]
      : [packagesStep, dependenciesStep, addonStep, typescriptStep];
  if (context.forMpi) steps.push(mpiStep);
  if (purpose === 'test') steps.push(nativeTestsStep, browserStep);
  const plan = steps.map((step) => step(context));
  const reporter = createReporter({ quiet, stream });
  /** @type {Record<string, Outcome>} */
  const outcomes = {};

  const work = async () => {
    for (const step of plan) {
      checkInterrupted();
      const found = step.check();
      if (found.status === 'needed') {
        const start = performance.now();
        reporter.started(step.name, found.detail);
        outcomes[step.name] = await step.run();
        reporter.ended(step.name, outcomes[step.name], (performance.now() - start) / 1000);
      } else {
        outcomes[step.name] = found;
        reporter.ended(step.name, found);
      }
      if (outcomes[step.name].status === 'failed') break;
    }
  };
  /** @param {{ pid: number } | null} holder */
  const onWait = (holder) =>
    reporter.note(`waiting for another set-up${holder ? ` (process ${holder.pid})` : ''}`);
  // Where all stands, nothing is written, not even the lock: the project may be on a disk that can only be read.
  if (plan.every((step) => step.check().status !== 'needed')) await work();
  else await interruptible(() => withLock(paths.lock, work, { onWait, check: checkInterrupted }));
  return { ok: Object.values(outcomes).every(({ status }) => status !== 'failed'), outcomes };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const named = args.includes('--for') ? args[args.indexOf('--for') + 1] : 'start';
  const purpose = PURPOSES.find((name) => name === named);
  const known = args.filter((arg, i) => arg === '--quiet' || arg === '--for' || args[i - 1] === '--for');
  if (known.length !== args.length || !purpose) {
    console.error(`Usage: npm run setup -- [--for ${PURPOSES.join('|')}] [--quiet]`);
    process.exitCode = 2;
  } else {
    const options = { purpose, quiet: args.includes('--quiet'), retry: true };
    await runMain(async () => ((await setup(options)).ok ? 0 : 1));
  }
}
