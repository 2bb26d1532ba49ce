// Builds the documentation site: `npm run site -- [--out folder] [--examples name,name]`, by default into build/site. Its
// pages are docs/, the gallery, the benchmarks that were recorded last and the API from the doc comments; it opens from
// any file server, and from the disk. `--examples` draws those pictures alone, to try it out.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Application, LogLevel, OptionDefaults } from 'typedoc';
import { apiReference } from './lib/api-reference.mjs';
import { subpaths } from './lib/entries.mjs';
import { projectRoot } from './lib/project.mjs';
import { runMain } from './lib/run.mjs';
import { benchmarkPage } from './lib/site/benchmarks.mjs';
import { drawPictures, galleryPages, gallerySections } from './lib/site/gallery.mjs';
import { menuOf, writeSitePage } from './lib/site/pages.mjs';

async function main() {
  const { values } = parseArgs({ options: { out: { type: 'string' }, examples: { type: 'string' } } });
  const out = resolve(values.out ?? join(projectRoot, 'build', 'site'));
  const say = (/** @type {string} */ text) => console.log(text);
  const sections = gallerySections(projectRoot);
  const wanted = values.examples?.split(',');
  const examples = sections
    .flatMap((section) => section.examples)
    .filter(({ name }) => !wanted || wanted.includes(name));
  const drawn = join(projectRoot, 'build', 'gallery');
  const pictures = await drawPictures(projectRoot, examples, { folder: drawn, say });

  const folder = `${out}.pages`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'examples'), { recursive: true });
  cpSync(drawn, join(folder, 'examples', 'pictures'), { recursive: true });
  const context = { root: projectRoot, folder, exports: exportsByLink(), sections, pictures };
  const documents = [...menuOf(projectRoot)].map(([page, group]) => writeSitePage(page, group, context));
  for (const [page, text] of galleryPages(sections, pictures))
    documents.push(writeSitePage(`examples/${page}`, 'Gallery', context, text));
  documents.push(writeSitePage('docs/benchmarks.md', 'Begin here', context, benchmarkPage(projectRoot)));
  const readme = writeSitePage('README.md', undefined, context);

  const app = await Application.bootstrap({
    name: 'ridgeflow',
    entryPoints: [...subpaths().filter((name) => name !== '.'), '.'].map((name) =>
      join(projectRoot, 'ts', name, 'index.ts'),
    ),
    tsconfig: join(projectRoot, 'tsconfig.json'),
    // `npm run typecheck` finds errors of types.
    skipErrorChecking: true,
    projectDocuments: documents,
    readme,
    basePath: join(projectRoot, 'ts'),
    disableSources: true,
    disableGit: true,
    excludeInternal: true,
    excludePrivate: true,
    customCss: join(projectRoot, 'scripts', 'lib', 'site', 'site.css'),
    highlightLanguages: [...OptionDefaults.highlightLanguages, 'dockerfile'],
    searchInComments: true,
    searchInDocuments: true,
    hideGenerator: true,
    githubPages: false,
    groupOrder: ['Begin here', 'By subject', 'Gallery', 'For contributors', 'Modules', '*'],
    navigation: {
      includeGroups: true,
      includeCategories: false,
      includeFolders: false,
      compactFolders: false,
      excludeReferences: true,
    },
    validation: {
      notExported: false,
      invalidLink: true,
      invalidPath: true,
      rewrittenLink: false,
      notDocumented: false,
      unusedMergeModuleWith: true,
    },
    sort: ['documents-first', 'source-order'],
    sortEntryPoints: true,
    logLevel: LogLevel.Warn,
  });
  const project = await app.convert();
  if (!project) return 1;
  app.validate(project);
  rmSync(out, { recursive: true, force: true });
  await app.generateDocs(project, out);
  rmSync(folder, { recursive: true, force: true });
  // A warning is a link that leads nowhere.
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return 1;
  console.log(`The site is in ${out}: open index.html there`);
  return 0;
}

/**
 * What the links to docs/api mean.
 *
 * @returns {Map<string, string>} `dae.md#daemap` to `dae.daeMap`
 */
function exportsByLink() {
  const links = new Map();
  for (const [page, text] of apiReference(projectRoot))
    for (const [, name] of text.matchAll(/^## (\w+)$/gm))
      // Functions come before types, which may have the same name but for its capital.
      if (!links.has(`${page}#${name.toLowerCase()}`))
        links.set(`${page}#${name.toLowerCase()}`, `${page.replace('.md', '')}.${name}`);
  return links;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(main);
