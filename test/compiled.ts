// What users run: the library as dist/ holds it. Programs start from it in a tenth of the time that compiling the sources
// takes at each start.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, build } from 'esbuild';
import { projectPaths, projectRoot } from '../scripts/lib/project.mjs';
import { filesBelow } from '../scripts/lib/stamp.mjs';
import { typescriptStep } from '../scripts/lib/typescript.mjs';

const paths = projectPaths(projectRoot);
let known = false;

/** The path of a module below dist/. Throws where dist/ is not what ts/ compiles to; `npm test` sees to it. */
export function compiled(module: string): string {
  known ||= isCurrent();
  if (!known) throw new Error('dist/ is older than ts/: npm run build:ts');
  return join(paths.dist, module);
}

/** Files of tests find what lies beside them, wherever the joined program is. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]test[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: 'ts',
    }));
  },
};

/**
 * A program of the tests, joined with the sources that it imports into one file, which a process starts in a tenth of
 * the time that it takes to compile them one by one.
 */
export async function joined(source: string): Promise<string> {
  const outfile = join(
    projectRoot,
    'build',
    'programs',
    String(process.pid),
    basename(source).replace(/ts$/, 'js'),
  );
  await build({
    entryPoints: [join(projectRoot, source)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    plugins: [ownPlaces],
  });
  process.once('exit', () => rmSync(dirname(outfile), { recursive: true, force: true }));
  return outfile;
}

function isCurrent(): boolean {
  const built = statSync(paths.commandLine, { throwIfNoEntry: false });
  if (!built) return false;
  const changed = filesBelow(join(projectRoot, 'ts')).some((file) => statSync(file).mtimeMs > built.mtimeMs);
  // A checkout gives unchanged files new times: then what they say decides.
  return !changed || typescriptStep({ paths }).check().status === 'unchanged';
}
