// The conformance suite as files that Node.js runs by itself: where a processor is emulated, compiling there takes too long.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { npmCommand } from '../lib/dependencies.mjs';
import { projectRoot } from '../lib/project.mjs';

/** Of the backend that needs no addon. */
const OTHERS = ['tfjs'];

/** The subjects of the suite: `score` for test/conformance-score.test.ts, and `conformance` for what all kernels share. */
export const SUITES = readdirSync(join(projectRoot, 'test'))
  .flatMap(
    (name) => /^(conformance(?:-(.+))?)\.test\.ts$/.exec(name)?.slice(1, 3).filter(Boolean).at(-1) ?? [],
  )
  .filter((name) => !OTHERS.includes(name));

/** @param {string} suite */
const fileOf = (suite) => (suite === 'conformance' ? suite : `conformance-${suite}`);

/**
 * Writes the suite into `folder`, anew, with AVA and what AVA needs beside it. TensorFlow.js is not there: the native
 * backend is the only one that loads.
 *
 * @param {string} folder
 * @param {readonly string[]} suites
 * @returns {Promise<{ ava: string[], files: string[] }>} the arguments of Node.js, and the files for AVA, one each
 */
export async function writeConformance(folder, suites) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: suites.map((suite) => join(projectRoot, 'test', `${fileOf(suite)}.test.ts`)),
    outdir: join(folder, 'test'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  for (const location of packagesOf('ava')) cpSync(join(projectRoot, location), join(folder, location), { recursive: true }); // prettier-ignore
  const ava = { files: ['test/*.test.mjs'], timeout: '3h', concurrency: 1, workerThreads: true };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', ava }));
  return {
    // In threads: a process of an emulated processor cannot start another.
    ava: ['node_modules/ava/entrypoints/cli.mjs', '--match=*native*'],
    files: suites.map((suite) => `test/${fileOf(suite)}.test.mjs`),
  };
}

/**
 * Where a package and all that it needs are installed.
 *
 * @param {string} name
 */
function packagesOf(name) {
  const [command, ...args] = [...npmCommand(process.env), 'query', `#${name}, #${name} *`];
  const { stdout } = spawnSync(command, args, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 1 << 28 });
  /** @type {{ location: string }[]} */
  const found = JSON.parse(stdout);
  return found.map(({ location }) => location).filter((location) => existsSync(join(projectRoot, location)));
}
