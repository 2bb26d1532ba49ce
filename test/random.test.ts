import test from 'ava';
import { RandomStream, type StreamName, philox } from '../ts/core/random.js';

test('Philox 4×32-10 gives the published known answers', (t) => {
  const answer = (counter: number[], key: number[]) => {
    const out = new Uint32Array(4);
    philox(Uint32Array.from(counter), key[0], key[1], out);
    return Array.from(out, (word) => word.toString(16).padStart(8, '0')).join(' ');
  };
  const ones = 0xffffffff;
  t.is(answer([0, 0, 0, 0], [0, 0]), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  t.is(answer([ones, ones, ones, ones], [ones, ones]), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  t.is(
    answer([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

/** Sample moments of order 1 to 4 about zero. */
function moments(values: Float64Array): number[] {
  return [1, 2, 3, 4].map((p) => values.reduce((sum, value) => sum + value ** p, 0) / values.length);
}

test('uniform and normal numbers have the moments of their distributions', (t) => {
  const n = 200_000;
  const values = new Float64Array(n);
  const stream = new RandomStream(11, 'sample');
  // Expected moment, and its standard deviation over samples: √((E x^{2p} − (E x^p)²)/n).
  const check = (name: string, expected: (p: number) => number) =>
    moments(values).forEach((moment, i) => {
      const p = i + 1;
      const deviation = Math.sqrt((expected(2 * p) - expected(p) ** 2) / n);
      t.true(Math.abs(moment - expected(p)) < 4 * deviation, `${name} moment ${p}: ${moment}`);
    });
  stream.fillUniform(values);
  check('uniform', (p) => 1 / (p + 1));
  t.true(values.every((value) => value > 0 && value < 1));
  const bins = new Float64Array(100);
  for (const value of values) bins[Math.floor(value * 100)]++;
  const chiSquared = bins.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0);
  t.true(Math.abs(chiSquared - 99) < 4 * Math.sqrt(2 * 99), `χ² = ${chiSquared} on 99 degrees of freedom`);
  stream.fillNormal(values);
  check('normal', (p) => (p % 2 ? 0 : [1, 1, 3, 15, 105][p / 2]));
  const product = values.subarray(1).reduce((sum, value, i) => sum + value * values[i], 0);
  t.true(Math.abs(product) < 4 * Math.sqrt(n), `correlation of neighbours: ${product / n}`);
});

test('any part of a stream is the same alone as in sequence, far out too', (t) => {
  for (const start of [0, 2 ** 33 - 50, 2 ** 50 + 1]) {
    const stream = new RandomStream(2 ** 40 + 5, 'noise', 3);
    for (const fill of ['fillUniform', 'fillNormal'] as const) {
      const whole = new Float64Array(101);
      stream[fill](whole, start);
      for (const [first, length] of [
        [0, 1],
        [1, 1],
        [1, 7],
        [50, 51],
        [99, 2],
      ]) {
        const part = new Float64Array(length);
        new RandomStream(2 ** 40 + 5, 'noise', 3)[fill](part, start + first);
        t.deepEqual(part, whole.slice(first, first + length), `${fill} ${start} + ${first}`);
      }
      if (fill === 'fillUniform') t.is(stream.uniform(start + 17), whole[17]);
    }
  }
});

test('seeds, streams and substreams give different numbers', (t) => {
  const names: StreamName[] = [
    ...(['sample', 'component', 'noise', 'directions'] as const),
    ...(['shuffle', 'initial', 'probe', 'subsample'] as const),
  ];
  const streams = [
    ...names.map((name) => new RandomStream(1, name)),
    ...[0, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) => new RandomStream(seed, 'sample')),
    ...[1, 2 ** 32 - 1].map((substream) => new RandomStream(1, 'sample', substream)),
  ];
  t.is(new Set(streams.map((stream) => stream.uniform(0))).size, streams.length);
  t.is(new RandomStream(undefined, 'sample').uniform(5), new RandomStream(0, 'sample').uniform(5));
  for (const substream of [-1, 0.5, 2 ** 32]) {
    t.throws(() => new RandomStream(1, 'sample', substream), { code: 'INVALID_ARGUMENT' });
  }
  t.throws(() => new RandomStream(-1, 'sample'), { code: 'INVALID_ARGUMENT' });
  t.throws(() => new RandomStream(1, 'toString' as StreamName), { code: 'INVALID_ARGUMENT' });
});

test('choose draws distinct numbers, each as often as any other', (t) => {
  const draws = 20_000;
  const counts = new Float64Array(10);
  for (let seed = 0; seed < draws; seed++) {
    const chosen = new RandomStream(seed, 'subsample').choose(10, 4);
    if (new Set(chosen).size !== 4) t.fail(`seed ${seed}: ${chosen.join(' ')}`);
    for (const value of chosen) counts[value]++;
  }
  // Each count is binomial with probability 0.4.
  const deviation = Math.sqrt(draws * 0.24);
  const far = counts.filter((count) => Math.abs(count - 0.4 * draws) > 4 * deviation);
  t.is(far.length, 0, counts.join(' '));
  const all = new RandomStream(1, 'subsample').choose(5, 9);
  t.deepEqual([...all].sort(), [0, 1, 2, 3, 4]);
  t.is(new RandomStream(1, 'subsample').choose(0, 3).length, 0);
});
