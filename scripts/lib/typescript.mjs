import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageBin } from './project.mjs';
import { errorLines, run } from './run.mjs';
import { clearStamp, fingerprint, readStamp, writeStamp } from './stamp.mjs';

/**
 * The library and the command line, compiled from ts/ to dist/.
 *
 * @param {Pick<import('./steps.mjs').Context, 'paths'>} context
 * @returns {import('./steps.mjs').Step}
 */
export function typescriptStep({ paths }) {
  const stamp = paths.stamp('typescript');
  const log = paths.log('typescript');
  const digest = () =>
    fingerprint(paths.root, [
      'ts',
      'tsconfig.json',
      'tsconfig.build.json',
      'scripts/bundle.mjs',
      'scripts/lib/foundation.mjs',
      'package.json',
      'node_modules/typescript/package.json',
    ]);
  return {
    name: 'TypeScript',
    check() {
      if (readStamp(stamp)?.fingerprint === digest() && existsSync(paths.commandLine)) {
        return { status: 'unchanged', detail: 'up to date' };
      }
      return { status: 'needed', detail: 'compiling ts/ to dist/' };
    },
    async run() {
      const compiler = packageBin(paths.root, 'typescript', 'tsc');
      if (!compiler) return { status: 'failed', detail: 'typescript is not in node_modules: run npm ci' };
      clearStamp(stamp);
      rmSync(log, { force: true });
      const before = digest();
      // What was compiled from a file that is gone must go too.
      rmSync(paths.dist, { recursive: true, force: true });
      const ok = await run([process.execPath, compiler, '-p', 'tsconfig.build.json'], {
        log,
        cwd: paths.root,
      });
      if (!ok) return { status: 'failed', detail: `tsc failed (log: ${log})`, lines: errorLines(log) };
      const bundle = join(paths.root, 'scripts', 'bundle.mjs');
      if (existsSync(bundle) && !(await run([process.execPath, bundle], { log, cwd: paths.root }))) {
        return { status: 'failed', detail: `joining dist/ failed (log: ${log})`, lines: errorLines(log) };
      }
      writeStamp(stamp, { fingerprint: before, ok: true });
      return { status: 'done', detail: 'compiled' };
    },
  };
}
