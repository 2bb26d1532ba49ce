import { allocate, dtypeOf } from '../../core/array.js';
import type { PosteriorKernels } from '../contract/posterior.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** Sums over posteriors on the addon. */
export function posteriorKernels(addon: Addon): PosteriorKernels {
  return {
    async posteriorCovarianceProduct({ queries, vectors, centres, logWeights, variance }, run) {
      const { rows: n, columns: d } = queries;
      const out = allocate(dtypeOf(queries), n * d, 'posterior covariances times vectors');
      await withControl(run, (control) =>
        addon.posteriorCovarianceProduct({
          queries: queries.data,
          vectors: vectors.data,
          centres: centres.data,
          logWeights,
          n,
          m: centres.rows,
          d,
          variance,
          out,
          control,
        }),
      );
      return out;
    },
  };
}
