import { allocate, allocateIntegers, dtypeOf } from '../../core/array.js';
import { RidgeflowError } from '../../core/errors.js';
import { rowsOf } from '../checks.js';
import type { DistanceKernels } from '../contract/distances.js';
import type { NeighbourKernels, NeighbourResult } from '../contract/neighbours.js';
import type { Addon } from '../native/addon.js';
import { withControl } from '../native/control.js';
import { addPart } from './add-part.js';
import { selfPieces } from './pieces.js';
import { visitAll } from './ring.js';
import type { World } from './world.js';

/** Row numbers are 32-bit integers. */
const MOST_ROWS = 2 ** 31 - 1;

/**
 * Neighbours in a cloud whose rows are spread over ranks: the best of those found in every tile, put together by
 * native/neighbours/parts.hpp.
 */
export function neighbourKernels(
  world: World,
  addon: Addon,
  native: NeighbourKernels & DistanceKernels,
): NeighbourKernels & DistanceKernels {
  return {
    nearestNeighbours({ queries, points, k, norm = 'euclidean', excludeSelf = false }, run) {
      const same = { columns: queries.columns, dtype: dtypeOf(queries), k, norm, excludeSelf };
      return world.together({ call: 'nearestNeighbours', same, own: [points.rows] }, async (own) => {
        const shares = own.map(([rows]) => rows);
        checkNumbered(shares);
        const found = await world.allDone((async () => emptyResult(dtypeOf(queries), queries.rows, k))());
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
              await withControl({ signal: part.signal }, (control) =>
                addon.addNeighbourPart({
                  ...{ n: rows, k, partK: most, first: tile.first, control },
                  distances: found.distances.subarray(first * k, (first + rows) * k),
                  indices: found.indices.subarray(first * k, (first + rows) * k),
                  partDistances: near.distances,
                  partIndices: near.indices,
                }),
              );
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
            addPart(addon, sums, await native.distanceSums(some, part));
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

/** Throws INVALID_ARGUMENT, on all ranks alike, where the whole cloud has more rows than there are numbers for. */
function checkNumbered(shares: readonly number[]): void {
  const rows = shares.reduce((a, b) => a + b, 0);
  if (rows <= MOST_ROWS) return;
  throw new RidgeflowError(
    'INVALID_ARGUMENT',
    `Expected fewer than 2³¹ points on all ranks together for nearest neighbours but received ${rows}`,
    { details: { parameter: 'points', points: rows } },
  );
}
