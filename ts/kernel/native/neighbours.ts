import { allocate, dtypeOf } from '../../core/array.js';
import type { NeighbourResult, RunControl } from '../contract.js';
import type { NeighbourKernels } from '../contract/neighbours.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Nearest neighbours on the addon. */
export function neighbourKernels(addon: Addon): NeighbourKernels {
  return {
    nearestNeighbours: (problem, run) => nearestNeighbours(addon, problem, run),
    countWithin: (problem, run) => countWithin(addon, problem, run),
  };
}

async function nearestNeighbours(
  addon: Addon,
  problem: Parameters<NeighbourKernels['nearestNeighbours']>[0],
  run?: RunControl,
): Promise<NeighbourResult> {
  const { queries, points, k, norm, excludeSelf = false } = problem;
  const distances = allocate(dtypeOf(queries), queries.rows * k, 'neighbour distances');
  const indices = new Int32Array(queries.rows * k);
  await withControl(run, (control) =>
    addon.nearestNeighbours({
      queries: queries.data,
      points: points.data,
      n: queries.rows,
      m: points.rows,
      d: queries.columns,
      k,
      maximumNorm: norm === 'maximum',
      excludeSelf,
      distances,
      indices,
      control,
    }),
  );
  return { distances, indices };
}

async function countWithin(
  addon: Addon,
  problem: Parameters<NeighbourKernels['countWithin']>[0],
  run?: RunControl,
): Promise<Int32Array> {
  const { queries, points, radii, norm, strict = false, excludeSelf = false } = problem;
  const counts = new Int32Array(queries.rows);
  await withControl(run, (control) =>
    addon.countWithin({
      queries: queries.data,
      points: points.data,
      radii,
      n: queries.rows,
      m: points.rows,
      d: queries.columns,
      maximumNorm: norm === 'maximum',
      strict,
      excludeSelf,
      counts,
      control,
    }),
  );
  return counts;
}
