import { type NdArray, checkArray, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { CallOptions } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import { type ParallelBeam, resolveBeam } from './geometry.js';
import { checkShapeIs } from './projector.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** How pixels and rays meet. */
export type BeamKernel = 'joseph' | 'strip' | 'fourier';

/** Options of {@link radonTransform}. */
export interface RadonTransformOptions extends ParallelBeam, CallOptions {
  /**
   * `joseph` (default): the line integral of the image's linear interpolation across the ray's main direction; second
   * order in the pixel size for smooth images. `strip`: pixels are squares of constant value, and each detector measures
   * the mean line integral over its width, exactly; every projection then holds the image's mass to rounding.
   * `fourier`: the strip's integrals of what the image holds at frequencies up to half a cycle per pixel, through the
   * Fourier-slice theorem: within 1e-4 of `strip` for an image that is smooth on the scale of its pixels, with ripples
   * at the edges of one that is not; the cost grows as N² log N instead of N³. Native backend only, else UNSUPPORTED.
   */
  kernel?: BeamKernel;
  /** The image's own, if at all: so that the geometry of a reconstruction can be given as it is. */
  shape?: readonly number[];
}

/** Options of {@link backproject}. */
export interface BackprojectOptions extends RadonTransformOptions {
  /** [rows, columns] of the image. */
  shape: readonly number[];
}

/**
 * Radon transform of an image by parallel beam: line integrals (value × length) at every angle and detector.
 *
 * @param image [rows, columns], float32 or float64, finite. Values between pixel centres are those of the kernel; the
 *   image is zero outside.
 * @returns The sinogram, [angles, detectors].
 * @throws INVALID_SHAPE (not an image, empty, an extent beyond 2²⁰, a detector that does not cover the image),
 *   INVALID_ARGUMENT (no angles, sizes not above 0), NON_FINITE, INVALID_DTYPE, ABORTED, OUT_OF_MEMORY.
 *
 * With N = max(rows, columns), O(angles · detectors · N) time, O(image + sinogram) memory, sums in float64; `fourier`
 * O(N² log N + angles · (N + detectors) log N) time. Sources: P. M. Joseph, IEEE Trans. Med. Imaging 1 (1982) 192, for
 * `joseph`; J. A. Fessler, B. P. Sutton, IEEE Trans. Signal Process. 51 (2003) 560, for `fourier`.
 *
 * @example
 * const sinogram = await radonTransform(image, { angles: equalAngles(180), pixelSize: 0.5 });
 */
export async function radonTransform(image: NdArrayLike, options: RadonTransformOptions): Promise<NdArray> {
  ({ image } = checkCall(SIGNATURES.radonTransform, { image, options }));
  checkImage(image, 'image');
  if (options.shape !== undefined) checkShapeIs(image.shape, options.shape, 'image');
  const problem = resolveBeam(options, image.shape);
  const kernel = checkKernel(options.kernel);
  const input = toDtype(image, options.dtype ?? dtypeOf(image));
  const kernels = await kernelsFor(options, dtypeOf(input));
  checkFinite(kernels, image, 'image');
  const data = await kernels.projectBeam({ ...problem, image: input.data, kernel }, options);
  return { data, shape: [problem.angles.length, problem.detectorCount] };
}

/**
 * Backprojection: the exact transpose of {@link radonTransform} with the same geometry and kernel, so that
 * Σ (Pf)·g = Σ f·(P*g) to rounding. As the dual transform ∫ g(u, u·x) du of functions it needs the factor
 * (angle between directions) × (detector spacing) / pixelSize².
 *
 * @param sinogram [angles, detectors], finite. `detector.count` is taken from it.
 * @returns The image, [rows, columns] = `options.shape`.
 * @throws As radonTransform; INVALID_SHAPE where the sinogram has another number of angles or detectors than stated.
 */
export async function backproject(sinogram: NdArrayLike, options: BackprojectOptions): Promise<NdArray> {
  ({ sinogram } = checkCall(SIGNATURES.backproject, { sinogram, options }));
  const problem = resolveSinogram(sinogram, options);
  const kernel = checkKernel(options.kernel);
  const input = toDtype(sinogram, options.dtype ?? dtypeOf(sinogram));
  const kernels = await kernelsFor(options, dtypeOf(input));
  checkFinite(kernels, sinogram, 'sinogram');
  const data = await kernels.backprojectBeam({ ...problem, sinogram: input.data, kernel }, options);
  return { data, shape: [problem.rows, problem.columns] };
}

/** The geometry of a sinogram, whose columns are the detectors. Throws INVALID_SHAPE where the two disagree. */
export function resolveSinogram(sinogram: NdArray, options: ParallelBeam & { shape: readonly number[] }) {
  checkImage(sinogram, 'sinogram');
  const [rows, columns] = sinogram.shape;
  const detector = { ...options.detector, count: options.detector?.count ?? columns };
  const problem = resolveBeam({ ...options, detector }, options.shape);
  if (rows !== problem.angles.length || columns !== problem.detectorCount) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected shape [${problem.angles.length}, ${problem.detectorCount}] (angles × detectors) for sinogram but ` +
        `received [${rows}, ${columns}]`,
      { details: { parameter: 'sinogram' } },
    );
  }
  return problem;
}

function checkImage(array: NdArray, name: string): void {
  checkArray(array, name);
  if (array.shape.length !== 2 || array.data.length === 0) {
    throw new RidgeflowError(
      'INVALID_SHAPE',
      `Expected two extents of at least 1 for the shape of ${name} but received [${array.shape.join(', ')}]`,
      { details: { parameter: name } },
    );
  }
}

/** Throws INVALID_ARGUMENT for an unknown kernel; returns it, or `joseph`. */
export function checkKernel(kernel: BeamKernel | undefined): BeamKernel {
  if (kernel === undefined) return 'joseph';
  if (kernel !== 'joseph' && kernel !== 'strip' && kernel !== 'fourier')
    throw invalidArgument('kernel', "'joseph', 'strip' or 'fourier'", kernel);
  return kernel;
}
