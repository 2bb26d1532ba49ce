import test from 'ava';
import { ndarray } from '../ts/core/array.js';
import { takeRows, vectorLength } from '../ts/core/rows.js';
import { directionSet } from '../ts/radon/index.js';

test('rows are copied in the order of their numbers, as often as they are named', (t) => {
  for (const dtype of ['float32', 'float64'] as const) {
    const array = ndarray([1, 2, 3, 4, 5, 6], [3, 2], dtype);
    const { data, shape } = takeRows(array, [2, 0, 2]);
    t.deepEqual(shape, [3, 2]);
    t.deepEqual([...data], [5, 6, 1, 2, 5, 6]);
    t.is(data.constructor, array.data.constructor);
    t.deepEqual(takeRows(array, new Int32Array(0)).shape, [0, 2]);
  }
});

test('the length of a vector does not overflow, vanish, or depend on how many values there are', (t) => {
  t.is(vectorLength([3, 4]), 5);
  t.is(vectorLength([7, 3, -4, 9], 1, 2), 5);
  t.is(vectorLength([]), 0);
  t.is(vectorLength([0, 0]), 0);
  t.true(Math.abs(vectorLength([3e200, 4e200]) / 5e200 - 1) < 1e-15);
  t.true(Math.abs(vectorLength([3e-200, 4e-200]) / 5e-200 - 1) < 1e-15);
  t.is(vectorLength([1, Infinity]), Infinity);
  t.is(vectorLength([NaN, 1]), NaN);
  t.is(vectorLength(new Float64Array(1e6).fill(1)), 1e3);
});

test('directions of very many dimensions have length 1', (t) => {
  const d = 200000;
  const { data } = directionSet(1, d, { kind: 'uniform' });
  t.true(Math.abs(vectorLength(data) - 1) < 1e-6);
});
