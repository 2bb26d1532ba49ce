#!/usr/bin/env node
// The package's install script: builds the native addon where the system has what that takes. It never fails: without
// the addon the library computes on TensorFlow.js. In a checkout of the repository it leaves the work to setup.mjs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon, buildMpiAddon } from './lib/native.mjs';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { detectSystem, findCommand, installCommands, missingRequirements } from './lib/requirements.mjs';
import { interruptible } from './lib/run.mjs';

const again = 'npm rebuild ridgeflow';

/** @returns {Promise<string[]>} what happened, and how to get the fast path */
async function install() {
  const paths = projectPaths(projectRoot);
  const log = paths.log('native');
  const system = detectSystem();
  const missing = missingRequirements(system, { forTests: false });
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    const here = commandHere(installCommands(missing, system), system);
    return without(`it needs ${names}`, `${here ?? `install ${names}`}, then ${again}`);
  }
  if (await interruptible(() => buildAddon(paths, log))) {
    // For runs over ranks, where there is MPI; nobody else misses it.
    if (findCommand('mpicxx')) await interruptible(() => buildMpiAddon(paths, paths.log('mpi')));
    return ['ridgeflow: built the native addon.', '`npx ridgeflow doctor` shows what it uses.'];
  }
  return without(`the build failed (log: ${log})`, again);
}

/**
 * @param {ReturnType<typeof installCommands>} commands
 * @param {import('./lib/requirements.mjs').System} system
 */
function commandHere({ debian, fedora, macos }, { family }) {
  if (family !== 'other') return debian;
  if (process.platform === 'darwin') return macos;
  return findCommand('dnf') ? fedora : undefined;
}

/**
 * @param {string} why
 * @param {string} remedy
 */
function without(why, remedy) {
  return [
    `ridgeflow: no native addon, ${why}. It computes on TensorFlow.js instead, more slowly.`,
    `To have the addon: ${remedy}`,
  ];
}

const isCheckout = existsSync(join(projectRoot, 'ts'));
if (!isCheckout) {
  const lines = await install().catch((error) => without(String(error), again));
  console.log(lines.join('\n'));
}
