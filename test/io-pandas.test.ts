import test from 'ava';
import * as arrow from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readCloud } from '../ts/io/index.js';
import { put } from './io-files.js';

/** What pandas writes into the metadata of a frame with these columns as its index. */
const metadata = (...index: unknown[]) => JSON.stringify({ index_columns: index, pandas_version: '2.2.3' });

const columns = { x: [1.5, 2.5, 3.5], z: [4, 5, 6], origin: [7, 9, 12], __index_level_1__: ['a', 'b', 'c'] };

function parquet(names: (keyof typeof columns)[], pandas?: string): Buffer {
  const columnData = names.map((name) => ({
    name,
    data: columns[name],
    type: name === '__index_level_1__' ? ('STRING' as const) : ('DOUBLE' as const),
  }));
  const kvMetadata = pandas === undefined ? [] : [{ key: 'pandas', value: pandas }];
  return Buffer.from(parquetWriteBuffer({ columnData, kvMetadata }));
}

function feather(names: (keyof typeof columns)[], pandas?: string): Uint8Array {
  const vectors = names.map((name) => [name, arrow.vectorFromArray(columns[name] as number[])] as const);
  const table = new arrow.Table(Object.fromEntries(vectors));
  if (pandas !== undefined) table.schema.metadata.set('pandas', pandas);
  return arrow.tableToIPC(table, 'file');
}

for (const [name, write] of [
  ['frame.parquet', parquet],
  ['frame.feather', feather],
] as const) {
  test(`the index of a pandas frame is no coordinate: ${name}`, async (t) => {
    const named = await readCloud(put(t, name, write(['x', 'z', 'origin'], metadata('origin'))));
    t.deepEqual(named.columns, ['x', 'z']);
    t.deepEqual([...named.points.data], [1.5, 4, 2.5, 5, 3.5, 6]);
    t.is(named.notes?.length, 1);
    t.regex(named.notes![0], /"origin" left out: the index/);

    const both = metadata('origin', '__index_level_1__');
    const several = put(t, name, write(['x', 'z', 'origin', '__index_level_1__'], both));
    t.deepEqual((await readCloud(several)).columns, ['x', 'z']);
    t.regex((await readCloud(several)).notes![0], /columns "origin", "__index_level_1__" left out/);
    const asked = await readCloud(several, { labelColumn: '__index_level_1__' });
    t.deepEqual(asked.labels?.names, ['a', 'b', 'c'], 'an index that is asked for is read');
    t.deepEqual(asked.columns, ['x', 'z']);
    t.regex(asked.notes![0], /column "origin" left out/);

    const range = metadata({ kind: 'range', name: null, start: 0, stop: 3, step: 1 });
    for (const text of [range, undefined, 'no JSON', 'null']) {
      const plain = await readCloud(put(t, name, write(['x', 'z', 'origin'], text)));
      t.deepEqual(plain.columns, ['x', 'z', 'origin'], text);
      t.is(plain.notes, undefined);
    }
    const bare = await readCloud(put(t, name, write(['x', '__index_level_1__'])));
    t.deepEqual(bare.columns, ['x'], 'by its name where the metadata was lost');
  });
}

test('the index of a pandas frame is no coordinate: CSV', async (t) => {
  for (const [first, shown] of [
    ['', /^column without a name left out/],
    ['Unnamed: 0', /^column "Unnamed: 0" left out/],
  ] as const) {
    const path = put(t, 'frame.csv', `${first},a,b,kind\n0,1,2,u\n7,3,4,v\n9,5,6,u\n`);
    const { points, columns: names, labels, notes } = await readCloud(path, { labelColumn: 'kind' });
    t.deepEqual(names, ['a', 'b']);
    t.deepEqual([...points.data], [1, 2, 3, 4, 5, 6]);
    t.deepEqual(labels?.names, ['u', 'v']);
    t.is(notes?.length, 1);
    t.regex(notes![0], shown);
  }
  const texts = put(t, 'texts.csv', ',a,b\nr1,1,2\n"r\n2",3,4\n');
  t.deepEqual([...(await readCloud(texts)).points.data], [1, 2, 3, 4], 'an index of texts');
  const asked = await readCloud(texts, { labelColumn: 0 });
  t.deepEqual(asked.labels?.values, Int32Array.of(1, 0));
  t.is(asked.notes, undefined, 'an index that is asked for is read');
  const later = await readCloud(put(t, 'later.csv', 'a,Unnamed: 0,b\n1,2,3\n4,5,6\n'));
  t.deepEqual(later.columns, ['a', 'Unnamed: 0', 'b'], 'only the first column can be one');
});
