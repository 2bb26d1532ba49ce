import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import { join } from 'node:path';
import { packageBin } from './project.mjs';
import { missingRequirements } from './requirements.mjs';
import { errorLines, run } from './run.mjs';
import { clearStamp, fingerprint, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {import('./project.mjs').ProjectPaths} ProjectPaths */
/** @typedef {import('./steps.mjs').Context} Context */
/** @typedef {import('./steps.mjs').Outcome} Outcome */
/** @typedef {import('./steps.mjs').Step} Step */

const SOURCES = ['CMakeLists.txt', 'cmake', 'native', 'bindings'];
const MEMORY_PER_JOB = 1.5 * 2 ** 30;

/** How many files to compile at once: vectorised templates need much memory, so few where there is little. */
export function buildJobs({ processors = os.availableParallelism(), memory = os.totalmem() } = {}) {
  return Math.max(1, Math.min(processors, Math.floor(memory / MEMORY_PER_JOB)));
}

/**
 * The first line that a tool prints about its version.
 *
 * @param {string} command
 */
function versionLine(command) {
  return spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';
}

/**
 * What the result of a build depends on, besides the sources.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
function toolchain(env) {
  const compiler = env.CXX ?? (versionLine('g++') ? 'g++' : 'clang++');
  const flags = ['CXX', 'CC', 'CXXFLAGS', 'LDFLAGS', 'CPATH', 'CMAKE_PREFIX_PATH'].map(
    (name) => env[name] ?? '',
  );
  return [
    process.platform,
    process.arch,
    versionLine(compiler),
    versionLine('cmake'),
    versionLine('mpicxx'),
    ...flags,
  ];
}

/**
 * The built addon, or null.
 *
 * @param {ProjectPaths} paths
 */
export function builtAddon({ addonFolder }) {
  const addon = join(addonFolder, 'ridgeflow.node');
  return existsSync(addon) ? addon : null;
}

/**
 * A build step that is skipped where its last result stands, good or bad.
 *
 * @param {Context} context
 * @param {object} build
 * @param {string} build.name
 * @param {string} build.id names its stamp and its log
 * @param {string[]} build.sources
 * @param {{ forTests?: boolean, forMpi?: boolean }} build.needs beyond what the addon does
 * @param {string} build.without what follows where it cannot be built
 * @param {() => boolean} build.built whether its result is there
 * @param {(log: string) => Promise<boolean>} build.make
 * @param {() => void} build.discard removes its result
 * @returns {Step}
 */
function buildStep({ paths, system, retry, env }, build) {
  const stamp = paths.stamp(build.id);
  const log = paths.log(build.id);
  const sources = () => fingerprint(paths.root, build.sources);
  const digest = () => `${sources()} ${fingerprint(paths.root, [], toolchain(env))}`;
  const missing = () =>
    missingRequirements(system, { forTests: false, forMpi: false, ...build.needs })
      .map(({ name }) => name)
      .join(', ');
  /**
   * @param {string} names
   * @returns {Outcome}
   */
  const impossible = (names) => ({
    status: 'fallback',
    detail: `not built, for want of ${names}`,
    lines: [build.without],
  });
  /**
   * @param {string} detail
   * @returns {Outcome}
   */
  const failed = (detail) => ({
    status: 'fallback',
    detail: `${detail} (log: ${log})`,
    lines: [...(existsSync(log) ? errorLines(log) : []), build.without],
  });
  return {
    name: build.name,
    check() {
      const last = readStamp(stamp);
      const names = missing();
      if (names) {
        if (!build.built()) return impossible(names);
        // What was built while the compiler was there is good for as long as the sources are the same.
        if (last?.ok && last.fingerprint.startsWith(sources()))
          return { status: 'unchanged', detail: 'up to date' };
        return { status: 'needed', detail: 'removing what was built from other sources' };
      }
      if (last?.fingerprint === digest()) {
        if (last.ok && build.built()) return { status: 'unchanged', detail: 'up to date' };
        if (!last.ok && !retry) return failed('the last build failed, `npm run setup` tries again');
      }
      const jobs = buildJobs();
      return { status: 'needed', detail: `building, ${jobs} ${jobs === 1 ? 'file' : 'files'} at a time` };
    },
    async run() {
      clearStamp(stamp);
      build.discard();
      const names = missing();
      if (names) return impossible(names);
      rmSync(log, { force: true });
      const before = digest();
      const ok = await build.make(log);
      if (!ok) build.discard();
      writeStamp(stamp, { fingerprint: before, ok });
      return ok ? { status: 'done', detail: 'built' } : failed('the build failed');
    },
  };
}

/**
 * The native addon, built by cmake-js into build/.
 *
 * @param {Context} context
 * @returns {Step}
 */
export function addonStep(context) {
  const { paths } = context;
  return buildStep(context, {
    name: 'native addon',
    id: 'native',
    sources: [...SOURCES, 'node_modules/node-addon-api/package.json', 'node_modules/cmake-js/package.json'],
    needs: {},
    without: 'Going on with TensorFlow.js: the same numbers, more slowly.',
    built: () => builtAddon(paths) !== null,
    make: (log) => buildAddon(paths, log),
    discard: () => rmSync(paths.addonFolder, { recursive: true, force: true }),
  });
}

/**
 * The GoogleTest program of the native code, from the same objects as the addon.
 *
 * @param {Context} context
 * @returns {Step}
 */
export function nativeTestsStep(context) {
  const { paths } = context;
  return buildStep(context, {
    name: 'native tests',
    id: 'native-tests',
    sources: [...SOURCES, 'test/native'],
    needs: { forTests: true },
    without: 'The tests of the native code will not run.',
    built: () => existsSync(paths.nativeTests),
    make: (log) => buildTarget(paths, log, 'ridgeflow_native_tests'),
    discard: () => rmSync(paths.nativeTests, { force: true }),
  });
}

/**
 * The addon for runs over ranks, which speaks MPI.
 *
 * @param {Context} context
 * @returns {Step}
 */
export function mpiStep(context) {
  const { paths } = context;
  const addon = join(paths.addonFolder, 'ridgeflow-mpi.node');
  return buildStep(context, {
    name: 'addon for MPI',
    id: 'mpi',
    sources: ['CMakeLists.txt', 'cmake', 'bindings', 'node_modules/node-addon-api/package.json'],
    needs: { forMpi: true },
    without: 'Nothing will run over ranks.',
    built: () => existsSync(addon),
    make: (log) => buildMpiAddon(paths, log),
    discard: () => rmSync(addon, { force: true }),
  });
}

/**
 * @param {ProjectPaths} paths
 * @param {string} log
 */
export function buildMpiAddon(paths, log) {
  return buildTarget(paths, log, 'ridgeflow_mpi');
}

/**
 * Builds the addon and tries to load it. Node-API's headers come with cmake-js: nothing is downloaded.
 *
 * @param {ProjectPaths} paths
 * @param {string} log
 * @returns {Promise<boolean>}
 */
export async function buildAddon(paths, log) {
  if (!(await buildTarget(paths, log, 'ridgeflow'))) return false;
  const addon = builtAddon(paths);
  const load = 'process.dlopen({ exports: {} }, process.argv[1])';
  return addon !== null && run([process.execPath, '-e', load, addon], { log });
}

/**
 * Configures a folder under cmake-js and builds one target there.
 *
 * @param {ProjectPaths} paths
 * @param {string} log
 * @param {'ridgeflow' | 'ridgeflow_mpi' | 'ridgeflow_native_tests'} target
 * @param {{ folder?: string, definitions?: string[] }} [options] where, build/ by default, and CMake's definitions `NAME=value`
 */
export async function buildTarget(paths, log, target, options = {}) {
  const { folder = join(paths.root, 'build'), definitions = [] } = options;
  const cmakeJs = packageBin(paths.root, 'cmake-js', 'cmake-js');
  if (!cmakeJs) return false;
  const cmake = [
    process.execPath,
    cmakeJs,
    '--directory',
    paths.root,
    '--out',
    folder,
    '--config',
    'Release',
  ];
  cmake.push(...definitions.map((definition) => `--CD${definition}`));
  const jobs = String(buildJobs());
  return buildTwice(folder, log, async () => {
    if (!(await run([...cmake, 'configure'], { log, cwd: paths.root }))) return false;
    return run([...cmake, '--parallel', jobs, '--target', target, 'build'], { log, cwd: paths.root });
  });
}

/**
 * Builds, and builds once more from nothing where what an earlier build left behind may be the reason why it failed: a
 * folder that has moved, another compiler, a file cut short. An error in the sources is not tried twice.
 *
 * @param {string} folder
 * @param {string} log
 * @param {() => Promise<boolean>} build
 */
async function buildTwice(folder, log, build) {
  const cache = join(folder, 'CMakeCache.txt');
  const hadCache = existsSync(cache);
  if (await build()) return true;
  if (!hadCache || /\berror: /.test(readFileSync(log, 'utf8'))) return false;
  for (const name of ['CMakeCache.txt', 'CMakeFiles', 'Makefile', 'build.ninja']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  return build();
}
