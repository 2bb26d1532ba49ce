import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNpz } from '../ts/index.js';
import { emptyFolder, main, ridgeflow } from './command-line.js';

/** Two classes that differ in the small column alone, beside a wide one. */
function unequal(n = 60): string {
  const rows = Array.from({ length: n }, (_, i) => {
    const wide = 1000 * Math.sin(1.7 * i * i);
    const small = (i % 2) * 2 + 0.3 * Math.cos(2.3 * i * i);
    return `${i % 2 ? 'right' : 'left'},${i % 7 === 3 ? 'NA' : small.toFixed(4)},${wide.toFixed(3)},${i}`;
  });
  return `side,small,wide,id\n${rows.join('\n')}\n`;
}

interface Summary {
  columns: {
    used: string[];
    dropped: unknown[];
    classes: unknown;
    scaled: { columns: { scale: number }[] } | null;
  };
  notes: string[];
  n: number;
  d: number;
}

test('transport of a table with missing values and unequal columns, at one scale', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'table.csv');
  writeFileSync(file, unequal());
  const options = [
    '--label-column',
    'side',
    '--drop-columns',
    'i*',
    '--depths',
    '1',
    '--out',
    join(folder, 'out'),
  ];
  const refused = await ridgeflow(['transport', file, ...options]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /line 5, column 2 \("small"\).*--drop-missing/s);
  const { code, stderr } = await ridgeflow([
    'transport',
    '--standardise',
    file,
    ...options,
    '--drop-missing',
  ]);
  t.is(code, 0, stderr);
  t.regex(stderr, /Classes: column side, as asked: 2 \(left, right\)/);
  t.regex(stderr, /Note: 9 of 60 rows with a missing value were left out \(small 9\)/);
  const summary = JSON.parse(readFileSync(join(folder, 'out', 'summary.json'), 'utf8')) as Summary;
  t.like(summary, { n: 51, d: 2 });
  t.deepEqual(summary.columns.used, ['small', 'wide']);
  t.deepEqual(summary.columns.dropped, [{ column: 'id', why: 'left out' }]);
  t.deepEqual(summary.columns.classes, { column: 'side', why: 'asked' });
  const { start, centre, scale } = await readNpz(join(folder, 'out', 'positions.npz'));
  t.deepEqual(
    [...scale.data],
    summary.columns.scaled!.columns.map((column) => column.scale),
  );
  t.true(scale.data[1] > 100 * scale.data[0]);
  const first = unequal().split('\n')[1].split(',').map(Number);
  t.true(Math.abs(start.data[1] * scale.data[1] + centre.data[1] - first[2]) < 1e-3);
});

test('entropy says what one wide column does, and reads standard input', async (t) => {
  const records = unequal().split('\n').slice(1, -1).map((line) => line.split(',')); // prettier-ignore
  const json = JSON.stringify(records.map(([side, small, wide]) => ({ side, at: { small: small === 'NA' ? null : Number(small), wide: Number(wide) } }))); // prettier-ignore
  const args = ['entropy', '-', '--no-kernel', '--json', '--fill', 'median', '--columns', 'at.*'];
  const child = spawn(process.execPath, [main, ...args]);
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stdin.end(json);
  t.is(await new Promise((resolve) => child.on('close', resolve)), 0);
  const { columns, notes, n } = JSON.parse(stdout) as Summary;
  t.is(n, 60);
  t.deepEqual(columns.used, ['at.small', 'at.wide']);
  t.regex(notes.join('\n'), /9 missing values were filled in with the median/);
  t.regex(notes.join('\n'), /column at\.wide holds over 99.9 % of the variance.*--standardise/);
  t.is(columns.scaled, null);
});

test('distance between files with labels in one of them, and columns in another order', async (t) => {
  const folder = emptyFolder(t);
  const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i % 2]);
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const a = write('a.csv', `x,z,kind\n${rows.map(([x, z, k]) => `${x},${z},k${k}`).join('\n')}\n`);
  const b = write('b.csv', `z,x\n${rows.map(([x, z]) => `${z},${x + 1}`).join('\n')}\n`);
  const named = await ridgeflow(['distance', a, b, '--label-column', 'kind', '--json']);
  t.is(named.code, 0, named.stderr);
  const found = JSON.parse(named.stdout) as { distance: number; notes: string[] };
  t.true(Math.abs(found.distance - 1) < 1e-6, 'a shift by 1 in x');
  t.regex(found.notes.join('\n'), /b\.csv has no column kind/);
  t.regex(found.notes.join('\n'), /order of .*a\.csv/);
  const c = write('c.csv', rows.map((row) => row.join(',')).join('\n'));
  const d = write('d.csv', rows.map(([x, z]) => `${x},${z}`).join('\n'));
  const numbered = await ridgeflow(['distance', c, d, '--label-column', '-1', '--json']);
  t.is(numbered.code, 0, numbered.stderr);
  t.like(JSON.parse(numbered.stdout), { distance: 0, d: 2 });
  const wrong = await ridgeflow(['distance', a, c]);
  t.is(wrong.code, 1);
});

test('options that contradict each other, and columns that are misspelt', async (t) => {
  const folder = emptyFolder(t);
  const file = join(folder, 'table.csv');
  writeFileSync(file, unequal());
  for (const [args, code, pattern] of [
    [['--fill', '0', '--drop-missing'], 2, /cannot be used with/],
    [['--fill', 'x'], 2, /mean, median or a number/],
    [['--columns', 'smal', '--fill', '0'], 1, /Did you mean small\?/],
    [['--scale-group', 'small,wide', '--fill', '0'], 1, /give --standardise too/],
    [['--drop-colums', 'a'], 2, /Did you mean --drop-columns\?/],
  ] as const) {
    const run = await ridgeflow(['entropy', file, ...args]);
    t.is(run.code, code, run.stderr);
    t.regex(run.stderr, pattern);
  }
});
