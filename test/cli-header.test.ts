import test from 'ava';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { RandomStream } from '../ts/core/random.js';
import { emptyFolder, ridgeflow } from './command-line.js';

test('--header and --no-header decide what the first row of a CSV file is', async (t) => {
  const stream = new RandomStream(3, 'sample');
  const rows = Array.from({ length: 40 }, (_, i) => [0, 1, 2].map((k) => stream.uniform(3 * i + k)).join());
  const path = join(emptyFolder(t), 'points.csv');
  writeFileSync(path, ['0,1,2', ...rows].join('\n'));
  const read = async (...options: string[]) => {
    const { code, stdout, stderr } = await ridgeflow(['entropy', path, '--json', '--no-kernel', ...options]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as { n: number; notes: string[] };
  };
  const guessed = await read();
  t.is(guessed.n, 40);
  t.regex(guessed.notes.join(), /first row \(0, 1, 2\).*--no-header/);
  for (const [option, n] of [
    ['--header', 40],
    ['--no-header', 41],
  ] as const) {
    const given = await read(option);
    t.is(given.n, n, option);
    t.deepEqual(given.notes, [], option);
  }
  const same = await ridgeflow(['distance', path, path, '--json', '--no-header', '--method', 'exact']);
  t.is(same.code, 0, same.stderr);
  t.is((JSON.parse(same.stdout) as { a: { n: number } }).a.n, 41);
});
