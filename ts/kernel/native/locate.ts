import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../core/package-root.js';

/** What a machine runs, as the names of platform packages say it. */
export interface Platform {
  os: string;
  cpu: string;
  /** Linux only: which C library Node itself was linked with. */
  libc?: 'glibc' | 'musl';
}

/** One place where the addon may be. */
export interface AddonPlace {
  origin: 'RIDGEFLOW_ADDON' | 'local build' | 'platform package';
  /** The file, or undefined where it is not there. */
  path?: string;
  /** Why there is nothing to load. */
  absent?: string;
}

/** The platforms for which packages are made: those of scripts/prebuild/targets.mjs. */
export const PLATFORM_PACKAGES: readonly string[] = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
];

/** The platform of this process. */
export function currentPlatform(): Platform {
  const platform: Platform = { os: process.platform, cpu: process.arch };
  if (process.platform === 'linux') platform.libc = libcOf(process.execPath);
  return platform;
}

/** Of the ELF format, 64 bits, little-endian: where the header and the entries of its program table hold what is read here. */
const ELF = {
  magic: Buffer.from('\x7fELF\x02\x01', 'latin1'),
  header: 64,
  tableOffset: 32,
  entryCount: 56,
  entry: 56, // bytes
  type: 0,
  offset: 8,
  length: 32,
  interpreter: 3, // the type PT_INTERP
};

/**
 * Which C library a Linux executable asks for: that of the program interpreter that its program table names. The name may
 * stand anywhere in the file; tools that edit executables move it to the end.
 */
export function libcOf(executable: string): 'glibc' | 'musl' {
  try {
    const file = openSync(executable, 'r');
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, position));
    };
    try {
      const header = read(0, ELF.header);
      if (!header.subarray(0, ELF.magic.length).equals(ELF.magic)) return 'glibc';
      const length = ELF.entry * header.readUInt16LE(ELF.entryCount);
      const table = read(Number(header.readBigUInt64LE(ELF.tableOffset)), length);
      for (let entry = 0; entry < table.length; entry += ELF.entry) {
        if (table.readUInt32LE(entry + ELF.type) !== ELF.interpreter) continue;
        const size = Math.min(4096, Number(table.readBigUInt64LE(entry + ELF.length)));
        const name = read(Number(table.readBigUInt64LE(entry + ELF.offset)), size);
        return name.includes('/ld-musl-') ? 'musl' : 'glibc';
      }
    } finally {
      closeSync(file);
    }
  } catch {
    // Not readable, or not of this kind.
  }
  return 'glibc'; // by far the likelier
}

/** `@ridgeflow/linux-x64-musl` and its like; whether there is such a package is another question. */
export function platformPackage({ os, cpu, libc }: Platform): string {
  return `@ridgeflow/${os}-${cpu}${libc === 'musl' ? '-musl' : ''}`;
}

/** Where the addon may be, best first: what the environment names, a build of these sources, the platform package. */
export function addonPlaces(): AddonPlace[] {
  const named = process.env.RIDGEFLOW_ADDON;
  if (named) {
    const place: AddonPlace = { origin: 'RIDGEFLOW_ADDON' };
    return [
      mayRead(named) && existsSync(named)
        ? { ...place, path: named }
        : { ...place, absent: `there is no file ${named}` },
    ];
  }
  return [localBuild(), installedPackage()];
}

const READ = '--allow-fs-read=* (or the folders that the program reads, and that of ridgeflow)';

/** Under Node's permission model a file that may not be read looks as if it were not there. */
function mayRead(path: string): boolean {
  const { permission } = process as { permission?: { has(scope: string, reference: string): boolean } };
  return permission?.has('fs.read', path) ?? true;
}

/** Where a build of these sources would be. */
export function localBuild(file = 'ridgeflow.node'): AddonPlace {
  const folder = join(packageRoot(), 'build');
  for (const configuration of ['Release', 'Debug']) {
    const path = join(folder, configuration, file);
    if (mayRead(path) && existsSync(path)) return { origin: 'local build', path };
  }
  const path = join(folder, 'Release', file);
  if (!mayRead(path))
    return { origin: 'local build', absent: `${path} may not be read. Start Node.js with ${READ}` };
  return { origin: 'local build', absent: `${path} has not been built` };
}

function installedPackage(): AddonPlace {
  const platform = currentPlatform();
  const name = platformPackage(platform);
  const place: AddonPlace = { origin: 'platform package' };
  if (!PLATFORM_PACKAGES.includes(name.split('/')[1])) {
    return { ...place, absent: `there is no package ${name}: this platform is not among those prebuilt` };
  }
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    return { ...place, absent: `${name} is not installed` };
  }
  const [found, wanted] = [manifest, join(packageRoot(), 'package.json')].map(versionIn);
  if (found !== wanted) return { ...place, absent: `${name} has version ${found}, but ridgeflow ${wanted}` };
  return { ...place, path: join(manifest, '..', 'ridgeflow.node') };
}

function versionIn(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
