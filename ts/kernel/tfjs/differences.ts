import { allocate } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { Kernels, NeighbourResult, Norm, RunControl } from '../contract.js';
import { insert } from './neighbours.js';
import { requireFloat32, squaredDistance } from './points.js';

/** Points looked at between two ticks. */
const BLOCK = 4096;

/**
 * {@link Kernels.nearestNeighbours} in the maximum norm, which no matrix product helps with: exhaustive, from differences in
 * float64 on the main thread.
 */
export async function largestDifferences(
  problem: Parameters<Kernels['nearestNeighbours']>[0],
  run?: RunControl,
): Promise<NeighbourResult> {
  const { k, excludeSelf = false } = problem;
  const queries = requireFloat32(problem.queries, 'nearestNeighbours');
  const points = requireFloat32(problem.points, 'nearestNeighbours');
  const n = queries.rows;
  const distances = allocate('float32', n * k, 'the distances to the neighbours');
  const indices = new Int32Array(n * k);
  const pace = new Pace(run, n * points.rows);
  for (let i = 0; i < n; i++) {
    const nearest = {
      squares: new Float64Array(k).fill(Infinity),
      indices: indices.subarray(i * k, (i + 1) * k),
    };
    let filled = 0;
    for (let j = 0; j < points.rows; j++) {
      if (j % BLOCK === BLOCK - 1) await pace.tick(BLOCK);
      if (excludeSelf && i === j) continue;
      const distance = largestDifference(queries.data, i, points.data, j, points.columns);
      if (distance < nearest.squares[k - 1] || filled < k) {
        insert(nearest, 0, Math.min(filled, k - 1), distance, j);
        filled++;
      }
    }
    distances.set(nearest.squares, i * k);
    await pace.tick(points.rows % BLOCK);
  }
  await pace.finish();
  return { distances, indices };
}

/** {@link Kernels.countWithin}, exhaustive, from differences in float64 on the main thread. */
export async function countWithin(
  problem: Parameters<Kernels['countWithin']>[0],
  run?: RunControl,
): Promise<Int32Array> {
  const { radii, norm = 'euclidean', strict = false, excludeSelf = false } = problem;
  const queries = requireFloat32(problem.queries, 'countWithin');
  const points = requireFloat32(problem.points, 'countWithin');
  const distance = distanceIn(norm);
  const counts = new Int32Array(queries.rows);
  const pace = new Pace(run, queries.rows * points.rows);
  for (let i = 0; i < queries.rows; i++) {
    const radius = radii[i];
    for (let j = 0; j < points.rows; j++) {
      if (j % BLOCK === BLOCK - 1) await pace.tick(BLOCK);
      if (excludeSelf && i === j) continue;
      const rounded = Math.fround(distance(queries.data, i, points.data, j, points.columns));
      if (strict ? rounded < radius : rounded <= radius) counts[i]++;
    }
    await pace.tick(points.rows % BLOCK);
  }
  await pace.finish();
  return counts;
}

function distanceIn(norm: Norm) {
  if (norm === 'maximum') return largestDifference;
  return (a: Float32Array, i: number, b: Float32Array, j: number, d: number) =>
    Math.sqrt(squaredDistance(a, i * d, b, j * d, d));
}

function largestDifference(a: Float32Array, i: number, b: Float32Array, j: number, d: number): number {
  let largest = 0;
  for (let k = 0; k < d; k++) {
    const difference = Math.abs(a[i * d + k] - b[j * d + k]);
    if (difference > largest) largest = difference;
  }
  return largest;
}
