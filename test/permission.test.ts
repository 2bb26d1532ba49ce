// Under Node's permission model the library works with the two flags it needs, and says which one is missing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exactly as built } from './native.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const library = `${root}dist/index.js`;

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

const PROGRAM = `
  const rf = await import(${JSON.stringify(library)});
  await rf.score(rf.zeros([3, 2]), rf.zeros([4, 2]), { variance: 1, backend: 'native' }).then(
    () => console.log('works'),
    (error) => console.log(error.code, error.message),
  );
`;

async function run(...flags: string[]): Promise<string> {
  const args = ['--no-warnings', PERMISSION, ...flags, '--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.trim();
}

built('with --allow-fs-read and --allow-addons it works', async (t) => {
  t.is(await run('--allow-fs-read=*', '--allow-addons'), 'works');
});

built('without --allow-addons it names the flag', async (t) => {
  t.regex(await run('--allow-fs-read=*'), /^BACKEND_UNAVAILABLE .*Start Node\.js with --allow-addons/);
});

built('where the addon may not be read it names the flag', async (t) => {
  const readable = ['dist/*', 'node_modules/*', 'package.json'].map(
    (name) => `--allow-fs-read=${root}${name}`,
  );
  t.regex(
    await run(...readable, '--allow-addons'),
    /^BACKEND_UNAVAILABLE .*may not be read.*--allow-fs-read/,
  );
});
