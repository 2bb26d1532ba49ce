// The set-up at work, on a small project whose compiler and build tool are scripts.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { requirements, type System } from '../scripts/lib/requirements.mjs';
import { setup } from '../scripts/setup.mjs';

const scripts = {
  // It fails where the sources say so, and can take its time.
  'node_modules/typescript/bin/tsc': `
    const fs = require('node:fs');
    fs.appendFileSync('compilations', 'x');
    const source = fs.readFileSync('ts/cli/main.ts', 'utf8');
    fs.mkdirSync('dist/cli', { recursive: true });
    fs.writeFileSync('dist/cli/main.js', source);
    if (source.includes('wrong')) { console.log('ts/cli/main.ts(1,1): error TS2304'); process.exit(1); }
    setTimeout(() => {}, source.includes('slow') ? 60000 : source.includes('brief') ? 300 : 0);`,
  'node_modules/cmake-js/bin/cmake-js': `
    const fs = require('node:fs');
    if (!process.argv.includes('build')) process.exit(0);
    fs.appendFileSync('builds', 'x');
    const source = fs.readFileSync('native/kernel.cpp', 'utf8');
    if (source.includes('wrong')) { console.log('native/kernel.cpp:1: error: wrong'); process.exit(1); }
    fs.mkdirSync('build/Release', { recursive: true });
    fs.writeFileSync('build/Release/ridgeflow.node', source);`,
  // Stands in for loading an addon.
  'load.cjs': `process.dlopen = (module, file) => {
    if (require('node:fs').readFileSync(file, 'utf8').includes('unloadable')) throw new Error('cannot load');
  };`,
};

function makeProject(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'ridgeflow project ')); // with a space, as users have them
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const packages = { 'node_modules/typescript': { version: '5' }, 'node_modules/cmake-js': { version: '8' } };
  const files: Record<string, string> = {
    ...scripts,
    'package.json': JSON.stringify({ engines: { node: '>=20.19' } }),
    'package-lock.json': JSON.stringify({ packages: { '': {}, ...packages } }),
    'node_modules/.package-lock.json': JSON.stringify({ packages }),
    'node_modules/typescript/package.json': JSON.stringify({ bin: { tsc: './bin/tsc' } }),
    'node_modules/cmake-js/package.json': JSON.stringify({ bin: { 'cmake-js': './bin/cmake-js' } }),
    'native/kernel.cpp': 'good',
    'ts/cli/main.ts': 'good',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  process.env.NODE_OPTIONS = `--require=${JSON.stringify(join(root, 'load.cjs'))}`;
  return root;
}

const complete: System = {
  family: 'debian',
  root: true,
  installed: () => new Set(requirements.map(({ debian }) => debian)),
  present: () => false,
};
const bare: System = { ...complete, installed: () => new Set() };
const noInstall = { ...process.env, RIDGEFLOW_NO_INSTALL: '1' };

const stream = { write: (text: string) => text.length };

type Options = Parameters<typeof setup>[0];

/** What became of each step, in order. */
async function statuses(root: string, options: Options = {}): Promise<string> {
  const { outcomes } = await setup({ root, stream, system: complete, env: noInstall, ...options });
  return Object.values(outcomes)
    .map(({ status }) => status)
    .join(' ');
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

test.serial(
  'the second run finds everything done, a change is seen, and no more is done than it needs',
  async (t) => {
    const root = makeProject(t);
    t.is(await statuses(root), 'unchanged unchanged done done');
    t.is(await statuses(root), 'unchanged unchanged unchanged unchanged');
    t.is(read(root, 'builds') + read(root, 'compilations'), 'xx');
    t.false(existsSync(join(root, 'build/setup/lock')));

    writeFileSync(join(root, 'ts/cli/main.ts'), 'better');
    t.is(await statuses(root), 'unchanged unchanged unchanged done');
    t.is(read(root, 'dist/cli/main.js'), 'better');
    writeFileSync(join(root, 'native/kernel.cpp'), 'better');
    t.is(await statuses(root), 'unchanged unchanged done unchanged');
    rmSync(join(root, 'dist'), { recursive: true });
    rmSync(join(root, 'build/Release'), { recursive: true });
    t.is(await statuses(root), 'unchanged unchanged done done');
  },
);

test.serial('what was compiled from a file that is gone goes too', async (t) => {
  const root = makeProject(t);
  await statuses(root);
  writeFileSync(join(root, 'dist/stale.js'), '');
  writeFileSync(join(root, 'ts/cli/main.ts'), 'better');
  await statuses(root);
  t.false(existsSync(join(root, 'dist/stale.js')));
});

test.serial(
  'a native build that fails leaves the fallback, and is tried again when asked or changed',
  async (t) => {
    const root = makeProject(t);
    await statuses(root);
    for (const broken of ['wrong', 'unloadable']) {
      writeFileSync(join(root, 'native/kernel.cpp'), broken);
      const { ok, outcomes } = await setup({ root, stream, system: complete, env: noInstall });
      t.true(ok);
      t.is(outcomes['native addon'].status, 'fallback');
      t.regex(outcomes['native addon'].lines?.join('\n') ?? '', /error: wrong|cannot load/i);
      t.false(existsSync(join(root, 'build/Release')), 'the addon of the older sources is not used');
      const builds = read(root, 'builds');
      t.is(await statuses(root), 'unchanged unchanged fallback unchanged');
      t.is(read(root, 'builds'), builds, 'the same sources are not tried twice');
      await statuses(root, { retry: true });
      t.not(read(root, 'builds'), builds);
    }
    writeFileSync(join(root, 'native/kernel.cpp'), 'good');
    t.is(await statuses(root), 'unchanged unchanged done unchanged');
  },
);

test.serial('without a compiler the main job can run, and what is missing is said', async (t) => {
  const root = makeProject(t);
  const { ok, outcomes } = await setup({ root, stream, system: bare, env: noInstall });
  t.true(ok);
  t.regex(outcomes['system packages'].detail, /RIDGEFLOW_NO_INSTALL/);
  t.regex(
    outcomes['system packages'].lines?.join('\n') ?? '',
    /apt-get install -y g\+\+ make cmake[^]*dnf[^]*brew/,
  );
  t.regex(outcomes['native addon'].detail, /not built, for want of a C\+\+ compiler, make, CMake/);
  t.is(outcomes.TypeScript.status, 'done');
});

test.serial('an addon outlives its compiler, and not its sources', async (t) => {
  const root = makeProject(t);
  await statuses(root);
  t.is(await statuses(root, { system: bare }), 'fallback unchanged unchanged unchanged');
  writeFileSync(join(root, 'native/kernel.cpp'), 'better');
  t.is(await statuses(root, { system: bare }), 'fallback unchanged fallback unchanged');
  t.false(existsSync(join(root, 'build/Release')));
});

test.serial('without a compiled library the main job cannot run', async (t) => {
  const root = makeProject(t);
  writeFileSync(join(root, 'ts/cli/main.ts'), 'wrong');
  const { ok, outcomes } = await setup({ root, stream, system: complete, env: noInstall });
  t.false(ok);
  t.deepEqual(outcomes.TypeScript.lines, ['ts/cli/main.ts(1,1): error TS2304']);
  t.is(await statuses(root), 'unchanged unchanged unchanged failed');
  writeFileSync(join(root, 'ts/cli/main.ts'), 'good');
  t.is(await statuses(root), 'unchanged unchanged unchanged done');
});

test.serial('npm installs what is missing, and where it cannot the set-up has failed', async (t) => {
  const root = makeProject(t);
  const npm = join(root, 'npm-cli.js');
  const env = { ...noInstall, npm_execpath: npm };
  const record = join(root, 'node_modules/.package-lock.json');
  const before = read(record);
  rmSync(record);
  writeFileSync(npm, 'console.error("npm error network"); process.exit(1);');
  const { ok, outcomes } = await setup({ root, stream, system: complete, env });
  t.false(ok);
  t.deepEqual(outcomes['npm dependencies'].lines, ['npm error network']);
  t.false('TypeScript' in outcomes, 'nothing is tried without them');
  writeFileSync(
    npm,
    `require('node:fs').writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(before)});
    require('node:fs').writeFileSync('arguments', process.argv.slice(2).join(' '));`,
  );
  t.is(await statuses(root, { env }), 'unchanged done done done');
  t.regex(read(root, 'arguments'), /^ci --ignore-scripts --include=dev/);
});

test.serial(
  'packages are installed without those that the release does not have, and not again and again',
  async (t) => {
    const root = makeProject(t);
    const tools = join(root, 'tools');
    const program = (name: string, body: string) => {
      writeFileSync(join(tools, name), `#!${process.execPath}\n${body}`);
      chmodSync(join(tools, name), 0o755);
    };
    mkdirSync(tools);
    program('dpkg', '');
    program(
      'apt-get',
      `
    require('node:fs').appendFileSync(${JSON.stringify(join(root, 'calls'))}, process.argv.slice(2).join(' ') + '\\n');
    if (process.argv.includes('libhwy-dev')) { console.log('E: Unable to locate package libhwy-dev'); process.exit(100); }
    if (process.argv[2] === 'install') require('node:fs').writeFileSync(${JSON.stringify(join(root, 'installed'))}, '');`,
    );
    const env = { ...process.env, PATH: `${tools}:${process.env.PATH}` };
    const path = process.env.PATH;
    process.env.PATH = env.PATH;
    t.teardown(() => (process.env.PATH = path));
    const system: System = {
      ...complete,
      installed: () => {
        const names = existsSync(join(root, 'installed')) ? [...complete.installed()] : [];
        return new Set(names.filter((name) => name !== 'libhwy-dev'));
      },
    };
    const { ok, outcomes } = await setup({ root, stream, system, env });
    t.true(ok);
    t.regex(outcomes['system packages'].lines?.[0] ?? '', /^missing: Highway\. /);
    const calls = read(root, 'calls').trim().split('\n');
    t.is(calls[0], 'update');
    t.regex(calls[1], /^install .* g\+\+ make .*libhwy-dev/);
    t.regex(calls[2], /^install .* g\+\+ make (?!.*libhwy)/);
    await statuses(root, { system, env });
    t.is(read(root, 'calls').trim().split('\n').length, calls.length, 'once is enough');
    await statuses(root, { system, env, retry: true });
    t.true(read(root, 'calls').trim().split('\n').length > calls.length);
  },
);

/** Runs the set-up of a project in a process of its own. */
function setupProcess(root: string): ChildProcess {
  const url = (file: string) =>
    JSON.stringify(pathToFileURL(join(import.meta.dirname, '..', 'scripts', file)).href);
  const main = `
    import { requirements } from ${url('lib/requirements.mjs')};
    import { runMain } from ${url('lib/run.mjs')};
    import { setup } from ${url('setup.mjs')};
    const installed = () => new Set(requirements.map(({ debian }) => debian));
    const system = { family: 'debian', root: true, installed, present: () => false };
    await runMain(async () => ((await setup({ root: ${JSON.stringify(root)}, system })).ok ? 0 : 1));`;
  return spawn(process.execPath, ['--input-type=module', '-e', main], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

const exit = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

test.serial('an interrupted set-up stops its work, and nothing counts as done', async (t) => {
  const root = makeProject(t);
  await statuses(root);
  writeFileSync(join(root, 'ts/cli/main.ts'), 'slow');
  const child = setupProcess(root);
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  while (read(root, 'compilations') !== 'xx') await sleep(20);
  t.true(existsSync(join(root, 'build/setup/lock')));
  const start = performance.now();
  child.kill('SIGINT');
  t.is(await exit(child), 130);
  t.true(performance.now() - start < 30_000, 'it did not wait for the compiler');
  t.regex(output, /Interrupted by SIGINT/);
  t.false(existsSync(join(root, 'build/setup/lock')));
  t.is(read(root, 'dist/cli/main.js'), 'slow', 'the compiler had begun to write');
  writeFileSync(join(root, 'ts/cli/main.ts'), 'good');
  t.is(await statuses(root), 'unchanged unchanged unchanged done');
});

test.serial('two set-ups at once do the work once', async (t) => {
  const root = makeProject(t);
  writeFileSync(join(root, 'ts/cli/main.ts'), 'brief');
  t.deepEqual(await Promise.all([exit(setupProcess(root)), exit(setupProcess(root))]), [0, 0]);
  t.is(read(root, 'builds') + read(root, 'compilations'), 'xx');
});
