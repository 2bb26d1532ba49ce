import { allocate } from '../../core/array.js';
import type { DistanceKernels } from '../contract/distances.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Sums over distances on the addon. */
export function distanceKernels(addon: Addon): DistanceKernels {
  return {
    async distanceSums({ queries, points, groups, groupCount }, run) {
      const sums = allocate('float64', queries.rows * groupCount, 'sums of distances') as Float64Array;
      await withControl(run, (control) =>
        addon.distanceSums({
          queries: queries.data,
          points: points.data,
          n: queries.rows,
          m: points.rows,
          d: queries.columns,
          groups,
          groupCount,
          sums,
          control,
        }),
      );
      return sums;
    },
  };
}
