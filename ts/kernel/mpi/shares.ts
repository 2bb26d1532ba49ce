import { allocateIntegers } from '../../core/array.js';
import type { ShareKernels } from '../contract/shares.js';
import { visitAll } from './ring.js';
import type { World } from './world.js';

/** How rows are spread over the ranks, and sums of what each has. */
export function shareKernels(world: World): ShareKernels {
  const { addon } = world;
  return {
    ranks: world.ranks,

    shareOf: (rows) =>
      world.together({ call: 'shareOf', same: {}, own: [rows] }, async (own) => {
        const before = own.slice(0, world.rank).reduce((sum, [each]) => sum + each, 0);
        return { first: before, total: own.reduce((sum, [each]) => sum + each, 0) };
      }),

    sumOverRanks: (values) =>
      world.together({ call: 'sumOverRanks', same: { length: values.length }, own: [] }, async () => {
        const sums = Float64Array.from(values);
        await addon.sum({ values: sums });
        return sums;
      }),

    largestOverRanks: (values) =>
      world.together({ call: 'largestOverRanks', same: { length: values.length }, own: [] }, async () => {
        const all = await world.gatherParts(Float64Array.from(values));
        // NaN, unlike a comparison, comes through Math.max.
        return all[0].map((_, i) => Math.max(...all.map((each) => each[i])));
      }),

    takeFromRanks: (values, rows) =>
      world.together({ call: 'takeFromRanks', same: {}, own: [values.length] }, async (own) => {
        const taken = await world.allDone((async () => allocateIntegers(rows.length, 'values of rows'))());
        const points = { data: new Float32Array(0), rows: values.length, columns: 0 };
        const shares = own.map(([length]) => length);
        await visitAll(world, { points, values }, shares, true, async (tile) => {
          const { first, values: some } = tile;
          for (let i = 0; i < rows.length; i++) {
            const place = rows[i] - first;
            if (place >= 0 && place < some!.length) taken[i] = some![place];
          }
        });
        return taken;
      }),

    everyPart: (values) =>
      world.together({ call: 'everyPart', same: { type: values.constructor.name }, own: [] }, () =>
        world.gatherParts(values),
      ),

    passRound: (values, visit) =>
      world.together({ call: 'passRound', same: {}, own: [values.length] }, (own) => {
        const points = { data: new Float64Array(0), rows: values.length, columns: 0 };
        const shares = own.map(([length]) => length);
        return visitAll(world, { points, values }, shares, true, async ({ first, values: part }) =>
          visit(part as Float64Array, first),
        );
      }),

    checkSame: (asked) =>
      world.together({ call: 'this call', same: asked, own: [] }, () => Promise.resolve()),

    doneByAll: (work) => {
      // Who waits for its turn hears of a failure no later than it can answer.
      work.catch(() => undefined);
      return world.together({ call: 'doneByAll', same: {}, own: [] }, () => world.allDone(work));
    },
  };
}
