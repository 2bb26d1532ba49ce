import test from 'ava';
import type { NdArray } from '../ts/core/array.js';
import { logits } from '../ts/network/analysis/planes.js';

const softmax = (rows: readonly (readonly number[])[]): NdArray => ({
  data: Float32Array.from(
    rows.flatMap((row) => {
      const powers = row.map((value) => Math.exp(value - Math.max(...row)));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }),
  ),
  shape: [rows.length, rows[0].length],
});

test('the logits of probabilities are those that a softmax made them of, less their mean', (t) => {
  const rows = [
    [1, -2, 4],
    [0, 0, 0],
    [-3, 8, 2.5],
  ];
  const found = logits(softmax(rows))!;
  t.deepEqual(found.shape, [3, 3]);
  rows.forEach((row, i) => {
    const mean = row.reduce((a, b) => a + b, 0) / 3;
    row.forEach((value, k) => t.true(Math.abs(found.data[3 * i + k] - (value - mean)) < 1e-4));
  });
  // An output that is sure to rounding is far away, and not at infinity.
  t.true(
    logits(
      softmax([
        [500, 0],
        [0, 1],
      ]),
    )!.data.every((value) => Math.abs(value) < 20),
  );
});

test('rows that are no probabilities have no logits', (t) => {
  const none = (...values: number[]) =>
    logits({ data: Float64Array.from(values), shape: [1, values.length] });
  t.is(none(1), undefined);
  t.is(none(0.5, 0.6), undefined);
  t.is(none(1.5, -0.5), undefined);
  t.is(none(NaN, 1), undefined);
  t.not(none(0.25, 0.75), undefined);
});
