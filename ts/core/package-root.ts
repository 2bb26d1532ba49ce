import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: the nearest one above this file that holds package.json. */
export function packageRoot(): string {
  return folderOfPackage(fileURLToPath(import.meta.url), 'ridgeflow');
}

function folderOfPackage(file: string, name: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`The folder of the package ${name} cannot be found`);
  }
}

/**
 * Where the files of a folder of ts/ are that are read as data: beside the sources when these run, else in dist/.
 */
export function sourceFolder(name: string): string {
  return join(packageRoot(), import.meta.url.endsWith('.ts') ? 'ts' : 'dist', name);
}

/** Where a file of a dependency is: inside the published package, which carries it, else in the dependency itself. */
export function dependencyFile(name: string, file: string): string {
  const carried = join(packageRoot(), 'dist', 'vendor', name, file);
  if (existsSync(carried)) return carried;
  return join(folderOfPackage(createRequire(import.meta.url).resolve(name), name), file);
}
