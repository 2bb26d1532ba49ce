import test, { type ExecutionContext } from 'ava';
import * as arrow from 'apache-arrow';
import { type ReadCloudOptions, readCloud } from '../ts/io/index.js';
import { fails, fixture, floats, put } from './io-files.js';

async function read(
  t: ExecutionContext,
  text: string | Uint8Array,
  options?: ReadCloudOptions,
  name = 'data.csv',
) {
  const { points, ...rest } = await readCloud(put(t, name, text), options);
  const [n, d] = points.shape;
  return {
    cells: Array.from({ length: n }, (_, i) => [...points.data.subarray(i * d, (i + 1) * d)]),
    ...rest,
  };
}

const table = 'kind,a,b,a2,sepal length,label\nu,1,2,3,4,5\nv,6,7,8,9,0\n';

test('columns are chosen by name, number, range and pattern, and keep their order', async (t) => {
  const chosen = async (columns: ReadCloudOptions['columns'], options?: ReadCloudOptions) =>
    (await read(t, table, { columns, ...options })).columns?.join('|');
  t.is(await chosen('b'), 'b');
  t.is(await chosen('sepal length,b'), 'b|sepal length', 'as one text');
  t.is(await chosen(['sepal length', 1]), 'a|sepal length', 'as a list');
  t.is(await chosen('1-3'), 'a|b|a2');
  t.is(await chosen('a:a2'), 'a|b|a2');
  t.is(await chosen('3:'), 'a2|sepal length', 'the labels are no coordinate');
  t.is(await chosen('3:', { labelColumn: false }), 'a2|sepal length|label');
  t.is(await chosen('a*'), 'a|a2');
  t.is(await chosen('?'), 'a|b');
  t.is(await chosen(-2), 'sepal length');
  t.is(await chosen('*', { dropColumns: ['kind', 'a?'] }), 'a|b|sepal length');
  t.is(await chosen(undefined, { dropColumns: 'a, b' }), 'a2|sepal length');
  const { dropped, labels, labelColumn } = await read(t, table, { columns: 'a' });
  t.deepEqual(labels?.names, ['0', '5']);
  t.deepEqual(labelColumn, { column: 'label', why: 'name' });
  t.deepEqual(dropped?.map(({ column, why }) => `${column}: ${why}`).join(), 'kind: left out,b: left out,a2: left out,sepal length: left out'); // prettier-ignore
  t.is((await read(t, table, { dropColumns: 'label' })).labels, undefined, 'labels that are left out');
  t.deepEqual((await read(t, 'a,b,a\n1,2,3\n', { columns: 'a' })).cells, [[1, 3]], 'a name that comes twice');
});

test('a column that does not exist is named with the nearest that does', async (t) => {
  const cases: [ReadCloudOptions, RegExp[]][] = [
    [
      { columns: 'sepal_length' },
      [/for columns/, /Did you mean "sepal length"\?/, /Its 6 columns are kind, a/],
    ],
    [{ dropColumns: 'x' }, [/for dropColumns/, /received "x"/]],
    [{ columns: 'a,9' }, [/received "9"/]],
    [{ columns: 'z*' }, [/received "z\*"/]],
    [{ columns: 'b:a' }, [/received "b:a"/]],
    [{ labelColumn: 'lable' }, [/labelColumn/, /Did you mean label\?/]],
  ];
  for (const [options, patterns] of cases)
    await fails(t, read(t, table, options), 'INVALID_ARGUMENT', ...patterns);
  await fails(t, read(t, '1,2\n3,4\n', { columns: 'a' }), 'INVALID_ARGUMENT', /without names: give a number/);
  await fails(t, read(t, table, { columns: 'kind' }), 'FILE_FORMAT', /holds text/, /labelColumn: "kind"/);
  await fails(
    t,
    read(t, table, { columns: 'a', dropColumns: 'a' }),
    'INVALID_SHAPE',
    /columns or dropColumns/,
  );
  for (const columns of ['', [], [1.5], {}, null] as never[])
    await fails(t, read(t, table, { columns }), 'INVALID_ARGUMENT', /columns/);
});

test('columns of text are left out with a note that names the option', async (t) => {
  const { columns, notes, labels, dropped } = await read(
    t,
    'name,x,sex,z\nann,1,f,2\nbob,3,NA,4\ncy,5,m,6\n',
  );
  t.deepEqual(columns, ['x', 'z']);
  t.is(labels, undefined);
  t.deepEqual(dropped, [{ column: 'name', why: 'text' }, { column: 'sex', why: 'text' }]); // prettier-ignore
  t.deepEqual(notes, [
    'columns "name", "sex" hold text and were left out: labelColumn: "name" takes one as the classes',
  ]);
  const bare = await read(t, '1,dog,2\n3,cat,4\n');
  t.deepEqual(bare.cells, [[1, 2], [3, 4]]); // prettier-ignore
  t.regex(bare.notes![0], /column 1 holds text.*labelColumn: 1 takes/);
  await fails(t, read(t, 'a,b\nu,v\nw,x\n'), 'INVALID_SHAPE', /"a" \(text\), "b" \(text\)/);
  await fails(t, read(t, 'a,b\n1,2\n3,4\n5,x y\n'), 'FILE_FORMAT', /line 4/, /dropColumns: "b"/);
});

test('missing values are an error, left out, or filled in, and counted', async (t) => {
  const text = 'a,b,c,label\n1,10,,u\nNA,20,,v\n4,nan,,u\n7,60,,\n';
  await fails(t, read(t, text), 'NON_FINITE', /empty cell/, /dropMissing: true/, /fill: "mean"/);
  const some = await read(t, text, { dropMissing: true });
  t.deepEqual(some.cells, [[1, 10]]);
  t.deepEqual([some.columns, some.labels?.names, [...some.rowNumbers!]], [['a', 'b'], ['u'], [0]]);
  t.deepEqual(some.dropped, [{ column: 'c', why: 'nothing' }]);
  t.deepEqual(some.notes, [
    'column "c" left out, without any value',
    '3 of 4 rows with a missing value were left out (a 1, b 1)',
  ]);
  const mean = await read(t, text, { fill: 'mean' });
  t.deepEqual(mean.cells, [[1, 10], [4, 20], [4, 30]]); // prettier-ignore
  t.is(mean.filled, 2);
  t.deepEqual(mean.notes?.slice(1), [
    '2 missing values were filled in with the mean of their column (a 1, b 1)',
    '1 of 4 rows with no label was left out',
  ]);
  const whole = { labelColumn: false, dropColumns: 'label' } as const;
  t.deepEqual((await read(t, text, { ...whole, fill: 'median' })).cells, [[1, 10], [4, 20], [4, 20], [7, 60]]); // prettier-ignore
  t.deepEqual((await read(t, text, { ...whole, fill: -1 })).cells[1], [-1, 20]);
  t.deepEqual((await read(t, '1,2\n3,4\n', { fill: 0 })).notes, undefined);
  await fails(t, read(t, 'a,b\n1,\n,2\n', { dropMissing: true }), 'EMPTY_CLOUD', /every one of its 2 rows \(a 1, b 1\)/, /fill: "mean"/); // prettier-ignore
  await fails(t, read(t, 'a,b\n1,\n,2\n,3\n', { dropMissing: true }), 'EMPTY_CLOUD', /every one of its 3 rows \(a 2, b 1\)/, /dropColumns: "a"\), which leaves 2 rows/, /fill: "mean"/); // prettier-ignore
  await fails(t, read(t, 'a,b\n1,inf\n', { fill: 0 }), 'NON_FINITE', /inf/);
  await fails(t, read(t, text, { fill: 0, dropMissing: true }), 'INVALID_ARGUMENT', /dropMissing/);
});

test('missing values in arrays and typed tables', async (t) => {
  const npy = floats([1, 2, NaN, 4, 5, 6], [3, 2]);
  await fails(t, read(t, npy, {}, 'a.npy'), 'NON_FINITE', /row 2, column 1/, /dropMissing: true/);
  t.deepEqual((await read(t, npy, { dropMissing: true }, 'a.npy')).cells, [[1, 2], [5, 6]]); // prettier-ignore
  t.deepEqual((await read(t, npy, { fill: 'mean' }, 'a.npy')).cells[1], [3, 4]);
  t.deepEqual((await read(t, npy, { columns: '1' }, 'a.npy')).cells, [[2], [4], [6]]);
  const { cells, labels } = await read(t, npy, { labelColumn: 0, dropMissing: true }, 'a.npy');
  t.deepEqual([cells, labels?.names], [[[2], [6]], ['1', '5']]); // prettier-ignore
  for (const name of ['nulls.feather', 'nulls.parquet']) {
    await t.throwsAsync(readCloud(fixture(name)), { message: /null.*dropMissing/s });
    const filled = await readCloud(fixture(name), { fill: 0 });
    t.deepEqual(filled.columns, ['x', 'v[0]', 'v[1]', 'f[0]', 'f[1]'], name);
    t.deepEqual([...filled.points.data], [1.5, 1, 2, 1, 2, 0, 0, 0, 0, 0, 3.5, 5, 0, 5, 6], name);
    t.deepEqual(filled.dropped?.map(({ why }) => why).sort(), ['no number', 'text'], name);
    t.regex(filled.notes!.join(), /"when" \(T/i, name);
    const kinds = await readCloud(fixture(name), {
      dropMissing: true,
      columns: ['x', 'f'],
      labelColumn: 'kind',
    });
    t.deepEqual(
      [kinds.labels?.names, kinds.points.shape],
      [
        ['a', 'b'],
        [2, 3],
      ],
      name,
    );
  }
  const whole = arrow.tableToIPC(new arrow.Table({ n: arrow.vectorFromArray([1n, null, 3n], new arrow.Int64()), f: arrow.vectorFromArray([true, false, null], new arrow.Bool()) })); // prettier-ignore
  t.deepEqual((await read(t, whole, { fill: 7 }, 'a.arrow')).cells, [[1, 1], [7, 0], [3, 7]]); // prettier-ignore
});

test('delimiters and decimals that are asked for, or found', async (t) => {
  const rows = [[1.5, 2], [3, 4.25]]; // prettier-ignore
  for (const [text, options] of [
    ['1.5|2\n3|4.25\n', {}],
    ['1.5:2\n3:4.25\n', { delimiter: ':' }],
    ['a|b;c\n1.5|2\n3|4.25\n', { delimiter: '|', header: true }],
    ['1,5;2\n3;4,25\n', {}],
    ['1,5\t2\n3\t4,25\n', { delimiter: 'tab', decimal: ',' }],
    ['1,5 2\n3 4,25\n', { decimal: ',' }],
    ['a;b\n"1,5";2e0\n,3e1;4,25\n', { decimal: ',' }],
  ] as [string, ReadCloudOptions][])
    t.deepEqual((await read(t, text, options)).cells, rows, text);
  t.regex((await read(t, '1,5;2\n3;4,25\n')).notes![0], /commas.*decimal: "\."/);
  t.deepEqual((await read(t, '"1,5";"-,25e-1"\n3;1234567890123456789,5\n', { dtype: 'float64' })).cells, [[1.5, -0.025], [3, 1234567890123456800]]); // prettier-ignore
  await fails(t, read(t, '1,5;2\n3;4,25\n', { decimal: '.' }), 'FILE_FORMAT', /decimal: ","/);
  for (const delimiter of ['', 'ab', '1', '"', 'é', 3] as never[])
    await fails(t, read(t, '1,2\n', { delimiter }), 'INVALID_ARGUMENT', /delimiter/);
  await fails(t, read(t, '1,2\n', { delimiter: ',', decimal: ',' }), 'INVALID_ARGUMENT', /delimiter/);
});

test('a column of many numbers is a target, however it is called', async (t) => {
  const rows = (n: number, label: (i: number) => number) =>
    `a,b,target\n${Array.from({ length: n }, (_, i) => `${i / 7},${i / 3},${label(i)}`).join('\n')}\n`;
  const { columns, labels, notes, dropped } = await read(
    t,
    rows(400, (i) => 25 + ((i * 37) % 211)),
  );
  t.deepEqual([columns, labels], [['a', 'b'], undefined]);
  t.deepEqual(dropped, [{ column: 'target', why: 'target' }]);
  t.regex(
    notes!.join(),
    /"target" has 211 different numbers: a target.*labelColumn: "target" .*labelColumn: false/,
  );
  const asked = await read(
    t,
    rows(400, (i) => 25 + ((i * 37) % 211)),
    { labelColumn: 'target' },
  );
  t.is(asked.labels?.names.length, 211);
  t.regex(asked.notes!.join(), /as asked/);
  const real = await read(
    t,
    rows(60, (i) => i / 8),
  );
  t.is(real.labels, undefined);
  for (const [n, label] of [
    [30, (i: number) => i % 15],
    [300, (i: number) => i % 100],
    [2000, (i: number) => 1000 + 7 * (i % 60)],
    [60, (i: number) => (i % 5) / 2],
  ] as const)
    t.truthy((await read(t, rows(n, label))).labels, `${n} rows of classes`);
});

test('a last column of few whole numbers in a file without names may be classes', async (t) => {
  const rows = (last: (i: number) => number) =>
    `${Array.from({ length: 50 }, (_, i) => `${i / 7},${i / 3},${last(i)}`).join('\n')}\n`;
  const { cells, notes } = await read(
    t,
    rows((i) => i % 3),
  );
  t.is(cells[0].length, 3, 'it is still a coordinate');
  t.deepEqual(notes, [
    'the last column holds only 0, 1, 2, and may be classes: labelColumn: -1 takes it as such',
  ]);
  t.is(
    (
      await read(
        t,
        rows((i) => i % 3),
        { labelColumn: false },
      )
    ).notes,
    undefined,
  );
  t.is(
    (
      await read(
        t,
        rows((i) => i),
      )
    ).notes,
    undefined,
  );
  t.is(
    (await read(t, `x,z,w\n${rows((i) => i % 3)}`)).notes,
    undefined,
    'columns with names speak for themselves',
  );
  t.is((await read(t, rows((i) => i % 3).replace(/[^\n]*,/g, '1,2,'))).notes, undefined, 'all are alike');
});

test('the tables that scikit-learn ships say what their classes are called', async (t) => {
  const body = ['5.1,3.5,0', '4.9,3,1', '6,2,1'].join('\n');
  const { cells, labels, columns, notes, labelColumn } = await read(t, `3,2,setosa,virginica\n${body}\n`);
  t.deepEqual(cells, [[5.1, 3.5], [4.9, 3], [6, 2]].map((row) => row.map(Math.fround))); // prettier-ignore
  t.deepEqual(labels, { values: Int32Array.of(0, 1, 1), names: ['setosa', 'virginica'] });
  t.deepEqual([columns, labelColumn], [undefined, { column: 2, why: 'file' }]);
  t.regex(notes![0], /first line \(3,2,setosa,…\).*names of the classes/);
  const named = await read(t, `3,2,u,v,w\n${body}\n`, { labelColumn: false });
  t.is(named.cells[0].length, 3);
  await fails(t, read(t, `3,2,u,v,w\n${body}\n`, { header: false }), 'FILE_FORMAT', /line 2/);
});
