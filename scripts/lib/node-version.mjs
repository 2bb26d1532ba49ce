import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Why this Node.js cannot run the project, with the remedy; null where it can.
 *
 * @param {string} version for example '20.19.0'
 * @param {string} range package.json's engines.node, of the form '>=20.19'
 * @returns {string | null}
 */
export function nodeVersionProblem(version, range) {
  const wanted = range.replace(/[^\d.]/g, '');
  const [major, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor = 0] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return (
    `ridgeflow needs Node.js ${wanted} or newer, and this is ${version} (${process.execPath}).\n` +
    'Bring a newer one with your version manager (for example `nvm install 22`) or from https://nodejs.org'
  );
}

/**
 * Ends the process with a clear message where Node.js is too old.
 *
 * @param {string} root
 */
export function requireNode(root) {
  /** @type {{ engines: { node: string } }} */
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const problem = nodeVersionProblem(process.versions.node, engines.node);
  if (problem) {
    console.error(problem);
    process.exit(1);
  }
}
