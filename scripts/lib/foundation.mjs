import { writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { subpaths } from './entries.mjs';

/** A module that so many subjects import is joined with all the others of the kind, into one file. */
const SUBJECTS = 4;

/**
 * Writes a module that imports what many subjects need. Where every module of a build imports it (esbuild's `inject`),
 * all that it names is in one file; by itself esbuild makes a file for each set of entries that have a module in common,
 * some sixty, and Node.js takes longer to find and to link them than to compile what they hold. A subject alone loads with
 * it some modules that it does not need, of which there are fewer than it saves.
 *
 * @param {string} dist
 * @param {import('esbuild').BuildOptions} options of the build
 * @param {string} file where it goes, below `dist`
 */
export async function writeFoundation(dist, options, file) {
  const { metafile } = await build({ ...options, absWorkingDir: dist, write: false, metafile: true });
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of subpaths()) {
    if (name === '.') continue;
    for (const module of reached(join(name, 'index.js').split(sep).join('/'), metafile.inputs))
      counts.set(module, (counts.get(module) ?? 0) + 1);
  }
  const folder = relative(join(file, '..'), dist).split(sep).join('/');
  const shared = [...counts].flatMap(([module, count]) => (count < SUBJECTS ? [] : [module]));
  writeFileSync(file, shared.map((module) => `import '${folder}/${module}';\n`).join(''));
}

/**
 * A module and all that it loads at once.
 *
 * @param {string} entry
 * @param {import('esbuild').Metafile['inputs']} inputs
 * @returns {Set<string>} in the order in which they are evaluated
 */
function reached(entry, inputs) {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {Set<string>} */
  const evaluated = new Set();
  /** @param {string} module */
  const visit = (module) => {
    if (seen.has(module)) return;
    seen.add(module);
    for (const { path, kind, external } of inputs[module].imports)
      if (kind === 'import-statement' && !external) visit(path);
    evaluated.add(module);
  };
  visit(entry);
  return evaluated;
}
