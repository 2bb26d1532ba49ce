// Writes the reference of every export of the library, docs/api/<subject>.md, from the doc comments: `npm run docs`.
// With --check it writes nothing, and fails where the reference is not what the sources say.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { apiReference } from './lib/api-reference.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'docs', 'api');

function main() {
  const pages = apiReference(root);
  mkdirSync(folder, { recursive: true });
  const present = readdirSync(folder).filter((name) => name.endsWith('.md'));
  if (process.argv.includes('--check')) {
    const stale = [...pages].filter(
      ([name, text]) => !present.includes(name) || readFileSync(join(folder, name), 'utf8') !== text,
    );
    const left = present.filter((name) => !pages.has(name));
    if (stale.length + left.length === 0) return;
    console.error(
      `Not what the sources say: ${[...stale.map(([name]) => name), ...left].join(', ')}. Run npm run docs`,
    );
    process.exitCode = 1;
    return;
  }
  for (const name of present) if (!pages.has(name)) rmSync(join(folder, name));
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  console.log(`${pages.size} pages in docs/api`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
