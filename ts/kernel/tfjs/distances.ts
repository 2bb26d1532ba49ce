import { allocate } from '../../core/array.js';
import { Pace } from '../../core/pace.js';
import type { RunControl } from '../contract.js';
import type { DistanceKernels } from '../contract/distances.js';
import { requireFloat32, squaredDistance } from './points.js';

/** {@link DistanceKernels.distanceSums} pair by pair from differences: TensorFlow.js would store every distance. */
export async function distanceSums(
  problem: Parameters<DistanceKernels['distanceSums']>[0],
  run?: RunControl,
): Promise<Float64Array> {
  const { data: x, rows: n, columns: d } = requireFloat32(problem.queries, 'distanceSums');
  const { data: y, rows: m } = requireFloat32(problem.points, 'distanceSums');
  const { groups, groupCount } = problem;
  const sums = allocate('float64', n * groupCount, 'sums of distances') as Float64Array;
  const pace = new Pace(run, n * m);
  const step = Math.max(1, Math.floor((1 << 20) / d));
  for (let i = 0; i < n; i++) {
    for (let first = 0; first < m; first += step) {
      const end = Math.min(first + step, m);
      for (let j = first; j < end; j++) {
        sums[i * groupCount + groups[j]] += Math.sqrt(squaredDistance(x, i * d, y, j * d, d));
      }
      await pace.tick(end - first);
    }
  }
  await pace.finish();
  return sums;
}
