import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildTarget, builtAddon } from './native.mjs';
import { packageBin, projectPaths, projectRoot } from './project.mjs';

/**
 * One build with sanitizers.
 *
 * @typedef {object} Sanitizer
 * @property {string} name as -fsanitize has it
 * @property {Kind} kind
 * @property {string | undefined} target the one instruction set that it is compiled for; undefined: all
 * @property {string} folder of the build
 * @property {string} log
 * @property {string | undefined} library that must be loaded before Node.js, which is not compiled with it; undefined: not found
 */

/** @typedef {{ name: string, run: () => { ended: boolean, reports: string[] } }} Check */

const paths = projectPaths(projectRoot);

/**
 * @typedef {object} Kind
 * @property {string} id
 * @property {string} libraryName
 * @property {Record<string, string[]>} options of each run-time
 * @property {Record<string, string[]>} nodeOptions more of them under Node.js
 */

/**
 * Sanitizers that can be in one process together.
 *
 * @type {Readonly<Record<string, Kind | undefined>>}
 */
const KINDS = {
  'address,undefined': {
    id: 'asan',
    libraryName: 'libasan.so',
    options: {
      ASAN_OPTIONS: ['detect_stack_use_after_return=1', 'strict_string_checks=1'],
      UBSAN_OPTIONS: ['halt_on_error=1', 'print_stacktrace=1'],
      LSAN_OPTIONS: [],
    },
    // Node.js ends without freeing what it holds, and every call of ours begins in it: what calls leave behind is for
    // `npm run soak -- leaks` to measure.
    nodeOptions: { ASAN_OPTIONS: ['detect_leaks=0'] },
  },
  thread: {
    id: 'tsan',
    libraryName: 'libtsan.so',
    options: { TSAN_OPTIONS: ['second_deadlock_stack=1', 'history_size=4'] },
    // Node.js is not compiled with it: its atomics are not seen, so that its own accesses say nothing.
    nodeOptions: { TSAN_OPTIONS: ['ignore_noninstrumented_modules=1'] },
  },
};

/**
 * @param {string} name as -fsanitize has it
 * @param {string} [target] the one instruction set to compile for, in a fraction of the time
 * @returns {Sanitizer | undefined} undefined where there is none of that name
 */
export function sanitizerOf(name, target) {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined) return undefined;
  const id = target === undefined ? kind.id : `${kind.id}-${target}`;
  const print = `-print-file-name=${kind.libraryName}`;
  const library = spawnSync(process.env.CXX ?? 'g++', [print], { encoding: 'utf8' }).stdout?.trim();
  return {
    name,
    kind,
    target,
    folder: join(projectRoot, 'build', id),
    log: paths.log(id),
    // GCC gives back the name alone where there is no such file.
    library: process.platform === 'linux' && library && existsSync(library) ? library : undefined,
  };
}

/**
 * Builds the native tests and the addon.
 *
 * @param {Sanitizer} sanitizer
 * @returns {Promise<boolean>}
 */
export async function buildSanitized({ name, target: only, folder, log }) {
  rmSync(log, { force: true });
  const definitions = [`RIDGEFLOW_SANITIZE=${name}`, `RIDGEFLOW_SIMD_ONLY=${only?.toUpperCase() ?? ''}`];
  for (const target of /** @type {const} */ (['ridgeflow_native_tests', 'ridgeflow'])) {
    if (!(await buildTarget(paths, log, target, { folder, definitions }))) return false;
  }
  return true;
}

/**
 * The instruction sets of the processor that it was compiled for, the best first, without plain code.
 *
 * @param {Sanitizer} sanitizer
 * @returns {string[]}
 */
export function instructionSets(sanitizer) {
  const { stdout } = spawnSync(nativeTests(sanitizer), ['--gtest_filter=Simd*'], { encoding: 'utf8' });
  const named = /^SIMD targets: (.*)$/m.exec(stdout ?? '')?.[1] ?? '';
  return named
    .toLowerCase()
    .split(' ')
    .filter((target) => target !== '' && target !== 'scalar');
}

/**
 * What is run on one instruction set.
 *
 * @param {Sanitizer} sanitizer
 * @param {string} target
 * @returns {Check[]}
 */
export function checksOf(sanitizer, target) {
  const ava = packageBin(projectRoot, 'ava', 'ava') ?? '';
  const soak = join(projectRoot, 'scripts', 'soak.mjs');
  const conformance = readdirSync(join(projectRoot, 'test'))
    .filter((name) => /^conformance.*\.test\.ts$/.test(name))
    .map((name) => `test/${name}`);
  /** @type {[string, string[], boolean][]} */
  const commands = [
    ['native tests', [nativeTests(sanitizer), '--gtest_brief=1'], false],
    ['conformance under Node.js', [ava, ...conformance, '--match=*native*', '--timeout=30m'], true],
    ['calls at once under Node.js', [soak, 'concurrent', '--count=40'], true],
    ['workers under Node.js', [soak, 'workers', '--count=50'], true],
  ];
  return commands.map(([name, command, underNode]) => ({
    name,
    run: () => runWatched(sanitizer, target, underNode ? [process.execPath, ...command] : command, underNode),
  }));
}

/** @param {Sanitizer} sanitizer */
function nativeTests({ folder }) {
  return join(folder, 'native-tests', 'ridgeflow_native_tests');
}

/**
 * Runs a command to its end. Processes report into files, since those that one of them starts need not tell.
 *
 * @param {Sanitizer} sanitizer
 * @param {string} target
 * @param {string[]} command
 * @param {boolean} underNode
 */
function runWatched({ kind, folder, library }, target, command, underNode) {
  const reports = join(folder, 'reports');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, RIDGEFLOW_SIMD: target };
  for (const [name, options] of Object.entries(kind.options)) {
    const more = underNode ? (kind.nodeOptions[name] ?? []) : [];
    env[name] = [`log_path=${join(reports, 'report')}`, ...options, ...more].join(':');
  }
  if (underNode) {
    const addon = builtAddon({ ...paths, addonFolder: join(folder, 'Release') });
    Object.assign(env, { RIDGEFLOW_ADDON: addon ?? '', RIDGEFLOW_BACKEND: 'native', LD_PRELOAD: library });
  }
  const { status } = spawnSync(command[0], command.slice(1), { cwd: projectRoot, env, stdio: 'inherit' });
  const files = readdirSync(reports).map((name) => readFileSync(join(reports, name), 'utf8'));
  return { ended: status === 0, reports: files };
}
