import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * The places that the set-up reads and writes below `root`.
 *
 * @param {string} root
 */
export function projectPaths(root) {
  const state = join(root, 'build', 'setup');
  return {
    root,
    /** Stamps, logs and the lock of the set-up. */
    state,
    lock: join(state, 'lock'),
    /** @param {string} name */
    stamp: (name) => join(state, `${name}.json`),
    /** @param {string} name */
    log: (name) => join(state, `${name}.log`),
    addonFolder: join(root, 'build', 'Release'),
    nativeTests: join(root, 'build', 'native-tests', 'ridgeflow_native_tests'),
    dist: join(root, 'dist'),
    commandLine: join(root, 'dist', 'cli', 'main.js'),
  };
}

/** @typedef {ReturnType<typeof projectPaths>} ProjectPaths */

/**
 * The script behind a command of an installed package, found from `root` as Node finds modules.
 *
 * @param {string} root
 * @param {string} packageName
 * @param {string} command
 * @returns {string | null} null where the package is not installed
 */
export function packageBin(root, packageName, command) {
  for (let folder = root; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', packageName);
    const manifest = join(home, 'package.json');
    if (existsSync(manifest)) {
      /** @type {{ bin?: string | Record<string, string> }} */
      const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
      const script = typeof bin === 'string' ? bin : bin?.[command];
      return script ? join(home, script) : null;
    }
    if (folder === dirname(folder)) return null;
  }
}
