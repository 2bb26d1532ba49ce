// Runs every example of the gallery, and looks at what it prints and at its picture.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { readPng } from '../ts/io/png.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'ridgeflow-examples-'));
const gallery = await readFile(join(root, 'examples', 'README.md'), 'utf8');
const sources = (await readdir(join(root, 'examples'), { recursive: true })).filter((name) =>
  name.endsWith('.ts'),
);
const names = sources
  .map((name) => name.replaceAll('\\', '/').replace('.ts', ''))
  // What they share is not one of them.
  .filter((name) => !name.startsWith('picture'))
  .sort();
const section = gallery.split('\n## ').find((text) => text.startsWith('Flows'))!;
const flows = new Set([...section.matchAll(/\((\S+)\.ts\)/g)].map(([, name]) => name));

test.after.always(() => rm(folder, { recursive: true, force: true }));

for (const name of names) {
  test.serial(`the example ${name} draws its picture`, async (t) => {
    const source = await readFile(join(root, 'examples', `${name}.ts`), 'utf8');
    const drawsImages = /\bwriteImages\(/.test(source);
    const file = join(folder, `${basename(name)}.${drawsImages ? 'png' : 'svg'}`);
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import=tsx', join('examples', `${name}.ts`), file],
      { cwd: root },
    );
    t.is(stderr, '');
    t.true(stdout.includes(`The picture is in ${file}`));
    t.notRegex(stdout, /NaN|Infinity|undefined/);
    if (name.startsWith('theory/')) t.regex(stdout, /\d\.\d/);
    if (drawsImages) {
      const { image } = await readPng(file);
      t.true(new Set(image.data).size > 30);
      return;
    }
    const svg = await readFile(file, 'utf8');
    t.regex(svg, /^<svg[^>]* viewBox="0 0 \d/);
    t.true(svg.trimEnd().endsWith('</svg>'));
    // Something is drawn, and all of it is at finite places.
    t.true((svg.match(/<path /g) ?? []).length > (flows.has(name) ? 30 : 10));
    t.notRegex(svg.replace(/href="data:[^"]*"/g, ''), /NaN|Infinity|undefined/);
  });
}

test('the gallery names every example, and a flow by each of its names', (t) => {
  t.true(names.length >= 35);
  for (const name of names) t.true(gallery.includes(`(${name}.ts)`), name);
  t.true(flows.size >= 12);
});
