import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { entryPoints } from './entries.mjs';
import { lazyCommonJs } from './lazy-commonjs.mjs';
import { OPTIONAL } from './manifest.mjs';
import { projectRoot } from './project.mjs';

/** Files that the library reads by their names in a dependency (dependencyFile in ts/core/package-root.ts). */
const FILES = [
  'vega/LICENSE',
  'vega/build/vega.min.js',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm',
];

/** What CommonJS finds around it, for what was written in it. */
const COMMONJS = [
  `import { createRequire as __createRequire } from 'node:module';`,
  `import { dirname as __folderOf } from 'node:path';`,
  `import { fileURLToPath as __pathOf } from 'node:url';`,
  `const require = __createRequire(import.meta.url), __filename = __pathOf(import.meta.url), __dirname = __folderOf(__filename);`,
].join('');

/**
 * dist/ once more, with the dependencies inside: what each entry and each lazily loaded part needs of them, no more.
 *
 * @param {string} dist
 * @param {string} out
 * @returns {Promise<string[]>} the names of the packages of which something is inside
 */
export async function carryDependencies(dist, out) {
  const { metafile } = await build({
    entryPoints: entryPoints(dist),
    outdir: out,
    outbase: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // canvas: Vega would draw PNG with it, and does without.
    external: [...OPTIONAL, 'canvas'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: COMMONJS },
    plugins: [lazyCommonJs()],
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (name.startsWith('cjs')) continue;
    const read = name.startsWith(join('report', 'client')) && name.endsWith('.js');
    if (read || name.endsWith('.d.ts')) copy(join(dist, name), join(out, name));
  }
  for (const file of FILES) copy(join(projectRoot, 'node_modules', file), join(out, 'vendor', file));
  const names = Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? []); // prettier-ignore
  return [...new Set([...names, 'vega', '@tensorflow/tfjs-backend-wasm'])].sort();
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/**
 * The licences of the packages of which something is inside.
 *
 * @param {readonly string[]} names
 */
export function carriedLicences(names) {
  const rule = '='.repeat(100);
  return names
    .map((name) => {
      const folder = join(projectRoot, 'node_modules', name);
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${license}`;
      return `${rule}\n${name} ${version} (${license})\n${rule}\n\n${text}\n`;
    })
    .join('\n');
}
