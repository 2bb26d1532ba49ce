import {
  type FloatData,
  type NdArray,
  allocate,
  checkArray,
  checkShape,
  dtypeOf,
  elementCount,
  toDtype,
} from '../core/array.js';
import { RidgeflowError } from '../core/errors.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { Pace } from '../core/pace.js';
import { vectorLength } from '../core/rows.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import { type ParallelBeamImage, projectorOfBeam } from './parallel-beam.js';
import { type Projector, checkShapeIs } from './projector.js';
import { checkKernel, resolveSinogram } from './transform.js';

/** What the iterative methods share. */
export interface IterationOptions extends CallOptions {
  /** Number of iterations, at least 1. More of them fit the noise. Default: see the method. */
  iterations?: number;
  /** Image to start from, of the image's shape. Default: zero. */
  initial?: NdArray;
}

/** Options of {@link cgls}: those of every iterative method, with a parallel beam or with any projector. */
export type IterativeOptions = IterationOptions &
  ((ParallelBeamImage & { projector?: undefined }) | { projector: Projector });

/** A reconstruction with the course of its fit. */
export interface IterativeResult {
  /** Of the image's shape: [rows, columns], or that of the projector's grid. */
  image: NdArray;
  /** |Pf − g| over |g| (over 1 where g is 0) before each iteration and after the last: iterations + 1 values. */
  residuals: Float64Array;
}

/** The linear system Pf = g of a call. */
export interface System {
  kernels: Kernels;
  projector: Projector;
  sinogram: FloatData;
  image: FloatData;
  iterations: number;
  project(image: FloatData): Promise<FloatData>;
  backproject(sinogram: FloatData): Promise<FloatData>;
}

/** The system of a call, checked. */
export async function systemOf(
  sinogram: NdArray,
  options: IterativeOptions,
  iterations: number,
): Promise<System> {
  const projector = options.projector ?? beamProjector(sinogram, options);
  checkShape(projector.imageShape, 'projector.imageShape');
  checkShape(projector.dataShape, 'projector.dataShape');
  checkArray(sinogram, 'sinogram');
  checkShapeIs(sinogram.shape, projector.dataShape, 'sinogram');
  const dtype = options.dtype ?? dtypeOf(sinogram);
  const { data } = toDtype(sinogram, dtype);
  const kernels = await kernelsFor(options, dtype);
  checkFinite(kernels, sinogram, 'sinogram');
  const image = allocate(dtype, elementCount(projector.imageShape), 'an image');
  const { initial } = options;
  if (initial !== undefined) {
    checkArray(initial, 'initial');
    checkShapeIs(initial.shape, projector.imageShape, 'initial');
    checkFinite(kernels, initial, 'initial');
    image.set(initial.data);
  }
  return {
    kernels,
    projector,
    sinogram: data,
    image,
    iterations: checkInteger(options.iterations ?? iterations, 'iterations', 1),
    ...operators(projector, kernels, options),
  };
}

/** The beam of a sinogram, whose columns are the detectors. */
function beamProjector(sinogram: NdArray, options: ParallelBeamImage): Projector {
  return projectorOfBeam(resolveSinogram(sinogram, options), checkKernel(options.kernel));
}

/** P and its transpose on the arrays' storage. */
export function operators(
  projector: Projector,
  kernels: Kernels,
  { signal }: CallOptions,
): Pick<System, 'project' | 'backproject'> {
  const { imageShape, dataShape } = projector;
  const run = { signal, backend: kernels.name };
  const checked = (result: NdArray, name: string, shape: readonly number[], like: FloatData) => {
    // A projector of the caller's may return anything.
    checkArray(result, name);
    checkShapeIs(result.shape, shape, name);
    return toDtype(result, dtypeOf({ data: like })).data;
  };
  return {
    project: async (data) =>
      checked(
        await projector.project({ data, shape: imageShape }, run),
        'projector.project()',
        dataShape,
        data,
      ),
    backproject: async (data) =>
      checked(
        await projector.backproject({ data, shape: dataShape }, run),
        'projector.backproject()',
        imageShape,
        data,
      ),
  };
}

/** The norms of the residuals, and the caller's abort and progress. */
export class History {
  readonly #system: System;
  readonly #pace: Pace;
  readonly #residuals: number[] = [];
  readonly #norm: number;

  constructor(system: System, options: CallOptions) {
    this.#system = system;
    this.#pace = new Pace(options, system.iterations);
    this.#norm = vectorLength(system.sinogram) || 1;
  }

  add(residual: FloatData): void {
    const size = vectorLength(residual);
    if (!Number.isFinite(size)) throw notFinite(this.#residuals.length);
    this.#residuals.push(size / this.#norm);
  }

  /** Notes that so many iterations are done. Throws ABORTED. */
  reach(done: number): Promise<void> {
    return this.#pace.reach(done);
  }

  async finish(residual: FloatData): Promise<IterativeResult> {
    this.add(residual);
    await this.#pace.finish();
    const { image, projector } = this.#system;
    return {
      image: { data: image, shape: [...projector.imageShape] },
      residuals: Float64Array.from(this.#residuals),
    };
  }
}

/** NON_FINITE, of a residual. */
export function notFinite(iterations: number): RidgeflowError {
  return new RidgeflowError(
    'NON_FINITE',
    `The residual is not finite after ${iterations} iterations: divide the sinogram by its size, or use dtype float64; if the ` +
      'projector is your own, check that its backproject is the transpose of its project',
    { details: { iterations } },
  );
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

/** Ones. */
export const filled = (like: FloatData) => like.slice().fill(1);

/** factor / value; 0 where rays and pixels do not meet, or but for rounding. In place. */
export function inverse(values: FloatData, factor = 1): FloatData {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]);
  for (let i = 0; i < values.length; i++) values[i] = values[i] > 1e-6 * largest ? factor / values[i] : 0;
  return values;
}
