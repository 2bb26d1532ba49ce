import test from 'ava';
import { fittingSnapshots } from '../ts/cli/snapshots.js';

test('snapshots of large clouds are as many as fit into 256 MiB, and at least one', (t) => {
  // Only the size of the data is looked at.
  const sized = (n: number, d: number) => ({
    data: { byteLength: 4 * n * d } as Float32Array,
    shape: [n, d],
  });
  t.is(fittingSnapshots(sized(1797, 64)), 16);
  t.is(fittingSnapshots(sized(10_000, 784)), 8);
  t.is(fittingSnapshots(sized(60_000, 784)), 1);
  t.is(fittingSnapshots(sized(10_000_000, 784)), 1);
  t.is(fittingSnapshots(sized(1_000_000, 8)), 8);
});
