import { allocate, dtypeOf } from '../../core/array.js';
import type { FiniteRadonKernels } from '../contract/finite-radon.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** The finite Radon transform on the addon. */
export function finiteRadonKernels(addon: Addon): FiniteRadonKernels {
  return {
    async finiteRadon({ data, count, p, transpose = false }, run) {
      const out = allocate(dtypeOf({ data }), count * (transpose ? p : p + 1) * p, 'finite projections');
      await withControl(run, (control) => addon.finiteRadon({ data, count, p, transpose, out, control }));
      return out;
    },
  };
}
