import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = (await readdir(join(root, 'examples', 'theory'))).filter((name) => name.endsWith('.ts'));
const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-theory-'));

test.after.always(() => rm(folder, { recursive: true, force: true }));

/** What an example prints, and its picture. */
async function run(name: string) {
  const file = join(folder, name.replace('.ts', '.svg'));
  const program = ['--import=tsx', join('examples', 'theory', name), file];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: root });
  return { stdout, stderr, svg: await readFile(file, 'utf8') };
}

for (const name of names) {
  test.serial(`the example theory/${name} prints numbers and draws them`, async (t) => {
    const { stdout, stderr, svg } = await run(name);
    t.is(stderr, '');
    t.regex(stdout, /\d\.\d/);
    t.notRegex(stdout, /NaN|Infinity|undefined/);
    t.regex(svg, /^<svg[^>]* viewBox="0 0 \d/);
    t.true(svg.trimEnd().endsWith('</svg>'));
    t.notRegex(svg, /NaN|Infinity|undefined/);
  });
}

test('the gallery names every example of the theory', async (t) => {
  const gallery = await readFile(join(root, 'examples', 'README.md'), 'utf8');
  for (const name of names) t.true(gallery.includes(`(theory/${name})`), name);
});
