import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findCommand } from './requirements.mjs';
import { run } from './run.mjs';

/**
 * How this process may install system packages, or why it may not.
 *
 * @typedef {{ sudo: boolean, asksPassword: boolean } | { refusal: string }} Installer
 */

/**
 * @param {import('./requirements.mjs').System} system
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} [terminal] whether a user is there to type a password
 * @returns {Installer}
 */
export function installer(system, env, terminal = Boolean(process.stdin.isTTY && process.stderr.isTTY)) {
  if (env.RIDGEFLOW_NO_INSTALL === '1') return { refusal: 'RIDGEFLOW_NO_INSTALL=1 forbids installing' };
  if (system.family === 'other' || !findCommand('apt-get', env.PATH)) {
    return { refusal: 'only apt-get is used to install, and it is not here' };
  }
  if (system.root) return { sudo: false, asksPassword: false };
  if (!findCommand('sudo', env.PATH)) return { refusal: 'installing needs root, and there is no sudo' };
  const free = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore', env }).status === 0;
  if (free || terminal) return { sudo: true, asksPassword: !free };
  return { refusal: 'installing needs root, and sudo asks for a password' };
}

/**
 * Installs packages, leaving out those that this release does not have.
 *
 * @param {string[]} names
 * @param {Exclude<Installer, { refusal: string }>} how
 * @param {string} log
 */
export async function aptInstall(names, { sudo, asksPassword }, log) {
  if (asksPassword) spawnSync('sudo', ['-v'], { stdio: 'inherit' });
  /** @param {string[]} command */
  const asRoot = (...command) => {
    // C messages are parsed below; nothing may wait for an answer, not even sudo.
    const settings = ['env', 'LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=a'];
    const prefix = sudo ? ['sudo', '-n', ...settings] : settings;
    return run([...prefix, ...command], sudo ? { log, ownGroup: false } : { log });
  };
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  // An installation that somebody interrupted earlier makes every later one fail until this is run.
  await asRoot('dpkg', '--configure', '-a');
  await asRoot('apt-get', 'update');
  if (await asRoot(...install, ...names)) return;
  const unknown = unknownPackages(readFileSync(log, 'utf8'));
  const rest = names.filter((name) => !unknown.has(name));
  if (unknown.size > 0 && rest.length > 0) await asRoot(...install, ...rest);
}

/**
 * @param {string} output of apt-get, which refuses to install anything where one name is unknown
 * @returns {Set<string>} the names that it does not know
 */
export function unknownPackages(output) {
  const messages = /Unable to locate package (\S+)|Package '(\S+)' has no installation candidate/g;
  return new Set([...output.matchAll(messages)].map(([, located, candidate]) => located ?? candidate));
}
