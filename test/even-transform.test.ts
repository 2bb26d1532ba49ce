import test from 'ava';
import { evenTransform } from '../ts/core/even-transform.js';
import { RandomStream } from '../ts/core/random.js';
import { filterResponse } from '../ts/radon/filter.js';

test('the transform of an even sequence is the sum of its definition, and its own inverse', (t) => {
  for (const length of [2, 4, 8, 64, 256]) {
    const half = new Float64Array(length / 2 + 1);
    new RandomStream(length, 'sample').fillNormal(half);
    const transform = evenTransform(half);
    t.is(transform.length, half.length);
    for (let k = 0; k <= length / 2; k++) {
      let sum = 0;
      for (let n = 0; n < length; n++)
        sum += half[Math.min(n, length - n)] * Math.cos((2 * Math.PI * n * k) / length);
      t.true(Math.abs(transform[k] - sum) < 1e-12 * length, `${length}, ${k}`);
    }
    const back = evenTransform(transform);
    t.true(half.every((value, n) => Math.abs(back[n] / length - value) < 1e-13 * length));
  }
});

test('the ramp is |f|, but for what its band limit leaves of the constant part', (t) => {
  for (const length of [64, 1024, 4096]) {
    const ramp = filterResponse('ramp', length);
    t.is(ramp.length, length / 2 + 1);
    // What is cut off are samples of 1/(πn)² from length/2 on: their sum is about 1/(π² length/2).
    t.true(ramp[0] > 0 && ramp[0] < 0.3 / length);
    for (let k = 1; k < ramp.length; k++) t.true(Math.abs(ramp[k] - k / length) < 0.3 / length);
    const hann = filterResponse('hann', length);
    hann.forEach((value, k) =>
      t.true(Math.abs(value - ramp[k] * (0.5 + 0.5 * Math.cos((2 * Math.PI * k) / length))) < 1e-15),
    );
  }
});
