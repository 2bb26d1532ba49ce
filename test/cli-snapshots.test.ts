import test from 'ava';
import { fittingSnapshots } from '../ts/cli/snapshots.js';

test('snapshots of large clouds are as many as fit into 2 GiB, and at least one', (t) => {
  // Only the size of the data is looked at.
  const sized = (n: number, d: number) => ({
    data: { byteLength: 4 * n * d } as Float32Array,
    shape: [n, d],
  });
  t.is(fittingSnapshots(sized(1797, 64), 7), 16);
  t.is(fittingSnapshots(sized(10_000, 784), 7), 9);
  t.is(fittingSnapshots(sized(60_000, 784), 7), 1);
  t.is(fittingSnapshots(sized(60_000, 784), 1), 11);
  t.is(fittingSnapshots(sized(10_000_000, 784), 7), 1);
  t.is(fittingSnapshots(sized(1_000_000, 8), 7), 9);
});
