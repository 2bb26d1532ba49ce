// Short forms of `npm run soak`, each in a process of its own, which a crash of the addon would end.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exactly as built } from './native.js';
import { canMount } from './soak/disk-full.js';

const run = promisify(execFile);
const root = new URL('..', import.meta.url);

built('workers that alone use the addon may end, and be terminated amid loops of small calls', async (t) => {
  const { stdout } = await run(process.execPath, ['scripts/soak.mjs', 'workers', '--count', '60'], {
    cwd: root,
  });
  t.is(stdout.trim(), '60 workers started, busy and ended');
});

for (const [name, count] of [
  ['concurrent', 42],
  ['leaks', 12],
  ['kills', 1],
] as const)
  built(`a short ${name}`, async (t) => {
    const args = ['scripts/soak.mjs', name, '--count', String(count)];
    const { stdout } = await run(process.execPath, args, { cwd: root });
    t.true(stdout.startsWith(`${count} `), stdout);
  });

built('writers on a full disk, and on one that may only be read', async (t) => {
  if (!canMount()) {
    t.log('skipped: this user may not mount');
    return t.pass();
  }
  const { stdout } = await run(process.execPath, ['scripts/soak.mjs', 'disk-full'], { cwd: root });
  t.regex(stdout, /nothing lost, nothing left/);
});

built('calls for more memory than a control group has', async (t) => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    t.log('skipped: this user may not make control groups');
    return t.pass();
  }
  const result = await run(process.execPath, ['scripts/soak.mjs', 'memory'], { cwd: root }).catch(
    (error: { stderr: string }) => error,
  );
  if (/Cannot make a control group/.test(result.stderr)) {
    t.log('skipped: no control groups here');
    return t.pass();
  }
  t.true('stdout' in result && /all refused/.test(result.stdout), JSON.stringify(result));
});

built('soak says what it takes', async (t) => {
  const error = await t.throwsAsync(run(process.execPath, ['scripts/soak.mjs', 'nothing'], { cwd: root }));
  t.regex(error.message, /npm run soak -- workers\|concurrent/);
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
