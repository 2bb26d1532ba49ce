// What to do where the native addon does not load: the commands that fit this machine and this package manager.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../core/package-root.js';
import type { AddonAttempt } from '../kernel/native/addon.js';
import { PLATFORM_PACKAGES, currentPlatform, platformPackage } from '../kernel/native/locate.js';
import type { Platform } from '../kernel/native/locate.js';
import { packageVersion } from './version.js';

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';
export type Distribution = 'debian' | 'fedora' | 'other';

/** What the remedy depends on. */
export interface Surroundings {
  platform: Platform;
  distribution: Distribution;
  manager: PackageManager;
  version: string;
  /** A clone of the project; a package that an install script builds; one that has its addon in another package. */
  installation: 'clone' | 'source package' | 'prebuilt package';
}

/** What building the addon takes, as the systems' package managers call it: the requirements of the set-up. */
export const NATIVE_PACKAGES: Readonly<Record<'debian' | 'fedora', readonly string[]>> = {
  debian: ['g++', 'make', 'cmake', 'libopenblas-dev', 'libhwy-dev', 'libtbb-dev'],
  fedora: ['gcc-c++', 'make', 'cmake', 'openblas-devel', 'highway-devel', 'tbb-devel'],
};

/** This process, its package and its machine. */
export function surroundings(): Surroundings {
  const root = packageRoot();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return {
    platform: currentPlatform(),
    distribution: distributionOf(readText('/etc/os-release')),
    manager: managerOf(process.env.npm_config_user_agent, root),
    version: packageVersion(),
    installation: existsSync(join(root, 'ts'))
      ? 'clone'
      : scripts?.install
        ? 'source package'
        : 'prebuilt package',
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** What a Linux distribution is or descends from, by the text of /etc/os-release. */
export function distributionOf(osRelease: string): Distribution {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, ids]) => ids.split(' '));
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'debian';
  return ids.includes('fedora') || ids.includes('rhel') ? 'fedora' : 'other';
}

const LOCK_FILES: readonly [string, PackageManager][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
];

/** The package manager that runs this process, else the one whose lock file lies nearest above the package. */
export function managerOf(userAgent: string | undefined, root: string): PackageManager {
  const running = LOCK_FILES.find(([, manager]) => userAgent?.startsWith(`${manager}/`));
  if (running) return running[1];
  for (let folder = root; ; folder = dirname(folder)) {
    const found = LOCK_FILES.find(([name]) => existsSync(join(folder, name)));
    if (found) return found[1];
    if (folder === dirname(folder)) return 'npm';
  }
}

/** The lines of advice, most helpful first. */
export function nativeRemedy(attempts: readonly AddonAttempt[], around: Surroundings): string[] {
  if (attempts.some(({ origin }) => origin === 'RIDGEFLOW_ADDON'))
    return ['Unset RIDGEFLOW_ADDON, or let it name an addon that loads here.'];
  if (attempts.some(({ disabled }) => disabled))
    return ['Start Node.js with --allow-addons: its permission model keeps the native addon from loading.'];
  if (around.installation === 'clone') return [`${buildTools(around)}npm run setup`];
  if (around.installation === 'source package') return [`${buildTools(around)}${runInstallScript(around)}`];
  const name = platformPackage(around.platform);
  // To install once more what is there already would change nothing.
  if (attempts.some(({ origin, path }) => origin === 'platform package' && path))
    return [
      `${name} is installed, but does not load: delete node_modules, then ${reinstall(around.manager)}`,
    ];
  if (PLATFORM_PACKAGES.includes(name.split('/')[1]))
    return [`Install the native addon: ${addOptional(`${name}@${around.version}`, around.manager)}`];
  const { os, cpu } = around.platform;
  if (os === 'win32')
    return ['No native addon is made for Windows. In its Subsystem for Linux (WSL) that of Linux is used.'];
  return [
    `No native addon is made for ${os} on ${cpu}. ${buildTools(around)}${addDevelopment(around.manager)} ` +
      '&& node node_modules/ridgeflow/scripts/install.mjs',
  ];
}

/** Saved as optional, so that the project still installs on other systems; asked for, where a setting leaves these out. */
function addOptional(name: string, manager: PackageManager): string {
  return {
    npm: `npm install --save-optional --include=optional ${name}`,
    pnpm: `pnpm add --save-optional --config.optional=true ${name}`,
    yarn: `yarn add --optional ${name}`,
    bun: `bun add --optional ${name}`,
  }[manager];
}

/** pnpm links files from its store, where a damaged one stays unless it is told to fetch it again. */
function reinstall(manager: PackageManager): string {
  return manager === 'pnpm' ? 'pnpm install --force' : `${manager} install`;
}

function addDevelopment(manager: PackageManager): string {
  return `${manager} ${manager === 'npm' ? 'install' : 'add'} cmake-js node-addon-api`;
}

/** npm, pnpm and bun run no install scripts where they are told so, or unless they are told to. */
function runInstallScript({ manager }: Surroundings): string {
  return {
    npm: 'npm rebuild ridgeflow --ignore-scripts=false',
    pnpm: 'pnpm approve-builds ridgeflow && pnpm rebuild ridgeflow',
    yarn: 'yarn install --force',
    bun: 'bun pm trust ridgeflow',
  }[manager];
}

function buildTools({ platform, distribution }: Surroundings): string {
  if (platform.os === 'darwin')
    return 'Build the native addon: xcode-select --install; brew install cmake openblas highway tbb; then ';
  if (distribution === 'debian')
    return `Build the native addon: apt-get install ${NATIVE_PACKAGES.debian.join(' ')}; then `;
  if (distribution === 'fedora')
    return `Build the native addon: dnf install ${NATIVE_PACKAGES.fedora.join(' ')}; then `;
  return 'Build the native addon, with a C++20 compiler, make, CMake, OpenBLAS, Highway and oneTBB: ';
}
