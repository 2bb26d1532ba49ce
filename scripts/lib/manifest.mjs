import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TARGETS } from '../prebuild/targets.mjs';
import { projectRoot } from './project.mjs';

/** What a user installs beside the library, where it is needed: never carried. */
export const OPTIONAL = ['@tensorflow/tfjs-node', 'onnxruntime-node', 'umap-js', '@huggingface/tokenizers'];

/** @typedef {{ name: string, version: string, license: string, files: string[] }} Manifest */

/**
 * package.json as it is published: without scripts, and without the dependencies that it carries. In the clone it names no platform package: `npm ci` would look for versions that
 * are not published yet.
 */
export function publishedManifest() {
  /** @type {Manifest} */
  const own = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  const left = ['scripts', 'dependencies', 'devDependencies', 'ava', 'allowScripts'];
  return {
    .../** @type {Manifest} */ (
      Object.fromEntries(Object.entries(own).filter(([name]) => !left.includes(name)))
    ),
    files: [...own.files, 'THIRD-PARTY-LICENSES'],
    optionalDependencies: Object.fromEntries(TARGETS.map(({ name }) => [`@ridgeflow/${name}`, own.version])),
  };
}
