import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RidgeflowError } from '../ts/core/errors.js';
import { decodeTableHere } from '../ts/io/table.js';

// A program for io-fuzz.test.ts: decodes the damaged files of a folder (its first argument) from the one that its second
// argument counts on, in this process, and prints a line before and a line after each, so that a crash has a name.

async function main(): Promise<void> {
  const [folder, first] = process.argv.slice(2);
  const names = readdirSync(folder).sort();
  for (const name of names.slice(Number(first))) {
    process.stdout.write(`${name} `);
    const format = name.endsWith('parquet') ? 'parquet' : 'arrow';
    let outcome = 'read';
    try {
      await decodeTableHere({ path: join(folder, name), format, dtype: 'float32' });
    } catch (error) {
      outcome = error instanceof RidgeflowError ? error.code : `THREW ${String(error)}`;
    }
    process.stdout.write(`${outcome}\n`);
  }
}

void main();
