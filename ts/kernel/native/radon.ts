import { allocate, dtypeOf } from '../../core/array.js';
import type { Matrix } from '../contract/control.js';
import type { ParallelBeamProblem, RadonKernels } from '../contract/radon.js';
import type { Addon } from './addon.js';
import { withControl } from './control.js';

/** As bindings/radon.cpp counts them. */
const KERNEL_NUMBERS = { joseph: 1, strip: 2, fourier: 3, interpolated: 4 } as const;

function geometryOf(problem: ParallelBeamProblem) {
  const { rows, columns, pixelSize, angles, detectorCount, detectorSpacing, detectorOffset } = problem;
  return {
    rows,
    columns,
    pixelSize,
    angles,
    angleCount: angles.length,
    detectorCount,
    detectorSpacing,
    detectorOffset,
  };
}

function cloudOf(points: Matrix, directions: Matrix) {
  return {
    points: points.data,
    n: points.rows,
    d: points.columns,
    directions: directions.data,
    count: directions.rows,
  };
}

/** The kernels of subject radon on the addon. */
export function radonKernels(addon: Addon): RadonKernels {
  return {
    async projectBeam(problem, run) {
      const { image, angles, detectorCount } = problem;
      const sinogram = allocate(dtypeOf({ data: image }), angles.length * detectorCount, 'a sinogram');
      const kernel = KERNEL_NUMBERS[problem.kernel];
      await withControl(run, (control) =>
        addon.projectBeam({ ...geometryOf(problem), image, sinogram, kernel, control }),
      );
      return sinogram;
    },
    async backprojectBeam(problem, run) {
      const { sinogram, rows, columns } = problem;
      const image = allocate(dtypeOf({ data: sinogram }), rows * columns, 'an image');
      const kernel = KERNEL_NUMBERS[problem.kernel];
      await withControl(run, (control) =>
        addon.backprojectBeam({ ...geometryOf(problem), image, sinogram, kernel, control }),
      );
      return image;
    },
    async filterRows({ data: { data, rows, columns }, length, response, scales }, run) {
      const out = allocate(dtypeOf({ data }), data.length, 'filtered rows');
      await withControl(run, (control) =>
        addon.filterRows({ data, rows, columns, length, response, scales, out, control }),
      );
      return out;
    },
    async binProjections({ points, directions, weights, bins, sums }, run) {
      await withControl(run, (control) =>
        addon.binProjections({ ...cloudOf(points, directions), weights, ...bins, sums, control }),
      );
    },
    async projectionExtents({ points, directions, extents }, run) {
      await withControl(run, (control) =>
        addon.projectionExtents({ ...cloudOf(points, directions), extents, control }),
      );
    },
  };
}
