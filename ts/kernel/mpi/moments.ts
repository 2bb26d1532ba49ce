import { dtypeOf } from '../../core/array.js';
import type { RunControl } from '../contract.js';
import type { MomentKernels } from '../contract/moments.js';
import type { World } from './world.js';

/** Moments of clouds whose rows are spread over ranks, put together from those of the shares. */
export function momentKernels(world: World, native: MomentKernels): MomentKernels {
  return {
    covariance(points, run, rows) {
      const d = points.columns;
      const same = { columns: d, dtype: dtypeOf(points) };
      const count = rows?.length ?? points.rows;
      return world.together({ call: 'covariance', same, own: [count] }, async (own) => {
        const total = own.reduce((sum, [each]) => sum + each, 0);
        const share = await world.allDone(
          count === 0 ? Promise.resolve(undefined) : native.covariance(points, run, rows),
        );
        const mean = share ? share.mean.map((value) => (value * count) / total) : new Float64Array(d);
        await world.addon.sum({ values: mean });
        const covariance = share ? about(share, mean, count / total) : new Float64Array(d * d);
        await world.addon.sum({ values: covariance });
        return { mean, covariance };
      });
    },

    // Of this rank's rows: nothing of the others is needed.
    centredRows: (problem, run) =>
      problem.points.rows === 0
        ? Promise.resolve(problem.points.data.slice(0, 0))
        : native.centredRows(problem, run),

    groupMoments(problem, run) {
      const { points, groups, groupCount } = problem;
      const same = { columns: points.columns, dtype: dtypeOf(points), groupCount };
      return world.together({ call: 'groupMoments', same, own: [points.rows] }, async () => {
        const counts = new Float64Array(groupCount);
        groups.forEach((group) => counts[group]++);
        const share = await world.allDone(shareOfGroups(native, problem, run));
        return groupsOverRanks(world, counts, share);
      });
    },
  };
}

/** share · (C + (m − mean)(m − mean)ᵀ): what a part with the mean m and the covariance C adds to that of the whole. */
function about(
  part: { mean: Float64Array; covariance: Float64Array },
  mean: Float64Array,
  share: number,
): Float64Array {
  const d = mean.length;
  const shift = part.mean.map((value, k) => value - mean[k]);
  return part.covariance.map((value, at) => share * (value + shift[Math.floor(at / d)] * shift[at % d]));
}

type GroupMoments = Awaited<ReturnType<MomentKernels['groupMoments']>>;

function shareOfGroups(
  native: MomentKernels,
  problem: Parameters<MomentKernels['groupMoments']>[0],
  run?: RunControl,
): Promise<GroupMoments> {
  const { points, groupCount } = problem;
  if (points.rows > 0) return native.groupMoments(problem, run);
  return Promise.resolve({
    means: new Float64Array(groupCount * points.columns),
    squares: new Float64Array(groupCount),
  });
}

async function groupsOverRanks(
  { addon }: World,
  counts: Float64Array,
  { means: own, squares }: GroupMoments,
): Promise<GroupMoments> {
  const d = own.length / counts.length;
  const totals = counts.slice();
  await addon.sum({ values: totals });
  const shares = counts.map((count, group) => (totals[group] > 0 ? count / totals[group] : 0));
  const means = own.map((value, at) => value * shares[Math.floor(at / d)]);
  await addon.sum({ values: means });
  const sums = squares.map((square, group) => {
    let shift = 0;
    for (let at = group * d; at < (group + 1) * d; at++) shift += (own[at] - means[at]) ** 2;
    return square + counts[group] * shift;
  });
  await addon.sum({ values: sums });
  return { means, squares: sums };
}
