#!/usr/bin/env node
// The package as it is published: no install script, the platform packages as optional dependencies, and what large
// packages give to few commands carried inside, without the rest of them.
//   npm run package -- [--out build/packages]
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectPaths, projectRoot } from './lib/project.mjs';
import { stagePackage } from './lib/published.mjs';
import { filesBelow } from './lib/stamp.mjs';
import { packFolder } from './prebuild/package.mjs';
import { setup } from './setup.mjs';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(projectRoot, 'build', 'packages') } },
});
if (!(await setup({ purpose: 'package' })).ok) process.exit(1);
const folder = join(projectRoot, 'build', 'package');
await stagePackage(folder);
const log = projectPaths(projectRoot).log('package');
const { file, megabytes } = await packFolder(folder, resolve(values.out), log);
const unpacked = filesBelow(folder).reduce((sum, name) => sum + statSync(name).size, 0) / 1e6;
console.log(`${file}: ${megabytes.toFixed(1)} MB, unpacked ${unpacked.toFixed(1)} MB`);
