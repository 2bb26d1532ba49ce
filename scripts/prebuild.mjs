#!/usr/bin/env node
// Makes the packages of npm that hold the compiled addon, one a platform.
//   npm run prebuild -- linux-x64 linux-arm64 … [--out build/packages] [--downloads build/prebuild/downloads]
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from './lib/project.mjs';
import { interruptible, runMain } from './lib/run.mjs';
import { compileAddon } from './prebuild/compile.mjs';
import { packPlatform } from './prebuild/package.mjs';
import { TARGETS, targetsNamed } from './prebuild/targets.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: join(projectRoot, 'build', 'packages') },
    downloads: { type: 'string', default: join(projectRoot, 'build', 'prebuild', 'downloads') },
  },
});
const work = join(projectRoot, 'build', 'prebuild');
const out = resolve(values.out);

await runMain(() =>
  interruptible(async () => {
    if (positionals.length === 0) {
      // npm runs a script of this name before `npm run build` too: there it has nothing to do.
      console.log(`No package to make: npm run prebuild -- ${TARGETS.map(({ name }) => name).join(' ')}`);
      return 0;
    }
    mkdirSync(out, { recursive: true });
    for (const target of targetsNamed(positionals)) {
      const log = join(work, `${target.name}.log`);
      rmSync(log, { force: true });
      const start = performance.now();
      const made = await compileAddon(target, { downloads: resolve(values.downloads), work, log });
      const { file, megabytes } = await packPlatform(target, made, { work, out, log });
      const minutes = ((performance.now() - start) / 60_000).toFixed(1);
      console.log(`${file}: ${megabytes.toFixed(1)} MB (${minutes} min)`);
    }
    return 0;
  }),
);
