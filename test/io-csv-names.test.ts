import test, { type ExecutionContext } from 'ava';
import { type ReadCloudOptions, readCloud } from '../ts/io/index.js';
import { put } from './io-files.js';

async function read(t: ExecutionContext, text: string, options?: ReadCloudOptions) {
  const { points, columns, notes, labels } = await readCloud(put(t, 'data.csv', text), options);
  return { n: points.shape[0], d: points.shape[1], data: [...points.data], columns, notes, labels };
}

test('integers that go on from 0, or years, above other numbers are names, with a note', async (t) => {
  const headers: Record<string, string[]> = {
    '0,1,2\n0.5,0.25,3\n4,5,6\n': ['0', '1', '2'],
    '0,1,2\n0,1,2\n3,4,5\n': ['0', '1', '2'],
    '0 1 2 3\n5 7 1 2\n': ['0', '1', '2', '3'],
    '0,1\n0.5,0.25\n1e-3,4.0\n': ['0', '1'],
    '5,6,7\n0.5,0.25,1.0\n': ['5', '6', '7'],
    '2019,2020,2021\n3.5,4,5\n1,2,3\n': ['2019', '2020', '2021'],
    '1990;2000\n3;4\n': ['1990', '2000'],
    'name,2020,2021\n3,4,5\n': ['name', '2020', '2021'],
  };
  for (const [text, names] of Object.entries(headers)) {
    const { columns, n, notes } = await read(t, text);
    t.deepEqual(columns, names, text);
    t.is(n, text.trim().split('\n').length - 1, text);
    t.is(notes?.length, 1, text);
    t.regex(notes![0], /first row \(.*\) was read as the names.*header: false/, text);
    const point = await read(t, text.replace('name', '7'), { header: false });
    t.is(point.columns, undefined);
    t.is(point.n, n + 1, text);
    t.is(point.notes, undefined);
    const asked = await read(t, text, { header: true });
    t.deepEqual([asked.columns, asked.n, asked.notes], [names, n, undefined], text);
  }
  const frame = await read(t, ',0,1\n0,3,4\n5,6,7\n');
  t.deepEqual([frame.columns, frame.data], [['0', '1'], [3, 4, 6, 7]]); // prettier-ignore
  t.is(frame.notes?.length, 2, 'names and an index');
  const labelled = await read(t, '0,1,2,3\n1,2,3,4\n0,2,5,4\n', { labelColumn: -1 });
  t.deepEqual(labelled.columns, ['0', '1', '2']);
  t.deepEqual(labelled.labels?.names, ['4']);
});

test('points that are integers stay points', async (t) => {
  const points = [
    '0,1,2\n3,4,5\n6,7,8\n',
    '0,1\n1,0\n',
    '0,1\n0.5,0.75\n1,0\n',
    '1,2\n0.5,0.25\n',
    '0\n1\n2\n',
    '0,0,5\n1,2,3\n',
    '0.0,1.0,2.0\n5,6,8\n',
    '2019,2020\n2020,2021\n',
    '2019,5\n3,4\n',
    '2000\n3\n',
    '0,1,2\n',
  ];
  for (const text of points) {
    const { columns, n, notes } = await read(t, text);
    t.deepEqual([columns, n, notes], [undefined, text.trim().split('\n').length, undefined], text);
  }
});

test('names in a comment above the data are names, as numpy.savetxt writes them', async (t) => {
  const { columns, labels, data } = await read(t, '# a,b,c,label\n1,2,3,0\n4,5,6,1\n');
  t.deepEqual([columns, data], [['a', 'b', 'c'], [1, 2, 3, 4, 5, 6]]); // prettier-ignore
  t.deepEqual(labels?.names, ['0', '1']);
  const named: Record<string, string[]> = {
    '# x y\n1.0e+00 2.0e+00\n': ['x', 'y'],
    '#x;y\r\n1;2\r\n': ['x', 'y'],
    '\ufeff# made by a program\n# x, "y, z"\n\n1,2\n': ['x', 'y, z'],
    '# x,y,z\n0,1,2\n5,5,5\n': ['x', 'y', 'z'],
  };
  for (const [text, names] of Object.entries(named)) {
    const read0 = await read(t, text);
    t.deepEqual([read0.columns, read0.notes], [names, undefined], text);
    t.is(read0.data.length % names.length, 0);
    t.is((await read(t, text, { header: false })).columns, undefined, text);
  }
  t.is((await read(t, '# x,y,z\n0,1,2\n5,5,5\n')).n, 2, 'the row below names is a point');
  const kind = await read(t, '# a,kind\n1,u\n2,v\n', { labelColumn: 'kind' });
  t.deepEqual(kind.labels?.names, ['u', 'v']);
  for (const text of ['# 1,2\n3,4\n', '# a,b,c\n1,2\n', '# a,a\n1,2\n', '# a,\n1,2\n', '1,2\n# a,b\n3,4\n']) {
    t.is((await read(t, text)).columns, undefined, text);
  }
  t.deepEqual((await read(t, '# a,b\nc,d\n1,2\n')).columns, ['c', 'd'], 'a row of names goes first');
});

test('units below the names are left out, with a note; rows of text and of numbers are not', async (t) => {
  const rows = '0,101.2,TRUE\n0.5,101.4,FALSE\n';
  const units = await read(t, `Time,Pressure,Valve\ns,kPa,\n${rows}`, { columns: ['Time', 'Pressure'] });
  t.deepEqual([units.n, units.data[0], units.data[2]], [2, 0, 0.5]);
  t.regex(units.notes![0], /below the names \(s, kPa, \) was read as their units/);
  const [bad] = [read(t, 'a,b\ns,kPa\n1,2\n3,x\n')];
  await t.throwsAsync(bad, { message: /line 4, column 2/ }, 'lines are counted with the units');
  await t.throwsAsync(read(t, 'a,b\ns,2\n1,2\n'), { message: /line 2/ }, 'a number beside a word');
  await t.throwsAsync(read(t, 'a,b\ns,kPa\n'), undefined, 'nothing below');
  const words = await read(t, 'name,x\nfirst,1\nsecond,2\n');
  t.is(words.n, 2);
});

test('the line sep= of Excel is followed, and is no point', async (t) => {
  for (const [character, end] of [
    [';', '\r\n'],
    ['|', '\n'],
    ['\t', '\n'],
  ]) {
    const table = ['a,b', '1,5', '2,5'].map((line) => line.replace(',', character));
    const { columns, data } = await read(t, ['\ufeffsep=' + character, ...table, ''].join(end));
    t.deepEqual([columns, data], [['a', 'b'], [1, 5, 2, 5]], character); // prettier-ignore
  }
  await t.throwsAsync(read(t, 'sep=;\na;b\n1;x\n2;3\n'), { message: /line 3/ });
  const named = await read(t, 'sep=;,b\n1,2\n', { header: true });
  t.deepEqual(named.columns, ['sep=;', 'b'], 'a name that begins so');
});

test('dashes, points and errors of spreadsheets are missing numbers, and may be classes', async (t) => {
  const signs = ['-', '--', '–', '.', '#N/A', '#VALUE!', '#DIV/0!'];
  const text = `x,sign\n1,+\n${signs.map((sign) => `${sign},-`).join('\n')}\n2,+\n`;
  const { n, labels, notes } = await read(t, text, { dropMissing: true, labelColumn: 'sign' });
  t.is(n, 2);
  t.deepEqual(labels?.names, ['+']);
  t.true(
    notes?.some((note) => /7 of 9 rows with a missing value/.test(note)),
    String(notes),
  );
  const kept = await read(t, 'x,sign\n1,+\n2,-\n', { labelColumn: 'sign' });
  t.deepEqual([...kept.labels!.names].sort(), ['+', '-']);
  await t.throwsAsync(read(t, 'x,y\n1,2\n-,3\n'), { code: 'NON_FINITE', message: /dropMissing/ });
});
