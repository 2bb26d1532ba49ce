import { BYTES, type FloatData, type NdArray, dtypeOf, elementCount, toDtype } from '../core/array.js';
import { RidgeflowError, invalidArgument } from '../core/errors.js';
import type { NdArrayLike } from '../core/foreign.js';
import { requireMemory } from '../core/memory.js';
import { type CallOptions, checkInteger } from '../core/options.js';
import { kernelsFor } from '../kernel/backend.js';
import { checkFinite } from '../kernel/checks.js';
import type { Kernels, RunControl } from '../kernel/contract.js';
import { checkCall } from '../core/call.js';
import { METHODS } from './method-signatures.js';

/**
 * A linear map P from images (or grids) to their projections, with its exact transpose. The geometries of this library
 * are projectors, and the iterative reconstructions take any: one of your own needs no more than these members.
 */
export interface Projector {
  /** Shape of the image or grid. */
  readonly imageShape: readonly number[];
  /** Shape of the projections; the first extent counts the views. */
  readonly dataShape: readonly number[];
  /** An order of the views in which neighbours differ most, for methods that take one view after the other. */
  readonly viewOrder?: readonly number[];
  /** Pf. */
  project(image: NdArrayLike, options?: CallOptions): Promise<NdArray>;
  /** The transpose: Σ (Pf)·g = Σ f·(Pᵀg) to rounding. */
  backproject(data: NdArrayLike, options?: CallOptions): Promise<NdArray>;
  /** The projector of some of the views, by their numbers. */
  select(views: readonly number[]): Projector;
}

/** What a geometry of the library says of itself. */
export interface ProjectorParts {
  imageShape: readonly number[];
  dataShape: readonly number[];
  /** Angles of the views, where they have one. */
  angles?: Float64Array;
  project(kernels: Kernels, image: FloatData, run: RunControl): Promise<FloatData>;
  backproject(kernels: Kernels, data: FloatData, run: RunControl): Promise<FloatData>;
  select(views: readonly number[]): Projector;
}

/**
 * Makes a projector that checks what it is given: INVALID_SHAPE, INVALID_DTYPE, NON_FINITE, and OUT_OF_MEMORY where image
 * and projections would not fit beside each other, before anything is computed.
 */
export function createProjector(parts: ProjectorParts): Projector {
  const { imageShape, dataShape, angles } = parts;
  const size = elementCount(imageShape) + elementCount(dataShape);
  requireProjectorMemory(size * BYTES.float32, `an image of [${imageShape.join(', ')}] and its projections`);
  const apply = async (
    input: NdArray,
    name: string,
    [from, to]: readonly [readonly number[], readonly number[]],
    options: CallOptions,
    run: (kernels: Kernels, values: FloatData) => Promise<FloatData>,
  ): Promise<NdArray> => {
    checkShapeIs(input.shape, from, name);
    const dtype = options.dtype ?? dtypeOf(input);
    // The result, and the padded copy of the input that the kernels make.
    requireProjectorMemory(size * BYTES[dtype], `the projections of [${imageShape.join(', ')}]`);
    const values = toDtype(input, dtype);
    const kernels = await kernelsFor(options, dtype);
    checkFinite(kernels, input, name);
    return { data: await run(kernels, values.data), shape: [...to] };
  };
  return {
    imageShape,
    dataShape,
    viewOrder: goldenOrder(angles ?? Float64Array.from({ length: dataShape[0] }, (_, i) => i), !angles),
    project: async (image, options = {}) => {
      ({ image } = checkCall(METHODS.Projector.project, { image, options }));
      return apply(image, 'image', [imageShape, dataShape], options, (kernels, values) =>
        parts.project(kernels, values, options),
      );
    },
    backproject: async (data, options = {}) => {
      ({ data } = checkCall(METHODS.Projector.backproject, { data, options }));
      return apply(data, 'data', [dataShape, imageShape], options, (kernels, values) =>
        parts.backproject(kernels, values, options),
      );
    },
    select: (views) => {
      checkCall(METHODS.Projector.select, { views });
      return parts.select(checkViews(views, dataShape[0]));
    },
  };
}

/** Throws INVALID_SHAPE unless a shape is the one expected. */
export function checkShapeIs(shape: readonly number[], expected: readonly number[], name: string): void {
  if (shape.length === expected.length && shape.every((extent, axis) => extent === expected[axis])) return;
  throw new RidgeflowError(
    'INVALID_SHAPE',
    `Expected shape [${expected.join(', ')}] for ${name} but received [${shape.join(', ')}]`,
    { details: { parameter: name } },
  );
}

/** Throws OUT_OF_MEMORY where a projector would need more memory than there is. */
export function requireProjectorMemory(bytes: number, what: string): void {
  requireMemory(bytes, what, 'Use a coarser grid, fewer views or fewer detectors');
}

function checkViews(views: readonly number[], count: number): readonly number[] {
  const given: unknown = views;
  if (!Array.isArray(given) || given.length === 0) {
    throw invalidArgument('views', 'an array of at least one number of a view', given);
  }
  for (const view of views) checkInteger(view, 'views', 0, count - 1);
  return views;
}

/** Numbers of the views, sorted by angle modulo π (or as they come) and then taken in steps of the golden section. */
function goldenOrder(angles: Float64Array, sorted: boolean): number[] {
  const turned = angles.map((angle) => (sorted ? angle : angle - Math.PI * Math.floor(angle / Math.PI)));
  const byAngle = Array.from(turned.keys()).sort((a, b) => turned[a] - turned[b]);
  const keys = byAngle.map((_, i) => (i * (Math.sqrt(5) - 1)) / 2 - Math.floor((i * (Math.sqrt(5) - 1)) / 2));
  const places = Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  const order = new Array<number>(angles.length);
  places.forEach((place, rank) => (order[place] = byAngle[rank]));
  return order;
}
