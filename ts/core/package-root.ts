import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: the nearest one above this file that holds package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The folder of the package ridgeflow cannot be found');
    folder = parent;
  }
  return folder;
}

/**
 * Where the files of a folder of ts/ are that are read as data: beside the sources when these run, else in dist/.
 */
export function sourceFolder(name: string): string {
  return join(packageRoot(), import.meta.url.endsWith('.ts') ? 'ts' : 'dist', name);
}
