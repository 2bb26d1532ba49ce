import { type FloatData, type NdArray, allocate, dtypeOf, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { type CallOptions, checkInteger, throwIfAborted } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels, ParallelBeamProblem } from '../kernel/contract.js';
import type { ParallelBeam } from './geometry.js';
import { type BeamKernel, checkKernel, resolveSinogram } from './transform.js';

/** What the iterative methods share. */
export interface IterativeOptions extends ParallelBeam, CallOptions {
  /** [rows, columns] of the image. */
  shape: readonly number[];
  /** Default `joseph`; see radonTransform. */
  kernel?: BeamKernel;
  /** Number of iterations, at least 1. More of them fit the noise. Default: see the method. */
  iterations?: number;
  /** Image to start from, [rows, columns]. Default: zero. */
  initial?: NdArray;
}

/** Options of {@link sirt} and {@link sart}. */
export interface RelaxedOptions extends IterativeOptions {
  /** Set values below 0 to 0 after each step. Default false. */
  nonNegative?: boolean;
  /** Length of a step, above 0 and below 2. Default 1. */
  relaxation?: number;
}

/** A reconstruction with the course of its fit. */
export interface IterativeResult {
  /** [rows, columns]. */
  image: NdArray;
  /** |Pf − g| over |g| (over 1 where g is 0) before each iteration and after the last: iterations + 1 values. */
  residuals: Float64Array;
}

/** The linear system Pf = g of a call. */
export interface System {
  kernels: Kernels;
  problem: ParallelBeamProblem;
  sinogram: FloatData;
  image: FloatData;
  iterations: number;
  project(image: FloatData): Promise<FloatData>;
  backproject(sinogram: FloatData): Promise<FloatData>;
}

/**
 * Least squares by conjugate gradients on the normal equations (CGLS): minimises |Pf − g|² over images f, faster than any
 * other method that uses P and its transpose once per iteration. Stopping early is its regularisation.
 *
 * @param sinogram [angles, detectors], finite.
 * @param options `iterations` defaults to 20.
 * @throws As backproject; INVALID_SHAPE for an initial image of another shape. One projection and one backprojection per
 *   iteration. Source: Å. Björck, Numerical Methods for Least Squares Problems (1996), ch. 7.
 *
 * @example
 * const { image } = await cgls(sinogram, { angles, shape: [256, 256], iterations: 15 });
 */
export async function cgls(sinogram: NdArray, options: IterativeOptions): Promise<IterativeResult> {
  const system = await systemOf(sinogram, options, 20);
  const { kernels, image } = system;
  const history = new History(system, options);
  const residual = await residualOf(system);
  let gradient = await system.backproject(residual);
  const direction = gradient.slice();
  let square = squareOf(gradient);
  for (let i = 0; i < system.iterations; i++) {
    history.add(residual);
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
    history.report(i + 1);
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
export async function sirt(sinogram: NdArray, options: RelaxedOptions): Promise<IterativeResult> {
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
    history.report(i + 1);
  }
  return history.finish(residual);
}

/**
 * Simultaneous algebraic reconstruction (SART): the step of SIRT for one angle after the other, each from the image that
 * the last one left, so that a pass over all angles does what many iterations of SIRT do. Angles are taken in the order
 * of the golden section, far from the ones before.
 *
 * @param options `iterations`, passes over all angles, defaults to 5.
 * @throws As sirt. A pass is two projections and one backprojection, with the overhead of a call for every angle. Source:
 *   A. H. Andersen, A. C. Kak, Ultrasonic Imaging 6 (1984) 81.
 */
export async function sart(sinogram: NdArray, options: RelaxedOptions): Promise<IterativeResult> {
  const system = await systemOf(sinogram, options, 5);
  const relaxation = checkRelaxation(options.relaxation);
  const history = new History(system, options);
  const { angles, detectorCount } = system.problem;
  const single = Array.from(angles, (_, a) => {
    const part = system.sinogram.subarray(a * detectorCount, (a + 1) * detectorCount);
    return { ...system, ...operators(system, angles.slice(a, a + 1), options), sinogram: part };
  });
  const rowWeights = inverse(await system.project(filled(system.image)));
  let residual = await residualOf(system);
  for (let i = 0; i < system.iterations; i++) {
    history.add(residual);
    for (const a of goldenOrder(angles)) {
      const angle = single[a];
      const columnWeights = inverse(await angle.backproject(filled(angle.sinogram)), relaxation);
      const difference = await residualOf(angle);
      multiply(difference, rowWeights.subarray(a * detectorCount, (a + 1) * detectorCount));
      update(system.image, await angle.backproject(difference), columnWeights, options.nonNegative);
    }
    residual = await residualOf(system);
    history.report(i + 1);
  }
  return history.finish(residual);
}

/** The system of a call, checked. */
export async function systemOf(
  sinogram: NdArray,
  options: IterativeOptions,
  iterations: number,
): Promise<System> {
  const problem = resolveSinogram(sinogram, options);
  const dtype = options.dtype ?? dtypeOf(sinogram);
  const { data } = toDtype(sinogram, dtype);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, sinogram, 'sinogram');
  const image = allocate(dtype, problem.rows * problem.columns, 'an image');
  const { initial } = options;
  if (initial !== undefined) {
    if (initial.shape.length !== 2 || initial.shape.some((extent, k) => extent !== options.shape[k])) {
      throw new RidgeflowError(
        'INVALID_SHAPE',
        `Expected shape [${options.shape.join(', ')}] for initial but received [${initial.shape.join(', ')}]`,
        { details: { parameter: 'initial' } },
      );
    }
    checkFinite(kernels, initial, 'initial');
    image.set(initial.data);
  }
  const base = { kernels, problem, sinogram: data, image };
  return {
    ...base,
    iterations: checkInteger(options.iterations ?? iterations, 'iterations', 1),
    ...operators(base, problem.angles, options),
  };
}

/** P and its transpose for some of the angles. */
function operators(
  { kernels, problem }: Pick<System, 'kernels' | 'problem'>,
  angles: Float64Array,
  { kernel: name, signal }: IterativeOptions,
): Pick<System, 'project' | 'backproject'> {
  const kernel = checkKernel(name);
  return {
    project: (image) => kernels.projectBeam({ ...problem, angles, image, kernel }, { signal }),
    backproject: (sinogram) => kernels.backprojectBeam({ ...problem, angles, sinogram, kernel }, { signal }),
  };
}

/** The norms of the residuals, and the caller's abort and progress. */
export class History {
  readonly #system: System;
  readonly #options: CallOptions;
  readonly #residuals: number[] = [];
  readonly #norm: number;

  constructor(system: System, options: CallOptions) {
    this.#system = system;
    this.#options = options;
    this.#norm = Math.sqrt(squareOf(system.sinogram)) || 1;
  }

  add(residual: FloatData): void {
    this.#residuals.push(Math.sqrt(squareOf(residual)) / this.#norm);
  }

  report(done: number): void {
    throwIfAborted(this.#options.signal);
    this.#options.onProgress?.(done / this.#system.iterations);
  }

  finish(residual: FloatData): IterativeResult {
    this.add(residual);
    const { image, problem } = this.#system;
    return {
      image: { data: image, shape: [problem.rows, problem.columns] },
      residuals: Float64Array.from(this.#residuals),
    };
  }
}

/** g − Pf. */
export async function residualOf(system: System): Promise<FloatData> {
  const residual = await system.project(system.image);
  system.kernels.linearCombination(residual, [
    { coefficient: 1, array: system.sinogram },
    { coefficient: -1, array: residual },
  ]);
  return residual;
}

function checkRelaxation(relaxation = 1): number {
  if (!(relaxation > 0 && relaxation < 2)) {
    throw invalidArgument('relaxation', 'a number above 0 and below 2', relaxation);
  }
  return relaxation;
}

/** Ones. */
export const filled = (like: FloatData) => like.slice().fill(1);

/** out + factor · values, in out. */
function add(kernels: Kernels, out: FloatData, factor: number, values: FloatData): void {
  kernels.linearCombination(out, [
    { coefficient: 1, array: out },
    { coefficient: factor, array: values },
  ]);
}

/** factor / value; 0 where rays and pixels do not meet, or but for rounding. In place. */
export function inverse(values: FloatData, factor = 1): FloatData {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]);
  for (let i = 0; i < values.length; i++) values[i] = values[i] > 1e-6 * largest ? factor / values[i] : 0;
  return values;
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

/** The angles' numbers, sorted by angle modulo π and then taken in steps of the golden section, each once. */
function goldenOrder(angles: Float64Array): number[] {
  const turned = angles.map((angle) => angle - Math.PI * Math.floor(angle / Math.PI));
  const sorted = Array.from(turned.keys()).sort((a, b) => turned[a] - turned[b]);
  const keys = sorted.map((_, i) => (i * (Math.sqrt(5) - 1)) / 2 - Math.floor((i * (Math.sqrt(5) - 1)) / 2));
  const places = Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  const order = new Array<number>(angles.length);
  places.forEach((place, rank) => (order[place] = sorted[rank]));
  return order;
}
