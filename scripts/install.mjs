#!/usr/bin/env node
// The package's install script: builds the native addon where the system has what that takes. It never fails: without
// the addon the library computes on TensorFlow.js. In a checkout of the repository it leaves the work to setup.mjs.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon } from './lib/native.mjs';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { detectSystem, installCommands, missingRequirements } from './lib/requirements.mjs';
import { interruptible } from './lib/run.mjs';

/** @returns {Promise<string[]>} what happened, and how to get the fast path */
async function install() {
  const paths = projectPaths(projectRoot);
  const log = paths.log('native');
  const system = detectSystem();
  const missing = missingRequirements(system, { forTests: false });
  if (missing.length > 0) {
    const commands = installCommands(missing, system);
    const here = system.family === 'other' ? otherSystem(commands) : commands.debian;
    const names = missing.map(({ name }) => name).join(', ');
    return without(`it needs ${names}`, `${here} && npm rebuild ridgeflow`);
  }
  if (await interruptible(() => buildAddon(paths, log))) {
    return ['ridgeflow: built the native addon.', '`npx ridgeflow doctor` shows what it uses.'];
  }
  return without(`the build failed (log: ${log})`, 'npm rebuild ridgeflow');
}

/** @param {ReturnType<typeof installCommands>} commands */
function otherSystem({ fedora, macos }) {
  return process.platform === 'darwin' ? macos : fedora;
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
  const lines = await install().catch((error) => without(String(error), 'npm rebuild ridgeflow'));
  console.log(lines.join('\n'));
}
