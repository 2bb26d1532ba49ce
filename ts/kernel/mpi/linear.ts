import type { LinearKernels } from '../contract/linear.js';
import type { World } from './world.js';

/**
 * Linear algebra where rows are spread over ranks: of this rank's rows by itself, with matrices that all ranks have alike;
 * only the error of a step is that of the whole cloud.
 *
 * @param native these kernels and no others.
 */
export function linearKernels(world: World, native: LinearKernels): LinearKernels {
  return {
    ...native,
    scaledError(problem) {
      const { columns, relative, absolute } = problem;
      const same = { columns, relative, absolute };
      return world.together({ call: 'scaledError', same, own: [] }, async () => {
        const { sum, largest, rows } = await world.allDone(native.scaledError(problem));
        const all = await world.gatherParts(Float64Array.of(sum, largest, rows));
        return {
          sum: all.reduce((total, [each]) => total + each, 0),
          // NaN, unlike a comparison, comes through Math.max.
          largest: Math.max(...all.map(([, each]) => each)),
          rows: all.reduce((total, [, , each]) => total + each, 0),
        };
      });
    },
  };
}
