// The examples, as examples/README.md lists them: their pictures, and the pages that show these beside their code.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** @typedef {{ name: string, about: string, source: string }} Example `name` as it is called in examples/, without .ts */
/** @typedef {{ title: string, lead: string, page: string, examples: Example[] }} Section */
/** @typedef {{ light: string, dark: string | null, said: string }} Picture file names, and what the example printed */

/**
 * @param {string} root
 * @returns {Section[]}
 */
export function gallerySections(root) {
  const text = readFileSync(join(root, 'examples', 'README.md'), 'utf8');
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const title = part.slice(0, part.indexOf('\n'));
      const body = part.slice(title.length).trim();
      const examples = [...body.matchAll(/^\| \[[^\]]+\]\((\S+)\.ts\) +\| (.*?) +\|$/gm)].map(
        ([, name, about]) => ({
          name,
          about,
          source: readFileSync(join(root, 'examples', `${name}.ts`), 'utf8').trimEnd(),
        }),
      );
      const lead = body.slice(0, body.indexOf('|')).trim();
      return { title, lead, page: `${slugOf(title)}.md`, examples };
    });
}

/** @param {string} title */
const slugOf = (title) => title.toLowerCase().replace(/[^a-z]+/g, '-');

/** @param {Example} example */
const drawsImages = ({ source }) => /\bwriteImages\(/.test(source);

/**
 * Draws the pictures of examples that have none yet, or were changed since, two at a time.
 *
 * @param {string} root
 * @param {readonly Example[]} examples
 * @param {{ folder: string, all?: boolean, say?: (text: string) => void }} options `all` draws every picture anew, as
 *   after a change of the library
 * @returns {Promise<Map<string, Picture>>} by the names of the examples
 */
export async function drawPictures(root, examples, { folder, all = false, say = () => {} }) {
  mkdirSync(folder, { recursive: true });
  const shared = readdirSync(join(root, 'examples'))
    .filter((name) => name.startsWith('picture'))
    .map((name) => readFileSync(join(root, 'examples', name), 'utf8'))
    .join('');
  /** @type {Map<string, Picture>} */
  const pictures = new Map();
  const waiting = examples.map((example) => {
    const stamp = createHash('sha256').update(shared).update(example.source).digest('hex');
    const name = basename(example.name);
    const image = drawsImages(example);
    const light = image ? `${name}.png` : `${name}.svg`;
    return { ...example, name, stamp, key: example.name, light, dark: image ? null : `${name}.dark.svg` };
  });
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { name, key, stamp, light, dark } = next;
      const record = join(folder, `${name}.json`);
      const files = dark ? [light, dark] : [light];
      /** @type {{ stamp?: string, said?: string }} */
      let { stamp: drawn, said = '' } = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
      if (all || drawn !== stamp || files.some((file) => !existsSync(join(folder, file)))) {
        const start = performance.now();
        rmSync(record, { force: true });
        const { stdout } = await promisify(execFile)(
          process.execPath,
          ['--import=tsx', join('examples', `${key}.ts`), ...files.map((file) => join(folder, file))],
          { cwd: root },
        );
        said = stdout.replace(/^The picture is in .*\n?/m, '').trimEnd();
        writeFileSync(record, JSON.stringify({ stamp, said }));
        say(`${key}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
      }
      pictures.set(key, { light, dark, said });
    }
  };
  await Promise.all([work(), work()]);
  return pictures;
}

/**
 * An image for both looks of the site: see site.css.
 *
 * @param {string} folder of the pictures, as seen from the page
 * @param {Picture} picture
 * @param {string} about
 */
export function imageOf(folder, { light, dark }, about) {
  const alt = about.replaceAll('"', '&quot;').replace(/[`*_]/g, '');
  const image = (/** @type {string} */ file, /** @type {string} */ look) =>
    `<img ${look ? `class="${look}" ` : ''}src="${folder}/${file}" alt="${alt}" loading="lazy">`;
  return dark ? image(light, 'when-light') + image(dark, 'when-dark') : image(light, '');
}

/**
 * A page of each section, and one with all pictures.
 *
 * @param {readonly Section[]} sections
 * @param {Map<string, Picture>} pictures
 * @returns {Map<string, string>} file names to Markdown
 */
export function galleryPages(sections, pictures) {
  /** @type {Map<string, string>} */
  const pages = new Map();
  const shown = sections
    .map((section) => ({ ...section, examples: section.examples.filter(({ name }) => pictures.has(name)) }))
    .filter(({ examples }) => examples.length > 0);
  for (const { title, lead, page, examples } of shown) {
    const parts = examples.map(({ name, about, source }) => {
      const picture = /** @type {Picture} */ (pictures.get(name));
      const said = picture.said ? `It prints\n\n\`\`\`text\n${picture.said}\n\`\`\`\n\n` : '';
      return `## ${basename(name)}\n\n${about}.\n\n${imageOf('pictures', picture, about)}\n\n${said}\`\`\`ts\n${source}\n\`\`\`\n`;
    });
    pages.set(page, `# ${title}\n\n${lead}\n\n${parts.join('\n')}`);
  }
  const walls = shown.map(({ title, page, examples }) => {
    const cards = examples.map(({ name, about }) => {
      const picture = /** @type {Picture} */ (pictures.get(name));
      return `<a class="card" href="${page}#${basename(name)}">${imageOf('pictures', picture, about)}<span>${about}</span></a>`;
    });
    return `## [${title}](${page})\n\n<div class="wall">\n${cards.join('\n')}\n</div>\n`;
  });
  const lead =
    'Each picture was made by a few lines that compute something and draw it: the code stands beside it.';
  pages.set('README.md', `# All pictures\n\n${lead}\n\n${walls.join('\n')}`);
  return pages;
}
