import type { ParallelBeamProblem } from '../kernel/contract.js';
import { type ParallelBeam, resolveBeam } from './geometry.js';
import { type Projector, createProjector } from './projector.js';
import { type BeamKernel, checkKernel } from './transform.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** A parallel beam with the image it looks at. */
export interface ParallelBeamImage extends ParallelBeam {
  /** [rows, columns] of the image. */
  shape: readonly number[];
  /** Default `joseph`; see radonTransform. */
  kernel?: BeamKernel;
}

/**
 * The parallel beam of {@link radonTransform} and {@link backproject} as a projector: images [rows, columns], data
 * [angles, detectors].
 *
 * @throws As radonTransform.
 */
export function parallelBeamProjector(options: ParallelBeamImage): Projector {
  checkCall(SIGNATURES.parallelBeamProjector, { options });
  return projectorOfBeam(resolveBeam(options, options.shape), checkKernel(options.kernel));
}

/** The projector of a geometry that is checked already. */
export function projectorOfBeam(problem: ParallelBeamProblem, kernel: BeamKernel): Projector {
  const { rows, columns, angles, detectorCount } = problem;
  return createProjector({
    imageShape: [rows, columns],
    dataShape: [angles.length, detectorCount],
    angles,
    project: (kernels, image, run) => kernels.projectBeam({ ...problem, image, kernel }, run),
    backproject: (kernels, sinogram, run) => kernels.backprojectBeam({ ...problem, sinogram, kernel }, run),
    select: (views) =>
      projectorOfBeam({ ...problem, angles: Float64Array.from(views, (view) => angles[view]) }, kernel),
  });
}
