// The package of one platform: the addon, the library of OpenBLAS beside it, and the licences of all that is inside.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from '../lib/dependencies.mjs';
import { projectRoot } from '../lib/project.mjs';
import { errorLines, run } from '../lib/run.mjs';
import { packageFaults } from './check.mjs';
import { HIGHWAY, ONETBB } from './downloads.mjs';
import { OPENBLAS_VERSION } from './targets.mjs';

/** @param {string} file */
const fileVersion = (file) => /_([0-9.]+)\.orig/.exec(file)?.[1] ?? '';

/**
 * @param {import('./targets.mjs').Target} target
 * @param {{ addon: string, openblas: string, sources: string }} made
 * @param {{ work: string, out: string, log: string }} places
 * @returns {Promise<{ file: string, megabytes: number }>} the tarball. Throws where it does not hold to what is promised of it
 */
export async function packPlatform(target, { addon, openblas, sources }, { work, out, log }) {
  const folder = join(work, target.name, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  /** @type {import('../lib/manifest.mjs').Manifest} */
  const { version, license } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  copyFileSync(addon, join(folder, 'ridgeflow.node'));
  const libraries = join(openblas, 'scipy_openblas32', 'lib');
  const library = readdirSync(libraries).find((name) => /^(lib)?scipy_openblas\.(so|dylib|dll)$/.test(name));
  if (!library) throw new Error(`no library of OpenBLAS in ${libraries}`);
  copyFileSync(join(libraries, library), join(folder, library));
  writeFileSync(join(folder, 'LICENSE'), readFileSync(join(projectRoot, 'LICENSE')));
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), licences(openblas, sources));
  writeFileSync(
    join(folder, 'README.md'),
    `# @ridgeflow/${target.name}\n\nThe native addon of [ridgeflow](https://www.npmjs.com/package/ridgeflow) for ` +
      `${target.os}, ${target.cpu}${target.libc ? `, ${target.libc}` : ''}. It is installed by itself with ridgeflow.\n`,
  );
  const manifest = {
    name: `@ridgeflow/${target.name}`,
    version,
    description: `The native addon of ridgeflow for ${target.os} on ${target.cpu}`,
    license: `${license} AND BSD-3-Clause AND Apache-2.0 AND LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1`,
    main: 'ridgeflow.node',
    files: ['ridgeflow.node', library, 'THIRD-PARTY-LICENSES'],
    engines: { node: '>=20.19' },
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc && { libc: [target.libc] }),
    preferUnplugged: true,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const packed = await packFolder(folder, out, log);
  const faults = packageFaults(target, { folder, megabytes: packed.megabytes });
  if (faults.length === 0) return packed;
  rmSync(packed.file);
  throw new Error(`${target.name}: ${faults.join('; ')}`);
}

/**
 * `npm pack` of a folder that holds a whole package.
 *
 * @param {string} folder
 * @param {string} out
 * @param {string} log
 * @returns {Promise<{ file: string, megabytes: number }>}
 */
export async function packFolder(folder, out, log) {
  /** @type {import('../lib/manifest.mjs').Manifest} */
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  mkdirSync(out, { recursive: true });
  const file = join(out, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  if (
    !(await run([...npmCommand(process.env), 'pack', folder, '--ignore-scripts', '--pack-destination', out], {
      log,
    }))
  )
    throw new Error(`npm pack failed: ${errorLines(log).join('\n')}`);
  return { file, megabytes: statSync(file).size / 1e6 };
}

/**
 * @param {string} openblas
 * @param {string} sources
 */
function licences(openblas, sources) {
  const info = readdirSync(openblas).find((name) => name.endsWith('.dist-info')) ?? '';
  /** @type {[string, string][]} */
  const parts = [
    [`OpenBLAS ${OPENBLAS_VERSION}, with its Fortran runtime, as a library of its own`, join(openblas, info, 'licenses', 'LICENSE.txt')], // prettier-ignore
    [`oneTBB ${fileVersion(ONETBB.file)}, linked into the addon`, join(sources, 'onetbb', 'LICENSE.txt')],
    [`oneTBB: what it holds of others`, join(sources, 'onetbb', 'third-party-programs.txt')],
    [`Highway ${fileVersion(HIGHWAY.file)}, linked into the addon`, join(sources, 'highway', 'LICENSE')],
    ['KISS FFT, compiled into the addon', join(projectRoot, 'native', 'third-party', 'kissfft', 'COPYING')],
  ];
  const rule = '='.repeat(100);
  return parts
    .map(([title, file]) => `${rule}\n${title}\n${rule}\n\n${readFileSync(file, 'utf8').trim()}\n`)
    .join('\n');
}
