// Draws the pictures of the gallery into build/gallery: `npm run gallery`. Those whose examples did not change since are
// left; with --all every one is drawn anew, as after a change of the library. Names of examples draw these alone.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drawPictures, gallerySections } from './lib/site/gallery.mjs';
import { projectRoot } from './lib/project.mjs';
import { runMain } from './lib/run.mjs';

async function main() {
  const args = process.argv.slice(2);
  const all = args.includes('--all');
  const names = args.filter((arg) => arg !== '--all');
  const examples = gallerySections(projectRoot).flatMap((section) => section.examples);
  const unknown = names.filter((name) => !examples.some((example) => example.name === name));
  if (unknown.length > 0) {
    console.error(
      `No example named ${unknown.join(', ')}; there are ${examples.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const folder = join(projectRoot, 'build', 'gallery');
  const chosen = names.length > 0 ? examples.filter(({ name }) => names.includes(name)) : examples;
  const pictures = await drawPictures(projectRoot, chosen, { folder, all, say: (text) => console.log(text) });
  console.log(`${pictures.size} pictures in build/gallery`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(main);
