import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { ndarray, type ReadCloudOptions, readCloud, writeSafetensors } from '../ts/index.js';
import type { TableRequest } from '../ts/io/table-request.js';
import { decodeTableHere } from '../ts/io/table.js';
import { fails, put } from './io-files.js';

/** What readCloud does in another process, here: much faster. */
async function rowsOf(t: ExecutionContext, value: unknown, options: Partial<TableRequest> = {}) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const path = put(t, 'data.json', text);
  const { points, columns, labels, notes, dropped } = await decodeTableHere({ path, format: 'json', dtype: 'float64', ...options }); // prettier-ignore
  const [n, d] = points.shape;
  const rows = Array.from({ length: n }, (_, i) => [...points.data.subarray(i * d, (i + 1) * d)]);
  return { rows, columns, labels, notes, dropped };
}

test('a table in JSON, however it is written', async (t) => {
  const rows = [[1.5, 2], [3, -4e-3]]; // prettier-ignore
  const named: unknown[] = [
    [{ a: 1.5, b: 2 }, { b: -4e-3, a: 3 }],
    '{"a":1.5,"b":2}\n\n{"a":3,"b":-0.004}\r\n',
    { a: [1.5, 3], b: [2, -4e-3] },
    { a: { 0: 1.5, 1: 3 }, b: { 0: 2, 1: -4e-3 } },
    { columns: ['a', 'b'], index: [0, 7], data: rows },
    { title: 'x', values: [{ a: 1.5, b: 2 }, { a: 3, b: -4e-3 }] },
    [['a', 'b'], ...rows],
    [{ a: '1.5', b: 2 }, { a: '3', b: '-0.004' }],
  ]; // prettier-ignore
  for (const value of named) {
    const { rows: found, columns } = await rowsOf(t, value);
    t.deepEqual([found, columns], [rows, ['a', 'b']], JSON.stringify(value));
  }
  for (const value of [rows, '[1.5,2]\n[3,-0.004]\n', { width: 2, values: rows }]) {
    const { rows: found, columns } = await rowsOf(t, value);
    t.deepEqual([found, columns], [rows, undefined], JSON.stringify(value));
  }
  t.deepEqual((await rowsOf(t, [1, 2])).rows, [[1], [2]]);
  t.deepEqual((await rowsOf(t, { nodes: [{ x: 1 }], links: [{ x: 2 }] }, { array: 'links' })).rows, [[2]]);
  const nested = await rowsOf(t, [{ at: { x: 1, y: { z: 2 } }, v: [3, 4], ok: true }]);
  t.deepEqual([nested.columns, nested.rows], [['at.x', 'at.y.z', 'v[0]', 'v[1]', 'ok'], [[1, 2, 3, 4, 1]]]); // prettier-ignore
});

test('kinds of columns, labels and missing values in JSON', async (t) => {
  const records = [{ name: 'ann', x: 1, label: 'u' }, { name: 'bob', x: null, label: 'v' }, { name: '7', label: null, x: 3 }]; // prettier-ignore
  await fails(t, rowsOf(t, records), 'NON_FINITE', /row 2, column 2 \("x"\)/, /dropMissing/);
  const kept = await rowsOf(t, records, { keepMissing: true });
  t.deepEqual(kept.rows, [[1], [NaN], [3]]);
  t.deepEqual([...kept.labels!.values], [0, 1, -1]);
  t.deepEqual(kept.dropped, [{ column: 'name', why: 'text' }]);
  t.deepEqual((await rowsOf(t, [[1, 'a'], [2, 'b']], { labelColumn: -1 })).labels?.names, ['a', 'b']); // prettier-ignore
  t.deepEqual((await rowsOf(t, [{ x: 1 }, { z: 2 }], { keepMissing: true })).rows, [[1, NaN], [NaN, 2]]); // prettier-ignore
  await fails(t, rowsOf(t, [{ x: 1 }, { x: 2 }, { x: 'p q' }]), 'FILE_FORMAT', /row 3, column "x"/, /dropColumns: "x"/); // prettier-ignore
  t.deepEqual((await rowsOf(t, [{ x: 1, at: { z: [{}] } }])).dropped, [{ column: 'at.z', why: 'no number' }]);
});

test('what JSON is no table, with a remedy', async (t) => {
  for (const [value, ...patterns] of [
    ['{"a":', /not JSON/],
    ['7', /single value/],
    [{}, /nothing/],
    [{ type: 'Topology', objects: {}, arcs: [[1], [2]], scale: [[1]] }, /array: "arcs"/],
    [[1, 'a'], /different kinds/],
    [[[1, 2], [3]], /row 2.*expected 2 values/],
    ['{"a":1}\n{"a":}\n', /line 2/],
  ] as [unknown, ...RegExp[]][])
    await fails(t, rowsOf(t, value), 'FILE_FORMAT', ...patterns);
  await fails(t, rowsOf(t, { a: 1 }, { array: 'b' }), 'INVALID_ARGUMENT', /It has a/);
  await fails(t, rowsOf(t, []), 'INVALID_SHAPE', /coordinate/);
  await fails(t, rowsOf(t, [{ a: 'u' }]), 'INVALID_SHAPE', /"a" \(text\)/);
});

test('JSON by its name or its first bytes, compressed too', async (t) => {
  const text = '[{"x":1,"y":2},{"x":3,"y":4}]';
  const read = async (name: string, bytes: string | Buffer, options?: ReadCloudOptions) =>
    [...(await readCloud(put(t, name, bytes), options)).points.data].join();
  t.is(await read('a.json.gz', gzipSync(text)), '1,2,3,4');
  t.is(await read('nameless', ` ${text}`), '1,2,3,4');
  t.is(await read('a.jsonl', '{"x":1}\n{"x":2}\n', { columns: 'x' }), '1,2');
  await fails(t, read('a.json', ''), 'FILE_TRUNCATED');
});

test('safetensors as a cloud, with labels', async (t) => {
  const path = put(t, 'a.safetensors', '');
  const tensors = { other: ndarray([[9, 9]]), X: ndarray([[1, 2], [3, 4], [5, 6]]), y: ndarray([0, 1, 0]) }; // prettier-ignore
  await writeSafetensors(path, tensors);
  const cloud = await readCloud(path);
  t.deepEqual([...cloud.points.data], [1, 2, 3, 4, 5, 6]);
  t.deepEqual([cloud.labels?.names, cloud.labelColumn], [['0', '1'], { column: 'y', why: 'name' }]); // prettier-ignore
  t.is((await readCloud(path, { labelColumn: false })).labels, undefined);
  t.deepEqual((await readCloud(path, { columns: 1 })).points.shape, [3, 1]);
  t.deepEqual((await readCloud(path, { array: 'other', labelColumn: false })).points.shape, [1, 2]);
  await fails(t, readCloud(path, { array: 'Z' }), 'INVALID_ARGUMENT', /It has/, /X/);
});

test('thousands set apart in texts of JSON, lists of one number and of changing length', async (t) => {
  const { rows, notes } = await rowsOf(t, [
    { x: '1,234', y: '-1,234,567.5' },
    { x: '7', y: '0' },
  ]);
  t.deepEqual(rows, [
    [1234, -1234567.5],
    [7, 0],
  ]);
  t.regex(notes!.join(), /commas between digits .* thousands/);
  t.deepEqual((await rowsOf(t, [{ v: [1] }, { v: [2] }])).rows, [[1], [2]]);
  const lists = [{ x: 1, v: [1, 2] }, { x: 2, v: [3] }, { x: 3, v: [] }, { x: 4, v: [1, 2] }, { x: 5, v: [9] }]; // prettier-ignore
  const ragged = await rowsOf(t, lists);
  t.deepEqual([ragged.columns, ragged.dropped], [['x'], [{ column: 'v', why: 'no number' }]]);
  t.regex(ragged.notes!.join(), /lists of different lengths/);
  await fails(t, rowsOf(t, [...lists.slice(0, 1), ...lists.slice(0, 2)]), 'FILE_FORMAT', /list of 2 numbers.*one of 1/, /dropColumns: "v"/); // prettier-ignore
});

test('parts of objects within objects, and maps', async (t) => {
  const arcs = [[[1, 2], [3, 4]], [[5, 6]]]; // prettier-ignore
  const areas = { geometries: [{ type: 'Polygon', id: 4 }, { type: 'Polygon', id: 5 }] }; // prettier-ignore
  const map = { type: 'Topology', arcs, objects: { 'a.b': areas, c: { geometries: [{ id: 1 }, { id: 2 }, { id: 3 }] } } }; // prettier-ignore
  await fails(t, rowsOf(t, map), 'FILE_FORMAT', /lists in arcs/, /array: "objects\.c\.geometries", one of .*objects\.a\.b\.geometries/); // prettier-ignore
  t.deepEqual((await rowsOf(t, map, { array: 'objects.c.geometries' })).rows, [[1], [2], [3]]);
  t.deepEqual((await rowsOf(t, map, { array: 'objects.a.b.geometries' })).rows, [[4], [5]]);
  await fails(t, rowsOf(t, map, { array: 'objects.d' }), 'INVALID_ARGUMENT', /objects\.c\.geometries/);
  await fails(t, rowsOf(t, { type: 'Topology', arcs, objects: {} }), 'FILE_FORMAT', /outlines of a map/);
  await fails(t, rowsOf(t, { arcs: [[1, 2], [3]] }), 'FILE_FORMAT', /Give every row as many/); // prettier-ignore
});
