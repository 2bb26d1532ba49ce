import { allocate, dtypeOf } from '../../core/array.js';
import type { MomentKernels } from '../contract/moments.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Moments of clouds on the addon. */
export function momentKernels(addon: Addon): MomentKernels {
  return {
    async covariance(points, run, rows) {
      const d = points.columns;
      const mean = new Float64Array(d);
      const covariance = allocate('float64', d * d, 'a covariance') as Float64Array;
      await withControl(run, (control) =>
        addon.covariance({
          points: points.data,
          n: points.rows,
          d,
          rows,
          count: rows?.length,
          mean,
          covariance,
          control,
        }),
      );
      return { mean, covariance };
    },
    async centredRows({ points, rows, centre, factor = 1 }, run) {
      const out = allocate(dtypeOf(points), (rows?.length ?? points.rows) * points.columns, 'a centred copy');
      await withControl(run, (control) =>
        addon.centredRows({
          points: points.data,
          n: points.rows,
          d: points.columns,
          rows,
          count: rows?.length,
          centre,
          factor,
          out,
          control,
        }),
      );
      return out;
    },
    async groupMoments({ points, groups, groupCount }, run) {
      const { data, rows: n, columns: d } = points;
      const means = allocate('float64', groupCount * d, 'means of groups') as Float64Array;
      const squares = new Float64Array(groupCount);
      await withControl(run, (control) =>
        addon.groupMoments({ points: data, n, d, groups, groupCount, means, squares, control }),
      );
      return { means, squares };
    },
  };
}
