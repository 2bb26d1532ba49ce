// The reference says what the sources say, and no link of the documentation leads nowhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { apiReference } from '../scripts/lib/api-reference.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const api = join(root, 'docs', 'api');

const pages = [
  ...['README.md', 'CHANGELOG.md'].map((name) => join(root, name)).filter((file) => existsSync(file)),
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(root, folder, name)),
  ),
];

/** The text without what is shown as code. */
const prose = (text: string) => text.replace(/^( *)```.*?^\1```/gms, '').replace(/`[^`\n]*`/g, '');

/** Anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  const headings = text.replace(/^( *)```.*?^\1```/gms, '').matchAll(/^#{1,6} +(.+)$/gm);
  for (const [, heading] of headings) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replace(/ /g, '-');
    let name = anchor;
    for (let i = 1; found.has(name); i++) name = `${anchor}-${i}`;
    found.add(name);
  }
  return found;
}

/** What is wrong with a link of a page, if anything. */
function fault(page: string, target: string): string | undefined {
  const [path, anchor] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchors(readFileSync(file, 'utf8')).has(anchor) ? undefined : `${target}: no such heading`;
}

test('the reference is what the doc comments say', (t) => {
  const expected = apiReference(root);
  const present = readdirSync(api);
  t.deepEqual(present.toSorted(), [...expected.keys()].toSorted(), 'npm run docs brings docs/api up to date');
  for (const [name, text] of expected)
    t.true(readFileSync(join(api, name), 'utf8') === text, `docs/api/${name} is out of date: npm run docs`);
});

test('the reference has every function that the library exports', async (t) => {
  const text = [...apiReference(root).values()].join('\n');
  const library: object = await import('../ts/index.js');
  for (const name of Object.keys(library)) t.true(text.includes(`\n## ${name}\n`), name);
});

test('every link of the documentation leads somewhere', (t) => {
  t.true(pages.length > 20);
  let links = 0;
  for (const page of pages) {
    const text = prose(readFileSync(page, 'utf8'));
    for (const [, target] of text.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?[^()\s]*)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      t.is(fault(page, target), undefined, relative(root, page));
    }
  }
  t.true(links > 100);
});

test('a broken link is found', (t) => {
  const page = join(root, 'docs', 'method.md');
  t.regex(fault(page, 'nowhere.md')!, /no such file/);
  t.regex(fault(page, 'method.md#nowhere')!, /no such heading/);
  t.is(fault(page, 'method.md#the-maps'), undefined);
  t.is(fault(page, '#the-maps'), undefined);
});
