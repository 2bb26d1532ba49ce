import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { carriedLicences, carryDependencies } from './carried.mjs';
import { writeCommonJs } from './commonjs.mjs';
import { publishedManifest } from './manifest.mjs';
import { projectPaths, projectRoot } from './project.mjs';

/**
 * Writes the package as it is published into `folder`, from a compiled dist/.
 *
 * @param {string} folder
 */
export async function stagePackage(folder) {
  rmSync(folder, { recursive: true, force: true });
  const manifest = publishedManifest();
  for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
    if (name === 'dist' || name === 'THIRD-PARTY-LICENSES') continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
  }
  const carried = await carryDependencies(projectPaths(projectRoot).dist, join(folder, 'dist'));
  writeCommonJs(join(folder, 'dist'));
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), carriedLicences(carried));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
