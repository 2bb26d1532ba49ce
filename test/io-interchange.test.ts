import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import * as arrow from 'apache-arrow';
import { asCloud, ndarray, toArrow, toTensor, type NdArrayLike } from '../ts/index.js';

const rows = [[1, 2], [3, 4.5], [5, 6]]; // prettier-ignore
const flat = rows.flat();

test('a cloud in what other libraries hold', async (t) => {
  await tf.setBackend('cpu');
  const own = ndarray(rows, undefined, 'float64');
  t.is(asCloud(own), own, 'without a copy');
  const list = new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Float32()));
  const frame = {
    height: 3,
    columns: ['a', 'b'],
    getColumn: (name: string) => ({ toArray: () => rows.map((row) => row[name === 'a' ? 0 : 1]) }),
  };
  const fortran = { data: Float64Array.of(1, 3, 5, 2, 4.5, 6), shape: [3, 2], stride: [1, 3], offset: 0 };
  const part = { data: Float32Array.of(9, ...flat), shape: [3, 2], stride: [2, 1], offset: 1 };
  const table = new arrow.Table({
    a: arrow.vectorFromArray([1, 3, 5], new arrow.Int32()),
    b: arrow.vectorFromArray([2, 4.5, 6], new arrow.Float64()),
  });
  const whole = new arrow.Table({ v: arrow.vectorFromArray(rows, list) });
  for (const [name, value] of Object.entries<NdArrayLike>({
    rows,
    tensor: tf.tensor2d(rows),
    frame,
    fortran,
    part,
    table,
    whole,
    vector: arrow.vectorFromArray(rows, list),
  })) {
    const { data, shape } = asCloud(value);
    t.deepEqual([[...data], shape], [flat, [3, 2]], name);
    t.true(asCloud(value, { dtype: 'float64' }).data instanceof Float64Array, name);
  }
  t.is(asCloud(part).data.buffer, part.data.buffer, 'rows that lie together are not copied');
  t.true(asCloud(fortran).data instanceof Float64Array);
  t.deepEqual(asCloud([1, 2]).shape, [2, 1]);
  t.deepEqual(asCloud(tf.ones([2, 3, 4])).shape, [2, 12]);
  t.deepEqual(asCloud(arrow.vectorFromArray([1, 2], new arrow.Float32())).shape, [2, 1]);
});

test('what is no cloud', (t) => {
  const code = (value: unknown) => (t.throws(() => asCloud(value as NdArrayLike)) as { code?: string }).code;
  for (const value of [null, undefined, 7, 'x', {}, new Map()]) t.is(code(value), 'INVALID_ARGUMENT');
  t.is(code(new arrow.Table({ a: arrow.vectorFromArray([1, null], new arrow.Float64()) })), 'NON_FINITE');
  t.is(code(new arrow.Table({ a: arrow.vectorFromArray(['u', 'v'], new arrow.Utf8()) })), 'INVALID_DTYPE');
  t.is(code([[1, 2], [3]]), 'INVALID_SHAPE'); // prettier-ignore
});

test('results as a table and as a tensor', async (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const points = ndarray(rows, undefined, dtype);
    const table = await toArrow(points, { columns: ['x', 'y'] });
    t.deepEqual(table.schema.fields.map(({ name }) => name), ['x', 'y']); // prettier-ignore
    t.deepEqual(asCloud(table as NdArrayLike), points);
    const again = arrow.tableFromIPC(arrow.tableToIPC(table));
    t.deepEqual([...asCloud(again as NdArrayLike).data], flat);
    const tensor = await toTensor(points);
    t.deepEqual([[...(await tensor.data())], tensor.shape], [flat, [3, 2]]);
    tensor.dispose();
  }
  await t.throwsAsync(toArrow(ndarray(rows), { columns: ['x'] }), { message: /2 names/ });
});
