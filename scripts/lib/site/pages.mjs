// The Markdown of the project as TypeDoc takes it: each page with its title and its place in the menu, links to docs/api as
// links to the exports themselves, and pictures in both looks.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { imageOf } from './gallery.mjs';

/** @typedef {import('./gallery.mjs').Section} Section */
/** @typedef {import('./gallery.mjs').Picture} Picture */

/**
 * @typedef {object} Context
 * @property {string} root of the project
 * @property {string} folder where the pages go, which are laid out as in the project
 * @property {Map<string, string>} exports links to docs/api, as in `dae.md#daemap`, to names such as `dae.daeMap`
 * @property {readonly Section[]} sections of the gallery
 * @property {Map<string, Picture>} pictures by the names of examples
 */

/** The pages that docs/README.md does not list, with the parts of the menu where they are. */
const OTHERS = /** @type {Record<string, string>} */ ({
  'docs/README.md': 'Begin here',
  'CONTRIBUTING.md': 'For contributors',
  'SECURITY.md': 'For contributors',
  'CHANGELOG.md': 'Begin here',
});

/**
 * The part of docs/README.md that each page is listed in: the menu of the site.
 *
 * @param {string} root
 * @returns {Map<string, string>} paths from the root to titles of parts, in order
 */
export function menuOf(root) {
  const index = readFileSync(join(root, 'docs', 'README.md'), 'utf8');
  const menu = new Map();
  for (const part of index.split(/^## /m).slice(1)) {
    const title = part.slice(0, part.indexOf('\n'));
    for (const [, page] of part.matchAll(/\]\(([\w-]+\.md)\)/g)) menu.set(`docs/${page}`, title);
  }
  const missing = readdirSync(join(root, 'docs')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md' && !menu.has(`docs/${name}`),
  );
  if (missing.length > 0) throw new Error(`docs/README.md does not list ${missing.join(', ')}`);
  for (const [page, title] of Object.entries(OTHERS)) menu.set(page, title);
  return menu;
}

/**
 * Writes a page of the project as a page of the site.
 *
 * @param {string} page its path from the root
 * @param {string | undefined} group its part of the menu; the first page has none
 * @param {Context} context
 * @param {string} [text] its Markdown, where no file has it
 * @returns {string} the file
 */
export function writeSitePage(page, group, context, text) {
  const source = text ?? readFileSync(join(context.root, page), 'utf8');
  const linked = outsideCode(source, (prose) => withLinks(prose, page, context));
  const [, title, body] = /^# (.*)\n([^]*)$/.exec(linked) ?? [null, basename(page, '.md'), linked];
  const head = `---\ntitle: ${JSON.stringify(title.replaceAll('`', ''))}\ngroup: ${JSON.stringify(group)}\n---\n`;
  const file = join(context.folder, page);
  mkdirSync(dirname(file), { recursive: true });
  // TypeDoc writes the title of the first page itself, and of the others only in the menu.
  writeFileSync(file, group === undefined ? body : `${head}${linked}`);
  return file;
}

/** @type {(text: string, change: (prose: string) => string) => string} */
const outsideCode = (text, change) =>
  text
    .split(/(^```.*?^```$)/ms)
    .map((part) => (part.startsWith('```') ? part.replace(/^```ts run/, '```ts') : change(part)))
    .join('');

/** @type {(text: string, page: string, context: Context) => string} */
function withLinks(text, page, context) {
  const here = posix.dirname(page);
  /** @type {(whole: string, about: string, path: string) => string} */
  const image = (_, about, path) => imageAt(posix.join(here, path), page, about, context);
  /** @type {(whole: string, label: string, target: string) => string} */
  const link = (whole, label, target) => {
    if (/^(https?:|#)/.test(target)) return whole;
    const [path, anchor] = target.split('#');
    const place = posix.join(here, path);
    if (place.startsWith('docs/api/'))
      return linkToExport(label, target.slice(target.indexOf('api/') + 4), context);
    const example = /^examples\/(.*)\.ts$/.exec(place)?.[1];
    const section = context.sections.find(({ examples }) => examples.some(({ name }) => name === example));
    if (example && section && context.pictures.has(example))
      return `[${label}](${posix.relative(here, `examples/${section.page}`)}#${basename(example)})`;
    if (place === 'examples/README.md' && anchor) return `[${label}](${target.split('#')[0]})`;
    return place.endsWith('.md') && !place.startsWith('data/') ? whole : label;
  };
  return text
    .replace(/!\[([^\]]*)\]\(([^)\s]+)\)/g, image)
    .replace(/(?<!!)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, link);
}

/** @type {(label: string, target: string, context: Context) => string} */
function linkToExport(label, target, { exports }) {
  if (target === 'README.md') return `{@link ridgeflow | ${label}}`;
  const name = target.includes('#') ? exports.get(target) : basename(target, '.md');
  if (!name) throw new Error(`docs/api/${target} is no export`);
  return `{@link ${name} | ${label}}`;
}

/**
 * A picture that the gallery has too is shown as it is there, for both looks.
 *
 * @type {(place: string, page: string, about: string, context: Context) => string}
 */
function imageAt(place, page, about, { root, folder, pictures }) {
  const name = basename(place).replace(/\.\w+$/, '');
  const drawn = [...pictures].find(([key]) => basename(key) === name)?.[1];
  if (drawn) return imageOf(posix.relative(posix.dirname(page), 'examples/pictures'), drawn, about);
  if (!existsSync(join(root, place))) throw new Error(`${page} shows ${place}, which is not there`);
  mkdirSync(join(folder, dirname(place)), { recursive: true });
  copyFileSync(join(root, place), join(folder, place));
  return imageOf(
    posix.relative(posix.dirname(page), posix.dirname(place)) || '.',
    { light: basename(place), dark: null, said: '' },
    about,
  );
}
