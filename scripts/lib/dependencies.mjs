import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorLines, run } from './run.mjs';

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 */

/**
 * Whether node_modules holds what package-lock.json asks for. npm itself keeps the record, in
 * node_modules/.package-lock.json, and writes it last: an installation that was interrupted has none. Packages beyond
 * those in the lock file, such as an optional peer that the user has added, do no harm.
 *
 * @param {string} root
 * @returns {boolean}
 */
export function dependenciesMatch(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    if (!there) return entry.optional === true && !isForThisPlatform(entry);
    return there.version === entry.version && existsSync(join(root, path));
  });
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | null}
 */
function readPackages(file) {
  try {
    /** @type {{ packages?: Record<string, LockedPackage> }} */
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    return lock.packages ?? null;
  } catch {
    return null;
  }
}

/**
 * Whether an optional package is one of a family of builds, and the one for this machine. The others are rightly absent.
 *
 * @param {LockedPackage} entry
 */
function isForThisPlatform({ os, cpu, libc }) {
  return Boolean(os?.includes(process.platform) && cpu?.includes(process.arch) && !libc);
}

/**
 * The npm that runs this script, or else the one on PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
export function npmCommand(env) {
  const script = env.npm_execpath;
  return script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ['npm'];
}

/**
 * The npm dependencies.
 *
 * @param {import('./steps.mjs').Context} context
 * @returns {import('./steps.mjs').Step}
 */
export function dependenciesStep({ paths, env }) {
  const log = paths.log('dependencies');
  return {
    name: 'npm dependencies',
    check() {
      if (dependenciesMatch(paths.root)) return { status: 'unchanged', detail: 'up to date' };
      return { status: 'needed', detail: 'installing what package-lock.json lists' };
    },
    async run() {
      rmSync(join(paths.root, 'node_modules', '.package-lock.json'), { force: true });
      rmSync(log, { force: true });
      // The addon is built by the next step, which reports better than an install script can.
      const command = [
        ...npmCommand(env),
        'ci',
        '--ignore-scripts',
        '--include=dev',
        '--no-audit',
        '--no-fund',
      ];
      if (await run(command, { log, cwd: paths.root })) return { status: 'done', detail: 'installed' };
      return { status: 'failed', detail: `npm ci failed (log: ${log})`, lines: errorLines(log) };
    },
  };
}
