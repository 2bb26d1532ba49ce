import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { RandomStream } from '../ts/core/random.js';
import { type ReadCloudOptions, readCloud } from '../ts/io/index.js';
import { fails, put } from './io-files.js';

async function rowsOf(
  t: ExecutionContext,
  text: string | Buffer,
  options?: ReadCloudOptions,
  name = 'data.csv',
) {
  const { points, ...rest } = await readCloud(put(t, name, text), options);
  const [n, d] = points.shape;
  const rows = Array.from({ length: n }, (_, i) => [...points.data.subarray(i * d, (i + 1) * d)]);
  return { rows, ...rest };
}

test('the digits that come with the package', async (t) => {
  const path = new URL('../data/digits.csv.gz', import.meta.url).pathname;
  const { points, labels, columns } = await readCloud(path, { labelColumn: -1 });
  t.deepEqual(points.shape, [1797, 64]);
  t.is(labels?.names.join(), '0,1,2,3,4,5,6,7,8,9');
  t.is(labels?.values.length, 1797);
  t.deepEqual([...labels!.values.subarray(0, 3)], [0, 1, 2]);
  t.deepEqual([...points.data.subarray(0, 6)], [0, 0, 5, 13, 9, 1]);
  t.is(columns, undefined);
  t.deepEqual((await readCloud(path)).points.shape, [1797, 65], 'without names all columns are coordinates');
});

test('separators, line ends, quotes, comments and marks', async (t) => {
  const same: Record<string, string> = {
    comma: '1,2\n3,4\n',
    semicolon: '1;2\n3;4\n',
    tab: '1\t2\n3\t4',
    'white space': '  1   2\n 3 \t 4  \n',
    'carriage returns': '1,2\r3,4\r',
    'carriage returns and line feeds': '1,2\r\n3,4\r\n',
    'spaces around': ' 1 , 2 \n3  ,4\n',
    quotes: '"1","2"\n"3", "4" \n',
    'comments and blank lines': '# made up\n\n1,2\n   \n  # more\n3,4\n\n\n',
    'a byte order mark': '\ufeff1,2\n3,4',
    'signs, exponents and points': '+1.,.2e1\n0.3E+1,400e-2\n',
  };
  for (const [name, text] of Object.entries(same)) {
    t.deepEqual((await rowsOf(t, text)).rows, [[1, 2], [3, 4]], name); // prettier-ignore
  }
  t.deepEqual((await rowsOf(t, '5\n6\n')).rows, [[5], [6]], 'one column');
  t.deepEqual((await rowsOf(t, gzipSync('1,2\n3,4\n'), {}, 'data.tsv.gz')).rows.length, 2);
  t.deepEqual((await rowsOf(t, '1,2\n3,4\n', {}, 'data.unknown')).rows.length, 2, 'text under any name');
});

test('a header is told from a row', async (t) => {
  const found = async (text: string, options?: ReadCloudOptions) => (await rowsOf(t, text, options)).columns;
  t.deepEqual(await found('a,b\n1,2\n'), ['a', 'b']);
  t.deepEqual(await found('"sepal length (cm)";"a ""b"""\n1;2\n'), ['sepal length (cm)', 'a "b"']);
  t.deepEqual(await found('"two\nlines",b\n1,2\n'), ['two\nlines', 'b']);
  t.is(await found('1,2\n3,4\n'), undefined);
  t.is(
    await found('1,2,cat\n3,4,dog\n', { labelColumn: 2 }),
    undefined,
    'text among the labels is no header',
  );
  t.deepEqual(await found('0,1,label\n3,4,dog\n'), ['0', '1'], 'numbers can be names');
  t.deepEqual(await found('0,1,kind\n3,4,dog\n5,6,cat\n', { labelColumn: 'kind', header: true }), ['0', '1']);
  t.deepEqual(await found('0,1,kind\n3,4,dog\n', { labelColumn: 'kind' }), ['0', '1']);
  t.deepEqual(await found('name,2020,2021\n3,4,5\n', { header: true }), ['name', '2020', '2021']);
  await fails(t, found('1,abc\n3,4\n'), 'FILE_FORMAT', /line 1, column 2/, /"abc"/, /header/);
  t.is((await rowsOf(t, '1,2\n3,4\n', { header: true })).rows.length, 1);
  t.is(await found('1,2\n3,4\n', { header: false }), undefined);
});

test('label columns, by name, number and habit', async (t) => {
  const labels = async (text: string, options?: ReadCloudOptions) => (await rowsOf(t, text, options)).labels;
  t.deepEqual(await labels('a,label\n1,dog\n2,cat\n3,dog\n'), {
    values: Int32Array.of(1, 0, 1),
    names: ['cat', 'dog'],
  });
  for (const name of ['Labels', 'class', 'target', 'digit', 'y']) {
    t.deepEqual((await labels(`a,${name}\n1,5\n2,6\n`))?.names, ['5', '6'], name);
  }
  t.is(await labels('x,y\n1,2\n3,4\n'), undefined, 'y beside x is a coordinate');
  t.is(await labels('a,label\n1,2\n3,4\n', { labelColumn: false }), undefined);
  t.deepEqual((await labels('kind,a\nu,1\nv,2\n', { labelColumn: 'kind' }))?.names, ['u', 'v']);
  t.deepEqual((await labels('u,1\nv,2\n', { labelColumn: 0 }))?.names, ['u', 'v']);
  t.deepEqual((await labels('1,u\n2,v\n', { labelColumn: '-1' }))?.names, ['u', 'v'], 'a number as text');
  t.deepEqual(
    (await labels('1,10\n2,9\n3,9.0\n4,-1\n', { labelColumn: 1 }))?.names,
    ['-1', '9', '10'],
    'numbers by value',
  );
  const classes = await labels('1,class 10\n2,class 2\n3,"a, ""b"""\n', { labelColumn: 1 });
  t.deepEqual(classes?.names, ['a, "b"', 'class 2', 'class 10']);
  await fails(t, rowsOf(t, 'a,b\n1,2\n', { labelColumn: 'c' }), 'INVALID_ARGUMENT', /"c"/, /a, b/);
  await fails(t, rowsOf(t, '1,2\n', { labelColumn: 'c' }), 'INVALID_ARGUMENT', /without names/);
  await fails(t, rowsOf(t, '1,2\n', { labelColumn: -3 }), 'INVALID_ARGUMENT', /-3/);
  await fails(
    t,
    rowsOf(t, '1,a\n2,\n', { labelColumn: 1 }),
    'NON_FINITE',
    /line 2, column 2/,
    /label.*empty/,
  );
  await fails(t, rowsOf(t, '1,1\n2,nan\n', { labelColumn: 1 }), 'NON_FINITE', /row 2/, /nan/);
});

test('every error names the file, the line, the column and the remedy', async (t) => {
  const cases: [string, Parameters<typeof fails>[2], RegExp[]][] = [
    ['x,y\n1,2\n\n3,four\n', 'FILE_FORMAT', [/line 4, column 2 \("y"\)/, /"four"/, /labelColumn: "y"/]],
    ['1;2.5\n3;4,5\n', 'FILE_FORMAT', [/line 2, column 2/, /decimal: ","/]],
    ['1,2\n3,NaN\n', 'NON_FINITE', [/line 2, column 2/, /NaN/]],
    ['1,2\n-inf,1\n', 'NON_FINITE', [/line 2, column 1/, /-inf/]],
    ['1,2\n3,1e400\n', 'NON_FINITE', [/line 2, column 2/, /1e400/]],
    ['1,2\n3,1e39\n', 'NON_FINITE', [/1e\+39 is too large for float32/, /float64/]],
    ['1,2,3\n3,,5\n', 'NON_FINITE', [/line 2, column 2/, /empty cell/, /dropMissing.*fill/]],
    ['1,2\n3,\n', 'NON_FINITE', [/line 2, column 2/, /empty cell/, /ends of the lines/]],
    ['1,2\n3,NA\n', 'NON_FINITE', [/line 2, column 2/, /"NA"/]],
    ['1,2\n3\n', 'FILE_FORMAT', [/line 2/, /expected 2 fields.*received 1/]],
    ['1,2,3\n3,\n', 'FILE_FORMAT', [/line 2/, /expected 3 fields.*received 2/]],
    ['1,2\n3,4,5,6\n', 'FILE_FORMAT', [/line 2/, /expected 2 fields.*received 4/]],
    ['a,b\n"1\n",2\n3\n', 'FILE_FORMAT', [/line 4/, /expected 2 fields/]],
    ['1,2\n"3,4\n', 'FILE_FORMAT', [/line 2/, /quote.*never closes/]],
    ['"1,2\n3,4\n', 'FILE_FORMAT', [/line 1/, /quote.*never closes/]],
    ['', 'EMPTY_CLOUD', [/empty/]],
    ['\n\n# nothing\n', 'EMPTY_CLOUD', [/no rows/]],
    ['x,y\n', 'EMPTY_CLOUD', [/header but no rows/]],
    ['label\na\nb\n', 'INVALID_SHAPE', [/coordinate/]],
    ['1,2\n3,\u0000\u0007\n', 'FILE_FORMAT', [/line 2/]],
  ];
  for (const [text, code, patterns] of cases) {
    const error = await fails(t, rowsOf(t, text), code, /data\.csv/, ...patterns);
    t.false(error?.message.includes('\0'), 'no control characters');
  }
  const error = await fails(t, rowsOf(t, 'a,b\n1,2\n3,x\n'), 'FILE_FORMAT');
  t.like(error?.details, { line: 3, row: 2, column: 2 });
  await fails(
    t,
    rowsOf(t, Buffer.from('\ufeff1,2\n', 'utf16le')),
    'FILE_FORMAT',
    /UTF-16/,
    /Save it as UTF-8/,
  );
  const gzip = gzipSync(Buffer.from('1.5,2.5\n'.repeat(1000)));
  await fails(
    t,
    rowsOf(t, gzip.subarray(0, gzip.length - 12), {}, 'a.csv.gz'),
    'FILE_TRUNCATED',
    /a\.csv\.gz/,
  );
  const damaged = Buffer.from(gzip);
  damaged[20] ^= 0xff;
  await fails(t, rowsOf(t, damaged, {}, 'a.csv.gz'), 'FILE_FORMAT', /compressed/);
});

test('numbers are read as JavaScript reads them', async (t) => {
  const stream = new RandomStream(7, 'sample');
  let position = 0;
  const random = () => stream.uniform(position++);
  const texts: string[] = [
    '0',
    '-0',
    '9007199254740993',
    '1e-45',
    '7e-46',
    '1.17549435e-38',
    '3.4028235e38',
    '16777217',
    '0.1',
  ];
  const digits = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
  for (let i = 0; i < 4000; i++) {
    const sign = random() < 0.5 ? '-' : '';
    const exponent = random() < 0.5 ? '' : `e${Math.floor(random() * 70) - 42}`;
    texts.push(`${sign}${digits(1 + (i % 4))}.${digits(i % 21)}${exponent}`);
  }
  // Halfway between two float32 numbers, and a little beside it: where a sloppy rounding shows.
  for (let i = 0; i < 500; i++) {
    const low = Math.fround(random() + 1);
    const middle = low + 2 ** -24;
    texts.push(
      middle.toFixed(30),
      (middle + 2 ** -52).toFixed(30),
      middle.toPrecision(19),
      (middle - 2 ** -52).toPrecision(18),
    );
  }
  const wide = await rowsOf(t, texts.join('\n'), { dtype: 'float64', header: false });
  t.deepEqual(wide.rows.flat(), texts.map(Number));
  const small = texts.filter((text) => Number.isFinite(Math.fround(Number(text))));
  t.true(small.length > 4000);
  const narrow = await rowsOf(t, small.join('\n'), { header: false });
  const wrong = small.filter((text, i) => !Object.is(narrow.rows[i][0], Math.fround(Number(text))));
  t.deepEqual(wrong, []);
});

test('records that cross the borders of the pieces in which a file is read', async (t) => {
  const n = 60_000;
  const lines = Array.from({ length: n }, (_, i) => `${i},${i / 8},"class\r\n${i % 3}"`);
  const { points, labels } = await readCloud(put(t, 'long.csv', lines.join('\r\n')), {
    labelColumn: 2,
    dtype: 'float64',
  });
  t.deepEqual(points.shape, [n, 2]);
  t.true(points.data.every((value, k) => value === (k % 2 ? (k - 1) / 16 : k / 2)));
  t.true(labels?.values.every((value, i) => value === i % 3));
  await fails(
    t,
    readCloud(put(t, 'late.csv', `${lines.join('\r\n')}\r\n1,2\r\n`), { labelColumn: 2 }),
    'FILE_FORMAT',
    /line 120001/,
  );
});

test('a file that is one endless line is given up', async (t) => {
  await fails(t, rowsOf(t, Buffer.alloc(40_000_000, '1')), 'FILE_FORMAT', /line 1/, /not a table/);
});

test('an abort ends the reading', async (t) => {
  const path = put(t, 'large.csv', '1.25,2.5,3.75\n'.repeat(300_000));
  const abort = new AbortController();
  const reading = readCloud(path, { signal: abort.signal });
  setTimeout(() => abort.abort(), 5);
  await fails(t, reading, 'ABORTED');
  await fails(t, readCloud(path, { signal: AbortSignal.abort() }), 'ABORTED');
});

test('thousands set apart by commas or points', async (t) => {
  for (const [text, options, expected] of [
    ['a;b\n1,234;2.5\n1,234,567;0\n', {}, [[1234, 2.5], [1234567, 0]]],
    ['a;b\n1.234;2,5\n-1.234.567,25;0\n', {}, [[1234, 2.5], [-1234567.25, 0]]],
    ['a,b\n"1,234",2.5\n"1,234,567",0\n', {}, [[1234, 2.5], [1234567, 0]]],
    ['a,b\n"1,234",2.5\n12,0\n', { decimal: '.' }, [[1234, 2.5], [12, 0]]],
    // Without a sign of thousands a comma stands before decimals, and a point does.
    ['a;b\n1,234;2,5\n0,125;0\n', {}, [[1.234, 2.5], [0.125, 0]]],
    ['a;b\n1.234;2.5\n0.125;0\n', {}, [[1.234, 2.5], [0.125, 0]]],
  ] as [string, ReadCloudOptions, number[][]][]) {
    const { rows, notes = [] } = await rowsOf(t, text, { dtype: 'float64', ...options });
    t.deepEqual(rows, expected, text);
    const isSaid = notes.some((note) => /setting thousands apart/.test(note));
    t.is(isSaid, /[,.]\d{3}[,.]/.test(text), text);
  } // prettier-ignore
  await fails(t, rowsOf(t, 'a,b\n"1,234",2\n12,0\n'), 'FILE_FORMAT', /decimal: ","; where they set thousands apart: decimal: "\."/); // prettier-ignore
});

test('where something is missing in every row, the remedy leaves some', async (t) => {
  const text = 'a,b,c,d\n1,,,4\n2,,3,\n3,5,,7\n4,,,1\n';
  await fails(t, rowsOf(t, text, { dropMissing: true, columns: 'a,b,c,d' }), 'EMPTY_CLOUD', /dropColumns: \["b", "c"\]\), which leaves 3 rows/); // prettier-ignore
  t.is((await rowsOf(t, text, { dropMissing: true, dropColumns: 'b,c' })).rows.length, 3);
  t.is((await rowsOf(t, text, { dropMissing: true, dropColumns: ['b', 'c'] })).rows.length, 3);
  await fails(t, rowsOf(t, 'a,b\n,1\n2,\n', { dropMissing: true }), 'EMPTY_CLOUD', /fill: "mean"/);
});
