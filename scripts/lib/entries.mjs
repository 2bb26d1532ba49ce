import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project.mjs';

/**
 * The subpaths of the package that hold code, from its own `exports`: '.' and './transport' and their like.
 *
 * @returns {string[]}
 */
export function subpaths() {
  /** @type {{ exports: Record<string, unknown> }} */
  const { exports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  return Object.keys(exports).filter((name) => /^\.(\/[a-z]+)?$/.test(name));
}

/**
 * The modules of dist/ that are imported or run by name.
 *
 * @param {string} dist
 * @returns {string[]}
 */
export function entryPoints(dist) {
  const names = [...subpaths().map((name) => join(name, 'index.js')), 'cli/main.js', 'io/decode-process.js'];
  const files = names.map((name) => join(dist, name));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`not compiled: ${missing.join(', ')}`);
  return files;
}
