import test from 'ava';
import { lineTransport } from '../../ts/transport/index.js';

const near = (value: number, right: number) => Math.abs(value / right - 1) < 1e-12;

test('on the line: any order of differences of any size', async (t) => {
  for (const unit of [1e-170, 1e-4, 1, 1e4, 1e170]) {
    for (const p of [1, 2, 3.5, 100, 1000]) {
      const { value, dualityGap } = await lineTransport([0, unit], [3 * unit, 4 * unit], { p });
      t.true(near(value, 3 * unit), `${unit}, ${p}: ${value}`);
      t.false(Number.isNaN(dualityGap));
      // Differences of 1 and 2 units.
      const uneven = await lineTransport([0, 10 * unit], [unit, 12 * unit], { p });
      t.true(near(uneven.value, unit * 2 * ((1 + 2 ** -p) / 2) ** (1 / p)), `${unit}, ${p}`);
    }
  }
  t.true(near((await lineTransport([0, 1], [1e4, 1e4 + 1], { p: 100 })).value, 1e4));
  t.is((await lineTransport([1, 2], [2, 1], { p: 100 })).value, 0);
});
