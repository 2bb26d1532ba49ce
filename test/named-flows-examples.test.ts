import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));
const gallery = await readFile(join(root, 'examples', 'README.md'), 'utf8');
const [, flows] = gallery.split('## ').map((section) => [...section.matchAll(/\((\S+)\.ts\)/g)]);
const names = flows.map(([, name]) => name).filter((name) => name !== 'picture');
const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-examples-'));

test.after.always(() => rm(folder, { recursive: true, force: true }));

for (const name of names) {
  test.serial(`the example ${name} draws a picture`, async (t) => {
    const file = join(folder, `${name}.svg`);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import=tsx', join('examples', `${name}.ts`), file],
      { cwd: root },
    );
    t.true(stdout.includes(file));
    const svg = await readFile(file, 'utf8');
    t.regex(svg, /^<svg[^>]* viewBox="0 0 \d/);
    t.true(svg.trimEnd().endsWith('</svg>'));
    // Something is drawn, and all of it is at finite places.
    t.true((svg.match(/<path /g) ?? []).length > 30);
    t.notRegex(svg, /NaN|Infinity|undefined/);
  });
}

test('the gallery has an example of every flow', (t) => {
  t.true(names.length >= 11);
});
