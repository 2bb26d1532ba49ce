import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Every file below a file or folder, in an order that does not depend on the machine; none where it does not exist.
 *
 * @param {string} path
 * @returns {string[]}
 */
export function filesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/**
 * A digest of the names and contents of the files below `paths` (relative to `root`) and of further `facts`. It reads
 * the contents and not the times, because a checkout changes times without changing files, and the other way round.
 *
 * @param {string} root
 * @param {string[]} paths
 * @param {unknown[]} [facts]
 */
export function fingerprint(root, paths, facts = []) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    const content = readFileSync(file);
    hash.update(`\0${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * What a step of the set-up last did: the fingerprint of what it worked on, and whether it succeeded.
 *
 * @typedef {{ fingerprint: string, ok: boolean }} Stamp
 */

/**
 * @param {string} file
 * @returns {Stamp | null} null where there is none or it is damaged
 */
export function readStamp(file) {
  try {
    const stamp = /** @type {Partial<Stamp> | null} */ (JSON.parse(readFileSync(file, 'utf8')));
    if (!stamp?.fingerprint || typeof stamp.ok !== 'boolean') return null;
    return { fingerprint: stamp.fingerprint, ok: stamp.ok };
  } catch {
    return null;
  }
}

/**
 * @param {string} file
 * @param {Stamp} stamp
 */
export function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(stamp));
  renameSync(temporary, file);
}

/**
 * A step removes its stamp before it starts to work, so that one that is interrupted is never taken for done.
 *
 * @param {string} file
 */
export function clearStamp(file) {
  rmSync(file, { force: true });
}
