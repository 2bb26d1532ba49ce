import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Something that the system must have, beyond Node.js.
 *
 * @typedef {object} Requirement
 * @property {string} name what it is called in messages
 * @property {'native' | 'tests' | 'mpi'} neededFor the native addon, or only the tests of the native code, or runs over ranks
 * @property {string[]} [commands] any one of these on PATH will do
 * @property {string} [header] a header file that it brings
 * @property {string} debian its package's name on Debian and Ubuntu
 * @property {string} fedora
 * @property {string} [macos] its Homebrew formula
 * @property {string} [macosTools] the command that brings it with the system's developer tools
 */

/** @type {readonly Requirement[]} */
export const requirements = [
  {
    name: 'a C++ compiler',
    neededFor: 'native',
    commands: ['g++', 'clang++'],
    debian: 'g++',
    fedora: 'gcc-c++',
    macosTools: 'xcode-select --install',
  },
  {
    name: 'make',
    neededFor: 'native',
    commands: ['make', 'ninja'],
    debian: 'make',
    fedora: 'make',
    macosTools: 'xcode-select --install',
  },
  {
    name: 'CMake',
    neededFor: 'native',
    commands: ['cmake'],
    debian: 'cmake',
    fedora: 'cmake',
    macos: 'cmake',
  },
  {
    name: 'OpenBLAS',
    neededFor: 'native',
    header: 'openblas_config.h',
    debian: 'libopenblas-dev',
    fedora: 'openblas-devel',
    macos: 'openblas',
  },
  {
    name: 'Highway',
    neededFor: 'native',
    header: 'hwy/highway.h',
    debian: 'libhwy-dev',
    fedora: 'highway-devel',
    macos: 'highway',
  },
  {
    name: 'oneTBB',
    neededFor: 'native',
    header: 'tbb/task_arena.h',
    debian: 'libtbb-dev',
    fedora: 'tbb-devel',
    macos: 'tbb',
  },
  {
    name: 'GoogleTest',
    neededFor: 'tests',
    header: 'gtest/gtest.h',
    debian: 'libgtest-dev',
    fedora: 'gtest-devel',
    macos: 'googletest',
  },
  {
    name: 'Open MPI',
    neededFor: 'mpi',
    commands: ['mpicxx'],
    debian: 'libopenmpi-dev',
    fedora: 'openmpi-devel',
    macos: 'open-mpi',
  },
  {
    name: 'mpirun',
    neededFor: 'mpi',
    commands: ['mpirun'],
    debian: 'openmpi-bin',
    fedora: 'openmpi',
    macos: 'open-mpi',
  },
];

/**
 * What the set-up knows of the system it runs on.
 *
 * @typedef {object} System
 * @property {'debian' | 'ubuntu' | 'other'} family the first two install packages with apt
 * @property {boolean} root whether this process may install without sudo
 * @property {() => Set<string>} installed the Debian packages that are there (one short command; not cached)
 * @property {(requirement: Requirement) => boolean} present whether its command or header is found
 */

/** @returns {System} */
export function detectSystem() {
  const family = process.platform === 'linux' ? systemFamily(readText('/etc/os-release')) : 'other';
  return {
    family,
    root: process.getuid?.() === 0,
    installed: () =>
      family !== 'other' ? installedPackages(requirements.map(({ debian }) => debian)) : new Set(),
    present: (requirement) => isPresent(requirement, includeFolders(process.env, process.arch)),
  };
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * @param {string} osRelease the text of /etc/os-release
 * @returns {System['family']} what the distribution is or descends from
 */
export function systemFamily(osRelease) {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, value]) =>
    value.split(' '),
  );
  if (ids.includes('ubuntu')) return 'ubuntu';
  return ids.includes('debian') ? 'debian' : 'other';
}

/** @param {string[]} names */
function installedPackages(names) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Abbrev}\t${Package}\n', ...names], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return parsePackages(query.stdout ?? '');
}

/**
 * @param {string} listing lines of dpkg-query's `${db:Status-Abbrev}\t${Package}`
 * @returns {Set<string>} the packages that are fully installed
 */
export function parsePackages(listing) {
  const rows = listing.split('\n').map((line) => line.split('\t'));
  return new Set(rows.filter(([status]) => status.trim() === 'ii').map(([, name]) => name));
}

/**
 * Where a compiler looks for headers, and where package managers other than the system's put them.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} arch
 * @returns {string[]}
 */
export function includeFolders(env, arch) {
  const machine = arch === 'x64' ? 'x86_64' : arch === 'arm64' ? 'aarch64' : arch;
  const prefixes = [
    ...(env.CMAKE_PREFIX_PATH ?? '').split(/[:;]/),
    env.CONDA_PREFIX ?? '',
    env.HOMEBREW_PREFIX ?? '',
    '/opt/homebrew',
    '/opt/homebrew/opt/openblas',
    '/usr/local',
    '/usr/local/opt/openblas',
    '/usr',
  ];
  const folders = prefixes.filter(Boolean).map((prefix) => join(prefix, 'include'));
  const compilerPaths = `${env.CPATH ?? ''}:${env.CPLUS_INCLUDE_PATH ?? ''}`.split(':').filter(Boolean);
  return [...compilerPaths, ...folders, `/usr/include/${machine}-linux-gnu`, '/usr/include/openblas'];
}

/**
 * @param {Requirement} requirement
 * @param {string[]} folders where to look for its header
 */
function isPresent({ commands, header }, folders) {
  if (commands) return commands.some((name) => findCommand(name) !== null);
  return header !== undefined && folders.some((folder) => existsSync(join(folder, header)));
}

/**
 * @param {string} name
 * @param {string} [path] the PATH to search
 * @returns {string | null} where the command is
 */
export function findCommand(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    if (existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/**
 * The requirements that are neither installed as a package nor found in another way.
 *
 * @param {System} system
 * @param {object} options
 * @param {boolean} options.forTests whether the tests of the native code are to be built
 * @param {boolean} [options.forMpi] whether runs over ranks are wanted; by default where the tests are
 * @returns {Requirement[]}
 */
export function missingRequirements(system, { forTests, forMpi = forTests }) {
  const installed = system.installed();
  return requirements.filter(
    (requirement) =>
      (requirement.neededFor === 'native' ||
        (requirement.neededFor === 'tests' && forTests) ||
        (requirement.neededFor === 'mpi' && forMpi)) &&
      !installed.has(requirement.debian) &&
      !system.present(requirement),
  );
}

/**
 * The command that brings what is missing, on each system that has packages of it.
 *
 * @param {readonly Requirement[]} missing
 * @param {{ root?: boolean }} [options] whether the reader is root, who needs no sudo and may not have it
 */
export function installCommands(missing, { root = false } = {}) {
  const sudo = root ? '' : 'sudo ';
  const formulas = new Set(missing.flatMap(({ macos }) => macos ?? []));
  const tools = new Set(missing.flatMap(({ macosTools }) => macosTools ?? []));
  return {
    debian: `${sudo}apt-get install -y ${missing.map(({ debian }) => debian).join(' ')}`,
    fedora: `${sudo}dnf install -y ${missing.map(({ fedora }) => fedora).join(' ')}`,
    macos: [...tools, ...(formulas.size > 0 ? [`brew install ${[...formulas].join(' ')}`] : [])].join(' && '),
  };
}

/**
 * What is missing and how to bring it, to be printed.
 *
 * @param {readonly Requirement[]} missing
 * @param {{ root?: boolean }} [options]
 * @returns {string[]}
 */
export function installAdvice(missing, options) {
  const { debian, fedora, macos } = installCommands(missing, options);
  return [
    `missing: ${missing.map(({ name }) => name).join(', ')}. To bring it:`,
    `  Debian, Ubuntu  ${debian}`,
    `  Fedora          ${fedora}`,
    `  macOS           ${macos}`,
  ];
}
