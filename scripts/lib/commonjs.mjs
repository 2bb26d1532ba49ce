import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { subpaths } from './entries.mjs';

/**
 * dist/cjs: what `require('ridgeflow')` finds. Node.js can require ES modules, but TypeScript lets CommonJS import
 * nothing that is declared as one (TS1479): so each entry is a line of CommonJS, beside the same declarations again.
 *
 * @param {string} dist
 */
export function writeCommonJs(dist) {
  const folder = join(dist, 'cjs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts') && !name.startsWith(`cjs${sep}`)) cpSync(join(dist, name), join(folder, name));
  }
  for (const name of subpaths()) {
    const file = join(folder, name, 'index.js');
    mkdirSync(dirname(file), { recursive: true });
    const module = relative(dirname(file), join(dist, name, 'index.js'))
      .split(sep)
      .join('/');
    writeFileSync(file, `'use strict';\nmodule.exports = require('${module}');\n`);
  }
}
