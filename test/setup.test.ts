// The parts of the set-up, each by itself.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { installer, unknownPackages } from '../scripts/lib/apt.mjs';
import { findBrowser } from '../scripts/lib/browser.mjs';
import { dependenciesMatch, npmCommand } from '../scripts/lib/dependencies.mjs';
import { withLock } from '../scripts/lib/lock.mjs';
import { buildJobs } from '../scripts/lib/native.mjs';
import { nodeVersionProblem } from '../scripts/lib/node-version.mjs';
import {
  includeFolders,
  installAdvice,
  missingRequirements,
  parsePackages,
  requirements,
  systemFamily,
  type System,
} from '../scripts/lib/requirements.mjs';
import { errorLines } from '../scripts/lib/run.mjs';
import { clearStamp, fingerprint, readStamp, writeStamp } from '../scripts/lib/stamp.mjs';

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-setup-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const everything = requirements.map(({ debian }) => debian);

function systemWith(packages: string[], present: string[] = []): System {
  return {
    family: 'debian',
    root: true,
    installed: () => new Set(packages),
    present: ({ name }) => present.includes(name),
  };
}

test('a Node.js that is too old is named with the remedy', (t) => {
  for (const version of ['20.19.0', '20.20.2', '22.0.0', '100.1.0']) {
    t.is(nodeVersionProblem(version, '>=20.19'), null);
  }
  for (const version of ['20.18.9', '18.20.0', '9.0.0']) {
    t.regex(nodeVersionProblem(version, '>=20.19') ?? '', new RegExp(`needs Node.js 20.19 .* ${version}`));
  }
});

test('only packages that are fully installed count', (t) => {
  const listing = 'ii \tcmake\nrc \tg++\nun \tmake\niU \tlibtbb-dev\nii \tlibhwy-dev\n';
  t.deepEqual([...parsePackages(listing)], ['cmake', 'libhwy-dev']);
  t.is(parsePackages('').size, 0);
});

test('a requirement is missing where neither its package nor its command or header is there', (t) => {
  const missing = (system: System, forTests: boolean) =>
    missingRequirements(system, { forTests }).map(({ debian }) => debian);
  t.deepEqual(missing(systemWith(everything), true), []);
  t.deepEqual(missing(systemWith([]), true), everything);
  const native = everything.filter(
    (name) => !['libgtest-dev', 'libopenmpi-dev', 'openmpi-bin'].includes(name),
  );
  t.deepEqual(missing(systemWith([]), false), native);
  t.deepEqual(
    missingRequirements(systemWith(native), { forTests: false, forMpi: true }).map(({ name }) => name),
    ['Open MPI', 'mpirun'],
  );
  t.deepEqual(
    missingRequirements(systemWith(native), { forTests: true, forMpi: false }).map(({ name }) => name),
    ['GoogleTest'],
  );
  t.deepEqual(
    missing(systemWith(['g++'], ['OpenBLAS']), false),
    native.filter((name) => name !== 'g++' && name !== 'libopenblas-dev'),
  );
});

test('the advice names what is missing and the command for each system', (t) => {
  const missing = requirements.filter(({ name }) => ['a C++ compiler', 'OpenBLAS', 'Highway'].includes(name));
  t.deepEqual(installAdvice(missing), [
    'missing: a C++ compiler, OpenBLAS, Highway. To bring it:',
    '  Debian, Ubuntu  sudo apt-get install -y g++ libopenblas-dev libhwy-dev',
    '  Fedora          sudo dnf install -y gcc-c++ openblas-devel highway-devel',
    '  macOS           xcode-select --install && brew install openblas highway',
  ]);
  t.is(installAdvice(missing, { root: true })[1].includes('sudo'), false);
  // Two requirements of one command ask for it once; without formulas there is no brew.
  const tools = requirements.filter(({ name }) => ['a C++ compiler', 'make'].includes(name));
  t.is(installAdvice(tools)[3], '  macOS           xcode-select --install');
});

test('systems are told apart by what they descend from', (t) => {
  t.is(systemFamily('NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'), 'debian');
  t.is(systemFamily('ID=raspbian\nID_LIKE=debian\n'), 'debian');
  t.is(systemFamily('ID=ubuntu\nID_LIKE=debian\n'), 'ubuntu');
  t.is(systemFamily('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), 'ubuntu');
  t.is(systemFamily('ID=fedora\n'), 'other');
  t.is(systemFamily(''), 'other');
});

test('headers are looked for where the user says first', (t) => {
  const folders = includeFolders({ CPATH: '/a:/b', CMAKE_PREFIX_PATH: '/c;/d' }, 'x64');
  t.deepEqual(folders.slice(0, 4), ['/a', '/b', '/c/include', '/d/include']);
  t.true(folders.includes('/usr/include/x86_64-linux-gnu'));
  t.true(includeFolders({}, 'arm64').includes('/usr/include/aarch64-linux-gnu'));
});

test('nothing is installed where that is forbidden or impossible', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'apt-get'), '');
  const system = systemWith([]);
  const env = { PATH: folder };
  t.deepEqual(installer(system, env, false), { sudo: false, asksPassword: false });
  t.true('refusal' in installer(system, { ...env, RIDGEFLOW_NO_INSTALL: '1' }, false));
  t.true('refusal' in installer({ ...system, root: false }, env, true));
  t.true('refusal' in installer({ ...system, family: 'other' }, env, false));
  t.true('refusal' in installer(system, { PATH: '' }, false));
});

test('packages that a release does not have are found in the words of apt-get', (t) => {
  const output =
    "E: Unable to locate package liblemon-dev\nE: Package 'chromium' has no installation candidate\nE: other\n";
  t.deepEqual([...unknownPackages(output)], ['liblemon-dev', 'chromium']);
  t.is(unknownPackages('E: Failed to fetch').size, 0);
});

test('a fingerprint changes with a name, a content and a fact, and not with a time', (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'ts/a'), { recursive: true });
  writeFileSync(join(root, 'ts/a/x.ts'), 'one');
  const first = fingerprint(root, ['ts', 'absent'], ['gcc 12']);
  utimesSync(join(root, 'ts/a/x.ts'), 1, 1);
  t.is(fingerprint(root, ['ts', 'absent'], ['gcc 12']), first);
  t.not(fingerprint(root, ['ts'], ['gcc 13']), first);
  writeFileSync(join(root, 'ts/a/x.ts'), 'two');
  const second = fingerprint(root, ['ts'], ['gcc 12']);
  t.not(second, first);
  rmSync(join(root, 'ts/a/x.ts'));
  writeFileSync(join(root, 'ts/a/y.ts'), 'two');
  t.not(fingerprint(root, ['ts'], ['gcc 12']), second);
});

test('a stamp is read back, and a damaged or missing one is none', (t) => {
  const file = join(temporaryFolder(t), 'deep', 'native.json');
  t.is(readStamp(file), null);
  writeStamp(file, { fingerprint: 'abc', ok: false });
  t.deepEqual(readStamp(file), { fingerprint: 'abc', ok: false });
  for (const damaged of ['', '{"finger', 'null', '{"ok":true}', '{"fingerprint":"abc"}']) {
    writeFileSync(file, damaged);
    t.is(readStamp(file), null);
  }
  clearStamp(file);
  clearStamp(file);
  t.is(readStamp(file), null);
});

test('a lock lets one in at a time and is released on an error', async (t) => {
  const file = join(temporaryFolder(t), 'setup', 'lock');
  let inside = 0;
  let waits = 0;
  const work = async () => {
    t.is(++inside, 1);
    await sleep(50);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(file, work, { onWait: () => waits++ })));
  t.is(waits, 2);
  await t.throwsAsync(
    withLock(file, () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  await withLock(file, work, { onWait: () => t.fail('nobody holds it') });
});

test('the lock of a dead process, and one that stays silent, are taken over', async (t) => {
  const file = join(temporaryFolder(t), 'lock');
  const notThere = 2 ** 22 + 1;
  writeFileSync(file, JSON.stringify({ token: 'a', pid: notThere, host: hostname() }));
  t.is(await withLock(file, async () => 'dead', { onWait: () => t.fail('it is dead') }), 'dead');
  writeFileSync(file, JSON.stringify({ token: 'b', pid: 1, host: 'elsewhere' }));
  t.is(await withLock(file, async () => 'silent', { silence: 300 }), 'silent');
  writeFileSync(file, '');
  t.is(await withLock(file, async () => 'empty', { silence: 300 }), 'empty');
  writeFileSync(file, JSON.stringify({ token: 'c', pid: process.pid, host: hostname() }));
  const check = () => {
    if (performance.now() > end) throw new Error('gave up');
  };
  const end = performance.now() + 300;
  await t.throwsAsync(
    withLock(file, async () => t.fail('it is held'), { check }),
    { message: 'gave up' },
  );
});

test('node_modules matches the lock file, or does not', (t) => {
  const root = temporaryFolder(t);
  const platform = { os: [process.platform], cpu: [process.arch] };
  const write = (file: string, packages: Record<string, object>) => {
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(join(root, file), JSON.stringify({ packages }));
  };
  const a = { 'node_modules/a': { version: '1.0.0' } };
  const elsewhere = { 'node_modules/b': { version: '1.0.0', optional: true, os: ['none'], cpu: ['none'] } };
  write('package-lock.json', { '': {}, ...a, ...elsewhere });
  t.false(dependenciesMatch(root), 'nothing is installed');
  write('node_modules/.package-lock.json', a);
  t.false(dependenciesMatch(root), 'the folder is not there');
  mkdirSync(join(root, 'node_modules/a'));
  t.true(dependenciesMatch(root));
  write('node_modules/.package-lock.json', { ...a, 'node_modules/extra': { version: '3.0.0' } });
  t.true(dependenciesMatch(root), 'what the user adds does no harm');
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '0.9.0' } });
  t.false(dependenciesMatch(root));
  write('node_modules/.package-lock.json', a);
  write('package-lock.json', {
    '': {},
    ...a,
    'node_modules/b': { version: '1.0.0', optional: true, ...platform },
  });
  t.false(dependenciesMatch(root), 'the build for this platform is missing');
});

test('npm is the one that runs the script', (t) => {
  t.deepEqual(npmCommand({ npm_execpath: '/x/npm-cli.js' }), [process.execPath, '/x/npm-cli.js']);
  t.deepEqual(npmCommand({ npm_execpath: '/x/yarn.js' }), ['npm']);
  t.deepEqual(npmCommand({}), ['npm']);
});

test('a browser is found by its variable and on PATH, and a stub for a snap is none', (t) => {
  const folder = temporaryFolder(t);
  const browser = join(folder, 'chromium');
  t.is(findBrowser({ PATH: folder, CHROMIUM_PATH: browser }, folder), null);
  writeFileSync(browser, '#!/bin/sh\nexec /snap/bin/chromium-not-there\n');
  t.is(findBrowser({ PATH: folder }, folder), null);
  writeFileSync(browser, 'program');
  t.is(findBrowser({ PATH: folder }, folder), browser);
  t.is(findBrowser({ PATH: '', CHROMIUM_PATH: browser }, folder), browser);
  const shell = join(folder, 'chromium_headless_shell-1', 'chrome-linux');
  mkdirSync(shell, { recursive: true });
  writeFileSync(join(shell, 'headless_shell'), 'program');
  t.is(findBrowser({ PATH: '', PLAYWRIGHT_BROWSERS_PATH: folder }, folder), join(shell, 'headless_shell'));
});

test('few files are compiled at once where there is little memory', (t) => {
  t.is(buildJobs({ processors: 8, memory: 64 * 2 ** 30 }), 8);
  t.is(buildJobs({ processors: 8, memory: 4 * 2 ** 30 }), 2);
  t.is(buildJobs({ processors: 8, memory: 2 ** 29 }), 1);
});

test('the lines of a log from the first error on are shown, or else the last', (t) => {
  const log = join(temporaryFolder(t), 'log');
  writeFileSync(log, '$ make\nfine\n\u001b[31ma.cpp:1: error: expected\u001b[0m\n\nafter\nmore\n');
  t.deepEqual(errorLines(log, 2), ['a.cpp:1: error: expected', 'after']);
  writeFileSync(log, '$ make\none\ntwo\nthree\n');
  t.deepEqual(errorLines(log, 2), ['two', 'three']);
});
