#!/usr/bin/env node
// Joins the modules that tsc wrote to dist/ into few files: importing some hundred small ones would take longer than
// most calls. What is imported lazily stays apart; declarations and the files that the report reads stay as they are.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { writeCommonJs } from './lib/commonjs.mjs';
import { completeDeclarations } from './lib/declarations.mjs';
import { entryPoints } from './lib/entries.mjs';
import { writeFoundation } from './lib/foundation.mjs';
import { projectRoot } from './lib/project.mjs';

const dist = join(projectRoot, 'dist');
/** Read as text, not imported. */
const ASSETS = join('report', 'client');

const joined = mkdtempSync(join(dist, '.bundle-'));
try {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    entryPoints: entryPoints(dist),
    outdir: joined,
    outbase: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    // Importing takes time for every byte that is compiled. Names stay, for messages and stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'warning',
  };
  const foundation = join(joined, 'foundation.js');
  await writeFoundation(dist, options, foundation);
  await build({ ...options, inject: [foundation] });
  rmSync(foundation);
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const kept = name.startsWith('.bundle-') || name.startsWith(ASSETS);
    if (!kept && /\.js(\.map)?$/.test(name)) rmSync(join(dist, name));
  }
  cpSync(joined, dist, { recursive: true });
} finally {
  rmSync(joined, { recursive: true, force: true });
}
completeDeclarations(dist);
writeCommonJs(dist);
