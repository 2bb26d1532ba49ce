// Where the addon is looked for, in which order, and what a user is told where none loads.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  type PackageManager,
  type Surroundings,
  distributionOf,
  managerOf,
  nativeRemedy,
} from '../ts/cli/remedy.js';
import { type AddonAttempt, blasCoreWithoutSme } from '../ts/kernel/native/addon.js';
import { TARGETS } from '../scripts/prebuild/targets.mjs';
import { PLATFORM_PACKAGES, currentPlatform, libcOf, platformPackage } from '../ts/kernel/native/locate.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeflow-places-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The loader's sources as a package of their own, without a build, that sees what `packages` puts beside it. */
function packageWith(
  t: ExecutionContext,
  packages: Record<string, { version?: string; addon?: string }>,
): string {
  const modules = join(temporaryFolder(t), 'node_modules');
  const home = join(modules, 'ridgeflow');
  for (const name of ['core', 'kernel'])
    cpSync(join(root, 'ts', name), join(home, 'ts', name), { recursive: true });
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  for (const [name, { version, addon }] of Object.entries(packages)) {
    const folder = join(modules, name);
    mkdirSync(folder, { recursive: true });
    const own = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: version ?? own }));
    if (addon !== undefined) writeFileSync(join(folder, 'ridgeflow.node'), addon);
  }
  symlinkSync(join(root, 'node_modules', 'tsx'), join(modules, 'tsx'));
  return home;
}

/** What loading the addon from there ends in: the attempts of the error. */
async function attemptsOf(home: string, env: NodeJS.ProcessEnv = {}): Promise<AddonAttempt[]> {
  const addon = pathToFileURL(join(home, 'ts', 'kernel', 'native', 'addon.ts')).href;
  const program = `import { loadAddon } from ${JSON.stringify(addon)};
    try { loadAddon(); console.log('[]'); } catch (e) { console.log(JSON.stringify(e.details.attempts ?? e.message)); }`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href, '--input-type=module', '-e', program], // prettier-ignore
    { env: { ...process.env, RIDGEFLOW_ADDON: '', ...env }, cwd: home },
  );
  return JSON.parse(stdout) as AddonAttempt[];
}

test('the name of the platform package', (t) => {
  t.is(platformPackage({ os: 'linux', cpu: 'x64', libc: 'glibc' }), '@ridgeflow/linux-x64');
  t.is(platformPackage({ os: 'linux', cpu: 'arm64', libc: 'musl' }), '@ridgeflow/linux-arm64-musl');
  t.is(platformPackage({ os: 'darwin', cpu: 'arm64' }), '@ridgeflow/darwin-arm64');
  t.deepEqual(
    PLATFORM_PACKAGES,
    TARGETS.map(({ name }) => name),
  );
  const here = currentPlatform();
  t.is(here.os, process.platform);
  t.is(here.libc !== undefined, process.platform === 'linux');
});

/** An ELF file, all but its headers left out, that names an interpreter at `offset`. */
function executable(interpreter: string, offset: number): Buffer {
  const file = Buffer.alloc(offset + interpreter.length + 1);
  file.write('\x7fELF\x02\x01', 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(2, 56);
  const second = 64 + 56; // the first entry is of another type
  file.writeUInt32LE(6, 64);
  file.writeUInt32LE(3, second);
  file.writeBigUInt64LE(BigInt(offset), second + 8);
  file.writeBigUInt64LE(BigInt(interpreter.length + 1), second + 32);
  file.write(interpreter, offset);
  return file;
}

test('the C library is known by the interpreter that an executable names, wherever it stands', (t) => {
  const folder = temporaryFolder(t);
  const written = (bytes: Buffer) => {
    writeFileSync(join(folder, 'program'), bytes);
    return join(folder, 'program');
  };
  for (const offset of [176, 5000, 1_000_000]) {
    t.is(libcOf(written(executable('/lib/ld-musl-x86_64.so.1', offset))), 'musl');
    t.is(libcOf(written(executable('/lib64/ld-linux-x86-64.so.2', offset))), 'glibc');
  }
  // Cut, not ELF, endless, or not there.
  const whole = executable('/lib/ld-musl-x86_64.so.1', 5000);
  const long = Buffer.from(whole);
  long.writeBigUInt64LE(2n ** 63n, 64 + 56 + 32);
  t.is(libcOf(written(long)), 'musl');
  for (const length of [0, 40, 100, 5000]) t.is(libcOf(written(whole.subarray(0, length))), 'glibc');
  t.is(libcOf(written(Buffer.from('#!/bin/sh\n'.repeat(20)))), 'glibc');
  t.is(libcOf(join(folder, 'nowhere')), 'glibc');
  if (process.platform === 'linux') {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    t.is(libcOf(process.execPath), header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');
  }
});

test('no kernels for SME are asked of OpenBLAS, and nothing is where there is no SME', (t) => {
  t.is(blasCoreWithoutSme('processor\t: 0\nFeatures\t: fp asimd sve sve2 sme smefa64\n'), 'NEOVERSEV1');
  t.is(blasCoreWithoutSme('processor\t: 0\nFeatures\t: fp asimd sme sme2\n'), 'NEOVERSEN1');
  t.is(blasCoreWithoutSme('processor\t: 0\nFeatures\t: fp asimd sve sve2\n'), undefined);
  t.is(blasCoreWithoutSme('flags\t\t: fpu avx512f sme\n'), undefined);
});

test('a local build is looked for, then the platform package, and every reason is kept', async (t) => {
  const name = platformPackage(currentPlatform());
  if (!PLATFORM_PACKAGES.includes(name.split('/')[1])) return t.pass();
  const [build, absent] = await attemptsOf(packageWith(t, {}));
  t.deepEqual([build.origin, absent.origin], ['local build', 'platform package']);
  t.regex(build.reason, /build.Release.ridgeflow\.node has not been built/);
  t.is(absent.reason, `${name} is not installed`);

  const [, old] = await attemptsOf(packageWith(t, { [name]: { version: '0.0.7', addon: '' } }));
  t.regex(old.reason, /has version 0\.0\.7, but ridgeflow \d/);

  const [, broken] = await attemptsOf(packageWith(t, { [name]: { addon: 'no library' } }));
  t.is(broken.origin, 'platform package');
  t.regex(broken.path ?? '', /ridgeflow\.node$/);
  t.regex(broken.reason, /ridgeflow\.node: ./);

  const home = packageWith(t, { [name]: { addon: 'no library' } });
  const [only, ...others] = await attemptsOf(home, { RIDGEFLOW_ADDON: join(home, 'none.node') });
  t.is(others.length, 0);
  t.regex(only.reason, /there is no file .*none\.node/);
});

test('the package manager is the one that runs, else the one whose lock file is nearest', (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'app', 'node_modules', 'ridgeflow');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, 'yarn.lock'), '');
  t.is(managerOf(undefined, home), 'yarn');
  writeFileSync(join(folder, 'app', 'pnpm-lock.yaml'), '');
  t.is(managerOf(undefined, home), 'pnpm');
  t.is(managerOf('npm/11.2.0 node/v22.1.0 linux x64', home), 'npm');
  t.is(managerOf('bun/1.2 npm/? node/v22', home), 'bun');
});

test('distributions are told apart by what they descend from', (t) => {
  t.is(distributionOf('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), 'debian');
  t.is(distributionOf('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), 'fedora');
  t.is(distributionOf('ID=alpine\n'), 'other');
  t.is(distributionOf(''), 'other');
});

const MANAGERS: readonly PackageManager[] = ['npm', 'pnpm', 'yarn', 'bun'];
const absent: AddonAttempt[] = [{ origin: 'platform package', reason: 'not installed' }];
const around = (changes: Partial<Surroundings>): Surroundings => ({
  platform: { os: 'linux', cpu: 'x64', libc: 'glibc' },
  distribution: 'debian',
  manager: 'npm',
  version: '1.2.3',
  installation: 'prebuilt package',
  ...changes,
});

test('the remedy is the one line that fits the machine and the package manager', (t) => {
  for (const manager of MANAGERS) {
    const [line] = nativeRemedy(absent, around({ manager }));
    t.regex(line, new RegExp(`: ${manager} (install|add) .*@ridgeflow/linux-x64@1\\.2\\.3$`));
    t.regex(
      nativeRemedy(absent, around({ manager, installation: 'source package' }))[0],
      new RegExp(`then ${manager}`),
    );
  }
  t.regex(
    nativeRemedy(absent, around({ installation: 'clone' }))[0],
    /apt-get install g\+\+.*npm run setup$/,
  );
  t.regex(
    nativeRemedy(absent, around({ installation: 'clone', distribution: 'fedora' }))[0],
    /dnf install gcc-c\+\+.*npm run setup$/,
  );
  const wrong: AddonAttempt[] = [{ origin: 'RIDGEFLOW_ADDON', reason: 'there is no file x' }];
  t.regex(nativeRemedy(wrong, around({}))[0], /^Unset RIDGEFLOW_ADDON/);
});

test('where the package is there and does not load, installing it is not the remedy', (t) => {
  const path = '/project/node_modules/@ridgeflow/linux-x64/ridgeflow.node';
  const damaged: AddonAttempt = { origin: 'platform package', path, reason: `${path}: file too short` };
  for (const manager of MANAGERS) {
    const line = nativeRemedy([...absent, damaged], around({ manager }))[0];
    t.regex(line, new RegExp(`does not load: delete node_modules, then ${manager} install`));
  }
  for (const installation of ['clone', 'source package', 'prebuilt package'] as const) {
    const lines = nativeRemedy([{ ...damaged, disabled: true }], around({ installation }));
    t.regex(lines.join(), /^Start Node\.js with --allow-addons/);
  }
});

test('nobody is told to use a package manager of another system', (t) => {
  const alpine = { os: 'linux', cpu: 'x64', libc: 'musl' } as const;
  const machines: Partial<Surroundings>[] = [
    { platform: { os: 'win32', cpu: 'x64' }, distribution: 'other' },
    { platform: { os: 'win32', cpu: 'arm64' }, distribution: 'other' },
    { platform: alpine, distribution: 'other' },
    { platform: { ...alpine, cpu: 'riscv64' }, distribution: 'other' },
    { platform: { os: 'darwin', cpu: 'arm64' }, distribution: 'other' },
    { platform: { os: 'freebsd', cpu: 'x64' }, distribution: 'other' },
  ];
  for (const machine of machines) {
    for (const installation of ['clone', 'source package', 'prebuilt package'] as const) {
      const lines = nativeRemedy(absent, around({ ...machine, installation }));
      t.true(lines.length > 0);
      t.notRegex(lines.join('\n'), /dnf|apt-get/);
    }
  }
  t.regex(
    nativeRemedy(absent, around({ platform: alpine, distribution: 'other' }))[0],
    /linux-x64-musl@1\.2\.3$/,
  );
});
