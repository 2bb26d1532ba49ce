import type { FloatData } from '../core/array.js';
import { invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import type { Kernels } from '../kernel/contract.js';
import {
  History,
  type IterativeOptions,
  type IterativeResult,
  filled,
  inverse,
  notFinite,
  operators,
  residualOf,
  systemOf,
} from './iteration.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** Options of {@link sirt} and {@link sart}. */
export type RelaxedOptions = IterativeOptions & {
  /** Set values below 0 to 0 after each step. Default false. */
  nonNegative?: boolean;
  /** Length of a step, above 0 and below 2. Default 1. */
  relaxation?: number;
};

/**
 * Least squares by conjugate gradients on the normal equations (CGLS): minimises |Pf − g|² over images f, faster than any
 * other method that uses P and its transpose once per iteration. Stopping early is its regularisation.
 *
 * @param sinogram [angles, detectors], or of the projector's data shape; finite.
 * @param options A parallel beam with the image's shape, or `projector`. `iterations` defaults to 20.
 * @throws As backproject; INVALID_SHAPE for an initial image of another shape. One projection and one backprojection per
 *   iteration. Source: Å. Björck, Numerical Methods for Least Squares Problems (1996), ch. 7.
 *
 * @example
 * const { image } = await cgls(sinogram, { angles, shape: [256, 256], iterations: 15 });
 */
export async function cgls(sinogram: NdArrayLike, options: IterativeOptions): Promise<IterativeResult> {
  ({ sinogram } = checkCall(SIGNATURES.cgls, { sinogram, options }));
  const system = await systemOf(sinogram, options, 20);
  const { kernels, image } = system;
  const history = new History(system, options);
  const residual = await residualOf(system);
  let gradient = await system.backproject(residual);
  const direction = gradient.slice();
  let square = squareOf(gradient);
  for (let i = 0; i < system.iterations; i++) {
    history.add(residual);
    if (!Number.isFinite(square)) throw notFinite(i);
    // At the minimum there is nothing left to do, and 0/0 is not a step.
    if (square > 0) {
      const change = await system.project(direction);
      const size = squareOf(change);
      const step = size > 0 ? square / size : 0;
      add(kernels, image, step, direction);
      add(kernels, residual, -step, change);
      gradient = await system.backproject(residual);
      const next = squareOf(gradient);
      kernels.linearCombination(direction, [
        { coefficient: 1, array: gradient },
        { coefficient: next / square, array: direction },
      ]);
      square = next;
    }
    await history.reach(i + 1);
  }
  return history.finish(residual);
}

/**
 * Simultaneous iterative reconstruction (SIRT): f ← f + λ C Pᵀ R (g − Pf), R and C the inverse row and column sums of P.
 * Converges to the least squares solution weighted by R; slow and steady, and takes bounds.
 *
 * @param options `iterations` defaults to 100.
 * @throws As cgls; INVALID_ARGUMENT for a relaxation out of (0, 2). One projection and one backprojection per iteration.
 *   Source: J. Gregor, T. Benson, IEEE Trans. Med. Imaging 27 (2008) 918.
 */
export async function sirt(sinogram: NdArrayLike, options: RelaxedOptions): Promise<IterativeResult> {
  ({ sinogram } = checkCall(SIGNATURES.sirt, { sinogram, options }));
  const system = await systemOf(sinogram, options, 100);
  const relaxation = checkRelaxation(options.relaxation);
  const history = new History(system, options);
  const rowWeights = inverse(await system.project(filled(system.image)));
  const columnWeights = inverse(await system.backproject(filled(system.sinogram)), relaxation);
  let residual = await residualOf(system);
  for (let i = 0; i < system.iterations; i++) {
    history.add(residual);
    multiply(residual, rowWeights);
    update(system.image, await system.backproject(residual), columnWeights, options.nonNegative);
    residual = await residualOf(system);
    await history.reach(i + 1);
  }
  return history.finish(residual);
}

/**
 * Simultaneous algebraic reconstruction (SART): the step of SIRT for one angle (or view) after the other, each from the
 * image that the last one left, so that a pass over all does what many iterations of SIRT do. They are taken in the order
 * of the golden section, far from the ones before.
 *
 * @param options `iterations`, passes over all angles, defaults to 5.
 * @throws As sirt. A pass is two projections and one backprojection, with the overhead of a call for every angle. Source:
 *   A. H. Andersen, A. C. Kak, Ultrasonic Imaging 6 (1984) 81.
 */
export async function sart(sinogram: NdArrayLike, options: RelaxedOptions): Promise<IterativeResult> {
  ({ sinogram } = checkCall(SIGNATURES.sart, { sinogram, options }));
  const system = await systemOf(sinogram, options, 5);
  const relaxation = checkRelaxation(options.relaxation);
  const history = new History(system, options);
  const { projector } = system;
  const views = projector.dataShape[0];
  const size = system.sinogram.length / views;
  const single = Array.from({ length: views }, (_, a) => ({
    ...system,
    ...operators(projector.select([a]), system.kernels, options),
    sinogram: system.sinogram.subarray(a * size, (a + 1) * size),
  }));
  const order = projector.viewOrder ?? single.map((_, a) => a);
  const rowWeights = inverse(await system.project(filled(system.image)));
  let residual = await residualOf(system);
  for (let i = 0; i < system.iterations; i++) {
    history.add(residual);
    for (const a of order) {
      const angle = single[a];
      const columnWeights = inverse(await angle.backproject(filled(angle.sinogram)), relaxation);
      const difference = await residualOf(angle);
      multiply(difference, rowWeights.subarray(a * size, (a + 1) * size));
      update(system.image, await angle.backproject(difference), columnWeights, options.nonNegative);
    }
    residual = await residualOf(system);
    await history.reach(i + 1);
  }
  return history.finish(residual);
}

function checkRelaxation(relaxation = 1): number {
  if (!(relaxation > 0 && relaxation < 2)) {
    throw invalidArgument('relaxation', 'a number above 0 and below 2', relaxation);
  }
  return relaxation;
}

/** out + factor · values, in out. */
function add(kernels: Kernels, out: FloatData, factor: number, values: FloatData): void {
  kernels.linearCombination(out, [
    { coefficient: 1, array: out },
    { coefficient: factor, array: values },
  ]);
}

function multiply(values: FloatData, factors: FloatData): void {
  for (let i = 0; i < values.length; i++) values[i] *= factors[i];
}

function update(image: FloatData, step: FloatData, weights: FloatData, nonNegative = false): void {
  for (let i = 0; i < image.length; i++) {
    const value = image[i] + weights[i] * step[i];
    image[i] = nonNegative && value < 0 ? 0 : value;
  }
}

function squareOf(values: FloatData): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum;
}
