// Runs the code of README.md and docs/*.md: the blocks that begin with ```ts run or ```js. Each is a program of its own, in
// a folder of its own; what it prints after `console.log` is nobody's business, an error is.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { compiled } from './compiled.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where a program of the documentation finds what it imports. */
const moduleOf = (name: string) =>
  /^ridgeflow(\/|$)/.test(name)
    ? pathToFileURL(compiled(join(name.slice('ridgeflow'.length), 'index.js'))).href
    : name;
const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-docs-'));

await symlink(join(root, 'data'), join(folder, 'data'));
await mkdir(join(folder, 'node_modules'));
await symlink(root, join(folder, 'node_modules', 'ridgeflow'));
for (const name of ['esbuild', 'hyparquet-writer'])
  await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = await Promise.all(
  ['README.md', ...names.map((name) => `docs/${name}`)].map(async (page) => ({
    page,
    text: await readFile(join(root, page), 'utf8'),
  })),
);
test.after.always(() => rm(folder, { recursive: true, force: true }));

for (const { page, text } of pages) {
  const blocks = [...text.matchAll(/^```(?:ts run|js)\n(.*?)^```$/gms)];
  if (blocks.length === 0) continue;
  test(`the code of ${page} runs`, async (t) => {
    // One process for a page, since most of the time is that of loading: each block in a scope of its own.
    const imports = new Set<string>();
    const bodies = blocks.map(([, code]) =>
      code.replace(/^import (\{[^}]*\}) from '([^']+)';.*$/gm, (_, names: string, from: string) => {
        imports.add(names);
        // What is only a type is gone by the time that the program runs.
        return `const ${names.replace(/\btype \w+,?/g, '')} = await import(${JSON.stringify(moduleOf(from))});`;
      }),
    );
    t.true(imports.size > 0);
    const program = bodies
      .map(
        (body, i) =>
          `await (async () => {\n${body}})().catch((error) => { console.error('block ${i + 1}:', error); process.exit(1); });`,
      )
      .join('\n');
    const file = join(folder, basename(page).replace('.md', '.mts'));
    await writeFile(file, program);
    const tsx = import.meta.resolve('tsx');
    const run = promisify(execFile)(process.execPath, [`--import=${tsx}`, file], { cwd: folder });
    await t.notThrowsAsync(run);
    t.log((await run).stdout);
  });
}
