// The checklists for contributors, and the picture of the layers, name files that are there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files and folders that a page names in backticks. */
function namedPaths(page: string): string[] {
  const text = readFileSync(`${root}${page}`, 'utf8').replace(/^```.*?^```$/gms, '');
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name);
  return quoted.filter(
    (name) =>
      /^(ts|native|bindings|test|bench|scripts|docs|examples|data)\/[\w./-]*$/.test(name) ||
      /^[A-Z]+\.md$/.test(name),
  );
}

for (const page of ['CONTRIBUTING.md', 'docs/architecture.md']) {
  test(`every file that ${page} names is there`, (t) => {
    const paths = namedPaths(page);
    t.true(paths.length > 10, 'the page names files');
    t.deepEqual(
      paths.filter((path) => !existsSync(`${root}${path}`)),
      [],
    );
  });
}

test('the commands that CONTRIBUTING.md names are those of the package', (t) => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const text = readFileSync(`${root}CONTRIBUTING.md`, 'utf8');
  const named = [...text.matchAll(/`npm (?:run )?([\w:]+)/g)].map(([, name]) => name);
  t.true(named.length > 5);
  t.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});
