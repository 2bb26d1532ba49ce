import test from 'ava';
import { type NdArray, toDtype } from '../../ts/core/array.js';
import { RandomStream } from '../../ts/core/random.js';
import { jitter, nearestNeighbourEntropy } from '../../ts/entropy/index.js';
import { places } from '../native.js';

function rounded(n: number, steps: readonly number[], seed: number): NdArray {
  const data = new Float64Array(n * steps.length);
  new RandomStream(seed, 'sample').fillNormal(data);
  for (let at = 0; at < data.length; at++) {
    const step = steps[at % steps.length];
    data[at] = step * Math.round(data[at] / step);
  }
  return { data, shape: [n, steps.length] };
}

for (const { backend, dtype } of places) {
  test(`${backend} ${dtype}: the entropy of rounded normal numbers, with noise of the rounding's width`, async (t) => {
    for (const steps of [[0.01], [0.1], [0.25, 0.01]]) {
      const points = toDtype(rounded(8000, steps, 2), dtype);
      const bare = await nearestNeighbourEntropy(points, { backend });
      const { value } = await nearestNeighbourEntropy(jitter(points, { seed: 4 }), { backend });
      const right = steps.length * 0.5 * Math.log(2 * Math.PI * Math.E);
      t.true(Math.abs(value - right) < 0.05, `${value}, not ${right}`);
      if (steps.length === 1) t.is(bare.value, -Infinity);
    }
  });
}

test('jitter moves by less than half a step, by the seed, and leaves constant columns alone', (t) => {
  const points = rounded(100, [0.1, 3], 1);
  for (let i = 0; i < 100; i++) points.data[2 * i + 1] = 7.3;
  const [first, again, other] = [1, 1, 2].map((seed) => jitter(points, { seed }));
  t.deepEqual(first, again);
  t.notDeepEqual(first, other);
  first.data.forEach((value, at) => {
    if (at % 2 === 1) t.is(value, 7.3);
    else t.true(Math.abs(value - points.data[at]) <= 0.05 + 1e-12 && value !== points.data[at]);
  });
  const smooth: NdArray = { data: new Float64Array(50), shape: [50, 1] };
  new RandomStream(3, 'sample').fillNormal(smooth.data);
  t.throws(() => jitter(smooth), { code: 'DEGENERATE_CLOUD', message: /column 0.*`width`/ });
  t.true(jitter(smooth, { width: 2 }).data.every((value, at) => Math.abs(value - smooth.data[at]) <= 1));
  for (const width of [0, -1, NaN, Infinity]) {
    t.throws(() => jitter(points, { width }), { code: 'INVALID_ARGUMENT' });
  }
});
