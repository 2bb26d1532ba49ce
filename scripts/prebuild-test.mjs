#!/usr/bin/env node
// Proves the packages where their users are: in a bare Debian of each release, without compiler, Python, network or
// root, `npm install` of the tarballs gives the native backend and writes nothing outside the project.
//   npm run prebuild:test -- [bullseye trixie sid …]      (as root: it makes the systems by debootstrap)
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { projectRoot } from './lib/project.mjs';
import { debianMirror } from './prebuild/downloads.mjs';

const RELEASES = ['bullseye', 'sid'];
const SECONDS = 20;
const USER = 1000;

const packages = join(projectRoot, 'build', 'packages');
const home = join(projectRoot, 'build', 'prebuild', 'systems');
const tarballs = readdirSync(packages).filter(
  (name) => name.startsWith('ridgeflow-') && (/^ridgeflow-\d/.test(name) || name.startsWith(`ridgeflow-${process.platform}-${process.arch}-0`)), // prettier-ignore
);
if (tarballs.length < 2)
  throw new Error(`npm run package and npm run prebuild first: ${packages} has ${tarballs.join(', ')}`);

/**
 * @param {string[]} command
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
function must(command, options) {
  const { status, stdout, stderr } = spawnSync(command[0], command.slice(1), {
    ...options,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** @param {string} release */
function system(release) {
  const root = join(home, release);
  if (!existsSync(join(root, 'ready'))) {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    must(['debootstrap', '--variant=minbase', '--include=libatomic1', release, root, debianMirror()]);
    // This process's own Node.js and npm.
    const npm = join(dirname(realpathSync(must(['sh', '-c', 'command -v npm']).trim())), '..');
    cpSync(realpathSync(process.execPath), join(root, 'usr/local/bin/node'));
    cpSync(npm, join(root, 'usr/local/lib/npm'), { recursive: true, dereference: true });
    writeFileSync(join(root, 'ready'), '');
  }
  return root;
}

/** @param {string} release */
function prove(release) {
  const root = system(release);
  // As any running system has it: Node.js asks it for the free memory.
  must(['mount', '-t', 'proc', 'proc', join(root, 'proc')]);
  try {
    return proveIn(release, root);
  } finally {
    must(['umount', join(root, 'proc')]);
  }
}

/**
 * @param {string} release
 * @param {string} root
 */
function proveIn(release, root) {
  const project = join(root, 'home', 'project');
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  for (const name of tarballs) cpSync(join(packages, name), join(root, 'home', name));
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  must(['chown', '-R', `${USER}:${USER}`, join(root, 'home')]);
  /** @param {string} command */
  const inside = (command) =>
    must(['chroot', `--userspec=${USER}:${USER}`, root, 'sh', '-c', `cd /home/project && ${command}`], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin', HOME: '/home' },
    });
  for (const tool of ['cc', 'g++', 'make', 'cmake', 'python3', 'python'])
    if (spawnSync('chroot', [root, 'sh', '-c', `command -v ${tool}`]).status === 0) throw new Error(`${release} has ${tool}`); // prettier-ignore

  const stamp = join(root, 'stamp');
  writeFileSync(stamp, '');
  const start = performance.now();
  // Offline: optional packages of other platforms need not be there, and nothing else is asked for.
  inside(`node /usr/local/lib/npm/bin/npm-cli.js install --offline --no-audit --no-fund ${tarballs.map((name) => `../${name}`).join(' ')}`); // prettier-ignore
  const seconds = (performance.now() - start) / 1000;
  /** @type {{ native: { origin?: string, blasCore?: string } }} */
  const doctor = JSON.parse(inside('node_modules/.bin/ridgeflow doctor --json'));
  inside('node_modules/.bin/ridgeflow transport --depths 1,2,continuous --out out --quiet');
  /** @type {{ backend: string }} */
  const summary = JSON.parse(readFileSync(join(project, 'out', 'summary.json'), 'utf8'));
  const written = must(['find', root, '-xdev', '-newer', stamp, '-type', 'f'])
    .split('\n')
    .filter(
      (file) => file && !file.startsWith(`${project}/`) && !file.startsWith(join(root, 'home', '.npm')),
    );
  const faults = [
    ...(seconds < SECONDS ? [] : [`npm install took ${seconds.toFixed(1)} s`]),
    ...(doctor.native.origin === 'platform package' ? [] : [`the addon is ${JSON.stringify(doctor.native)}`]),
    ...(summary.backend === 'native' ? [] : [`the main job ran on ${summary.backend}`]),
    ...written.map((file) => `written: ${file}`),
  ];
  const glibc = inside('ldd --version 2>&1 | head -n 1').trim();
  console.log(`${release} (${glibc}): npm install ${seconds.toFixed(1)} s, ${doctor.native.blasCore}, ${faults.join('; ') || 'passed'}`); // prettier-ignore
  return faults.length === 0;
}

const releases = process.argv.length > 2 ? process.argv.slice(2) : RELEASES;
if (!releases.map(prove).every(Boolean)) process.exitCode = 1;
