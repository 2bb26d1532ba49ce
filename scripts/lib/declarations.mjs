import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the declarations in dist/ complete by themselves: the types of other packages, which a user need not have, are
 * plain objects there.
 *
 * @param {string} dist
 */
export function completeDeclarations(dist) {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = join(dist, name);
    const before = readFileSync(file, 'utf8');
    const text = before.replace(
      /^import type \{([^}]+)\} from '(?!\.|node:)[^']+';$/gm,
      (_, /** @type {string} */ names) =>
        names
          .split(',')
          .map((imported) => `type ${imported.trim()} = Record<string, any>;`)
          .join('\n'),
    );
    if (text !== before) writeFileSync(file, text);
  }
}
