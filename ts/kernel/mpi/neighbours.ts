import { type FloatData, allocate, allocateIntegers, dtypeOf } from '../../core/array.js';
import { rowsOf } from '../checks.js';
import type { DistanceKernels } from '../contract/distances.js';
import type { NeighbourKernels, NeighbourResult } from '../contract/neighbours.js';
import { selfPieces } from './pieces.js';
import { visitAll } from './ring.js';
import type { World } from './world.js';

/** Neighbours in a cloud whose rows are spread over ranks: the best of those found in every tile. */
export function neighbourKernels(
  world: World,
  native: NeighbourKernels & DistanceKernels,
): NeighbourKernels & DistanceKernels {
  return {
    nearestNeighbours({ queries, points, k, norm = 'euclidean', excludeSelf = false }, run) {
      const same = { columns: queries.columns, dtype: dtypeOf(queries), k, norm, excludeSelf };
      return world.together({ call: 'nearestNeighbours', same, own: [points.rows] }, async (own) => {
        const found = await world.allDone((async () => emptyResult(dtypeOf(queries), queries.rows, k))());
        const shares = own.map(([rows]) => rows);
        await visitAll(
          world,
          { points },
          shares,
          true,
          async (tile, part) => {
            for (const { first, rows, self } of selfPieces(queries.rows, excludeSelf, tile)) {
              const most = Math.min(k, tile.points.rows - (self ? 1 : 0));
              if (most === 0) continue;
              const some = { queries: rowsOf(queries, first, rows), points: tile.points, norm };
              const near = await native.nearestNeighbours({ ...some, k: most, excludeSelf: self }, part);
              takeNearer(found, k, first, near, most, tile.first);
            }
          },
          run,
        );
        return found;
      });
    },

    countWithin({ queries, points, radii, norm = 'euclidean', strict = false, excludeSelf = false }, run) {
      const same = { columns: queries.columns, dtype: dtypeOf(queries), norm, strict, excludeSelf };
      return world.together({ call: 'countWithin', same, own: [points.rows] }, async (own) => {
        const counts = await world.allDone(
          (async () => allocateIntegers(queries.rows, 'counts of points'))(),
        );
        const shares = own.map(([rows]) => rows);
        await visitAll(
          world,
          { points },
          shares,
          true,
          async (tile, part) => {
            for (const { first, rows, self } of selfPieces(queries.rows, excludeSelf, tile)) {
              const some = { queries: rowsOf(queries, first, rows), points: tile.points, norm, strict };
              const own = radii.subarray(first, first + rows);
              const more = await native.countWithin({ ...some, radii: own, excludeSelf: self }, part);
              more.forEach((count, i) => (counts[first + i] += count));
            }
          },
          run,
        );
        return counts;
      });
    },

    distanceSums({ queries, points, groups, groupCount }, run) {
      const same = { columns: queries.columns, dtype: dtypeOf(queries), groupCount };
      return world.together({ call: 'distanceSums', same, own: [points.rows] }, async (own) => {
        const length = queries.rows * groupCount;
        const sums = await world.allDone(
          (async () => allocate('float64', length, 'sums of distances') as Float64Array)(),
        );
        const shares = own.map(([rows]) => rows);
        await visitAll(
          world,
          { points, values: groups },
          shares,
          false,
          async (tile, part) => {
            if (queries.rows === 0) return;
            const some = { queries, points: tile.points, groups: tile.values as Int32Array, groupCount };
            const more = await native.distanceSums(some, part);
            more.forEach((sum, i) => (sums[i] += sum));
          },
          run,
        );
        return sums;
      });
    },
  };
}

function emptyResult(dtype: 'float32' | 'float64', n: number, k: number): NeighbourResult {
  return {
    distances: allocate(dtype, n * k, 'neighbour distances').fill(Infinity),
    indices: allocateIntegers(n * k, 'neighbours').fill(-1),
  };
}

/**
 * The nearest k of those found so far and of those in one more tile, for queries from `first` on. Ties go to the lower row
 * number, whatever the order in which tiles come.
 */
function takeNearer(
  found: NeighbourResult,
  k: number,
  first: number,
  near: NeighbourResult,
  most: number,
  offset: number,
): void {
  const { distances, indices } = found;
  const before = new (distances.constructor as Float64ArrayConstructor)(k) as FloatData;
  const rowsBefore = new Int32Array(k);
  const n = near.indices.length / most;
  for (let i = 0; i < n; i++) {
    const at = (first + i) * k;
    if (near.distances[i * most] > distances[at + k - 1]) continue;
    before.set(distances.subarray(at, at + k));
    rowsBefore.set(indices.subarray(at, at + k));
    for (let place = 0, a = 0, b = 0; place < k; place++) {
      const row = b < most ? near.indices[i * most + b] + offset : -1;
      const distance = b < most ? near.distances[i * most + b] : Infinity;
      const takes =
        b < most &&
        (distance < before[a] || (distance === before[a] && (rowsBefore[a] < 0 || row < rowsBefore[a])));
      distances[at + place] = takes ? distance : before[a];
      indices[at + place] = takes ? row : rowsBefore[a];
      if (takes) b++;
      else a++;
    }
  }
}
