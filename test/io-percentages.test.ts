// Percentages, and letters of files that are not in UTF-8.
import test, { type ExecutionContext } from 'ava';
import { type ReadCloudOptions, readCloud } from '../ts/io/index.js';
import { fails, put } from './io-files.js';

async function read(
  t: ExecutionContext,
  bytes: string | Uint8Array,
  options?: ReadCloudOptions,
  name = 'a.csv',
) {
  const { points, ...rest } = await readCloud(put(t, name, bytes), options);
  return { data: [...points.data], ...rest };
}

test('columns of percentages are read without their signs, and a note says so', async (t) => {
  const csv = await read(t, 'a;b;class\n12.5%;1;u\n-3 %;2;v\n"1,234.5%";3;u\n');
  t.deepEqual(csv.data, [12.5, 1, -3, 2, 1234.5, 3]);
  t.regex(csv.notes!.join(), /column holds percentages \(a\).*12 % is 12/);
  const comma = await read(t, 'a;b\n12,5%;7 %\n3 %;8,25 %\n');
  t.deepEqual(comma.data, [12.5, 7, 3, 8.25]);
  t.regex(comma.notes!.join(), /columns hold percentages \(a, b\)/);
  t.deepEqual((await read(t, '12%,1\n13%,2\n')).data, [12, 1, 13, 2], 'without names');
  const missing = await read(t, 'a,b\n1%,1\n,2\n', { fill: 0 });
  t.deepEqual(missing.data, [1, 1, 0, 2]);
  const records = JSON.stringify([{ a: '12.5%', b: 1 }, { a: '3 %', b: 2 }, { a: null, b: 3 }]); // prettier-ignore
  const json = await read(t, records, { dropMissing: true }, 'a.json');
  t.deepEqual(json.data, [12.5, 1, 3, 2]);
  t.regex(json.notes!.join(), /percentages \(a\)/);
});

test('a percentage among plain numbers is none', async (t) => {
  await fails(t, read(t, 'a,b\n0.5,1\n0.25,2\n12%,3\n'), 'FILE_FORMAT', /line 4, column 1/, /"12%"/);
  const text = await read(t, 'a,b\n%,1\nx%,2\n');
  t.deepEqual([text.data, text.columns], [[1, 2], ['b']]);
});

test('names and classes in Latin-1 are read as they were written', async (t) => {
  const text = 'Größe,Länge,class\n1,2,süß\n3,4,herb\n5,6,süß\n';
  for (const [bytes, isNoted] of [
    [Buffer.from(text, 'latin1'), true],
    [Buffer.from(text), false],
  ] as const) {
    const { columns, labels, notes = [] } = await read(t, bytes, { columns: ['Größe', 'Länge'] });
    t.deepEqual([columns, labels?.names], [['Größe', 'Länge'], ['herb', 'süß']]); // prettier-ignore
    t.is(notes.some((note) => note.includes('Windows-1252')), isNoted); // prettier-ignore
  }
  // The dash of Windows-1252 is a control character in Latin-1.
  const dashed = Buffer.concat([Buffer.from('a'), Buffer.of(0x96), Buffer.from('b,c\n1,2\n3,4\n')]);
  t.deepEqual((await read(t, dashed)).columns, ['a–b', 'c']);
  // A character that stands for lost ones is itself in UTF-8.
  t.deepEqual((await read(t, 'ä\ufffd,c\n1,2\n3,4\n')).columns, ['ä\ufffd', 'c']);
});
