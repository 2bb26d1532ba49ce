import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { RandomStream } from '../ts/core/random.js';
import { boxMuller } from '../ts/core/box-muller.js';
import { backends, combinations } from './conformance-backends.js';

for (const { kernels, dtype, title } of combinations) {
  test(`${title} normals: those of the stream to the bit, wherever they begin`, async (t) => {
    for (const [seed, substream] of [
      [0, 0],
      [2 ** 53 - 1, 2 ** 32 - 1],
      [2 ** 40 + 5, 3],
    ]) {
      const stream = new RandomStream(seed, 'noise', substream);
      for (const [first, count] of [
        [0, 1],
        [1, 1],
        [0, 33],
        [1, 1024],
        [7, 1025],
        [2 ** 33 - 15, 31],
        [2 ** 50 + 1, 17],
        [3, 100_003],
      ]) {
        const make = () => (dtype === 'float64' ? new Float64Array(count) : new Float32Array(count));
        const [expected, found] = [make(), make()];
        stream.fillNormal(expected, first);
        await kernels.normals({ stream, out: found, first });
        t.deepEqual(found, expected, `seed ${seed}, positions from ${first}`);
      }
    }
    await kernels.normals({ stream: new RandomStream(1, 'noise'), out: new Float32Array(0) });
  });
}

for (const kernels of backends) {
  test.serial(`${kernels.name} normals: stop where they are told to`, async (t) => {
    const controller = new AbortController();
    const out = new Float32Array(2e7);
    const work = kernels.normals({ stream: new RandomStream(1, 'noise'), out }, controller);
    setImmediate(() => controller.abort());
    const error = await t.throwsAsync(work, { instanceOf: RidgeflowError });
    t.is(error.code, 'ABORTED');
  });
}

test('the transform agrees with the logarithm, sine and cosine of the library to a few roundings', (t) => {
  const out = new Float64Array(2);
  const stream = new RandomStream(5, 'sample');
  let worst = 0;
  const compare = (u: number, v: number) => {
    boxMuller(u, v, out);
    const radius = Math.sqrt(-2 * Math.log(u));
    const expected = [radius * Math.cos(2 * Math.PI * v), radius * Math.sin(2 * Math.PI * v)];
    expected.forEach((value, i) => (worst = Math.max(worst, Math.abs(out[i] - value) / radius)));
  };
  for (let i = 0; i < 20_000; i++) compare(stream.uniform(2 * i), stream.uniform(2 * i + 1));
  // The ends of the interval, and either side of where the computation changes.
  const edges = [
    2 ** -53,
    0.125,
    0.25,
    Math.SQRT1_2 / 2,
    0.375,
    0.5,
    Math.SQRT1_2,
    0.75,
    0.875,
    1 - 2 ** -53,
  ];
  for (const u of edges) for (const v of edges) compare(u, v);
  t.true(worst < 1.5e-15, `relative error ${worst}`);
});
