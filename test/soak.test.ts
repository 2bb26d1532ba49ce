// Short forms of `npm run soak`, each in a process of its own, which a crash of the addon would end.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = new URL('..', import.meta.url);
const built = existsSync(new URL('build/Release/ridgeflow.node', root)) ? test : test.skip;

built('workers that alone use the addon may end, and be terminated amid loops of small calls', async (t) => {
  const { stdout } = await run(process.execPath, ['scripts/soak.mjs', 'workers', '--count', '60'], {
    cwd: root,
  });
  t.is(stdout.trim(), '60 workers started, busy and ended');
});

built('soak says what it takes', async (t) => {
  const error = await t.throwsAsync(run(process.execPath, ['scripts/soak.mjs', 'nothing'], { cwd: root }));
  t.regex(error.message, /npm run soak -- workers/);
});

built('what is no signal ends the call, and keeps no timer', async (t) => {
  const program = `
    const { withControl } = await import('./ts/kernel/native/control.ts');
    const run = { signal: { aborted: false }, onProgress: () => {} };
    await withControl(run, () => Promise.resolve(undefined)).catch((error) => console.log(error.name));
  `;
  const flags = ['--import=tsx', '--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, flags, { cwd: root, timeout: 60_000 });
  t.is(stdout.trim(), 'TypeError');
});
