// What packages are made from: pinned files, each with its digest, from Debian's source packages and from PyPI.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';
import { OPENBLAS_VERSION } from './targets.mjs';

/**
 * A pinned file.
 *
 * @typedef {object} Download
 * @property {string} file its name
 * @property {string} sha256
 * @property {{ debianSource: string } | { pypi: string, platform: string }} from
 */

/** The Debian release whose source packages are taken; a file that it replaces can be put into the folder by hand. */
const RELEASE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @type {Download} */
export const ONETBB = {
  file: 'onetbb_2022.1.0.orig.tar.xz',
  sha256: 'c220a5e4fe452f3a24f562212377dc796d90e8d4e9bfb3392524f18c8f48cd7f',
  from: { debianSource: 'onetbb' },
};

/** @type {Download} */
export const HIGHWAY = {
  file: 'highway_1.2.0.orig.tar.gz',
  sha256: '7e0be78b8318e8bdbf6fa545d2ecb4c90f947df03f7aadc42c1967f019e63343',
  from: { debianSource: 'highway' },
};

/**
 * A C and C++ compiler for every Linux, with the libraries of old releases.
 *
 * @type {Download}
 */
export const ZIG = {
  file: 'ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl',
  sha256: 'ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54',
  from: { pypi: 'ziglang==0.17.1', platform: 'manylinux_2_12_x86_64' },
};

/**
 * @param {import('./targets.mjs').Target} target
 * @returns {Download}
 */
export function openblasWheel({ openblas: { tag, sha256 } }) {
  return {
    file: `scipy_openblas32-${OPENBLAS_VERSION}-py3-none-${tag}.whl`,
    sha256,
    from: { pypi: `scipy-openblas32==${OPENBLAS_VERSION}`, platform: tag.split('.')[0] },
  };
}

/**
 * Brings a pinned file into `folder`, where it is not there yet.
 *
 * @param {Download} download
 * @param {string} folder
 * @param {string} log
 * @returns {Promise<string>} its path. Throws where it cannot be had, or is not the file that was pinned.
 */
export async function fetchPinned(download, folder, log) {
  const path = join(folder, download.file);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path)) {
    const { from } = download;
    const command =
      'pypi' in from
        ? ['python3', '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--platform', from.platform, '--dest', folder, from.pypi] // prettier-ignore
        : [...(await aptGet({ type: 'deb-src', release: RELEASE }, folder, log)), 'source', '--tar-only', '--only-source', '-t', RELEASE, from.debianSource]; // prettier-ignore
    await run(command, { log, cwd: folder });
  }
  if (!existsSync(path))
    throw new Error(`cannot download ${download.file} (log: ${log}): put it into ${folder}`);
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (digest !== download.sha256) throw new Error(`${path} has the digest ${digest}, not ${download.sha256}`);
  return path;
}

/** The mirror of Debian that this machine uses. */
export function debianMirror() {
  const format = ['indextargets', '--format', '$(ORIGIN) $(REPO_URI)', 'Created-By: Packages'];
  const listing = spawnSync('apt-get', format, { encoding: 'utf8' }).stdout ?? '';
  const found = listing.split('\n').find((line) => line.startsWith('Debian ') && !line.includes('security'));
  if (!found) throw new Error('no mirror of Debian among the sources of apt');
  return found.split(' ')[1];
}

/**
 * Brings binary packages of Debian into `folder`, those of any processor: the newest of the release, as apt proves it.
 *
 * @param {string[]} names
 * @param {{ release: string, architecture: string }} from
 * @param {string} folder
 * @param {string} log
 * @returns {Promise<string[]>} their paths
 */
export async function fetchDebian(names, { release, architecture }, folder, log) {
  const debs = join(folder, `debs-${release}-${architecture}`);
  mkdirSync(debs, { recursive: true });
  const find = () =>
    names.map((name) => readdirSync(debs).find((file) => file.startsWith(`${name}_`)) ?? '').filter(Boolean);
  if (find().length < names.length) {
    const apt = await aptGet({ type: 'deb', release, architecture }, folder, log);
    await run([...apt, 'download', ...names], { log, cwd: debs });
  }
  const found = find();
  if (found.length < names.length)
    throw new Error(
      `cannot download ${names.join(', ')} of Debian ${release} for ${architecture} (log: ${log})`,
    );
  return found.map((file) => join(debs, file));
}

/**
 * apt-get with lists of its own, which know the packages of a release: the machine's settings stay as they are.
 *
 * @param {{ type: 'deb' | 'deb-src', release: string, architecture?: string }} what
 * @param {string} folder
 * @param {string} log
 * @returns {Promise<string[]>}
 */
async function aptGet({ type, release, architecture }, folder, log) {
  const home = join(folder, ['apt', type, release, ...(architecture ? [architecture] : [])].join('-'));
  const sources = join(home, 'sources.list');
  const status = join(home, 'status');
  const command = [
    'apt-get',
    ...['-o', `Dir::State::Lists=${join(home, 'lists')}`, '-o', `Dir::Cache=${join(home, 'cache')}`],
    ...['-o', `Dir::Etc::sourcelist=${sources}`, '-o', `Dir::Etc::sourceparts=${join(home, 'none')}`],
    ...['-o', 'Acquire::Languages=none', '-o', 'APT::Sandbox::User=root'],
    // What is installed here is of no interest to a system of another processor.
    ...(architecture ? ['-o', `APT::Architecture=${architecture}`, '-o', `APT::Architectures=${architecture}`, '-o', `Dir::State::status=${status}`] : []), // prettier-ignore
  ];
  if (existsSync(sources)) return command;
  const mirror = debianMirror();
  for (const name of ['lists/partial', 'cache/archives/partial', 'none'])
    mkdirSync(join(home, name), { recursive: true });
  writeFileSync(status, '');
  writeFileSync(
    sources,
    `${type} ${existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : ''}${mirror} ${release} main\n`,
  );
  if (!(await run([...command, 'update'], { log }))) rmSync(sources);
  return command;
}

/**
 * Unpacks an archive or a wheel into `folder`, anew.
 *
 * @param {string} archive
 * @param {string} folder
 * @param {string} log
 */
export async function unpack(archive, folder, log) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const command = archive.endsWith('.whl')
    ? ['python3', '-m', 'zipfile', '-e', archive, folder]
    : ['tar', '-xf', archive, '-C', folder, '--strip-components=1'];
  const ok = await run(command, { log });
  if (!ok || readdirSync(folder).length === 0) throw new Error(`cannot unpack ${archive} (log: ${log})`);
}
