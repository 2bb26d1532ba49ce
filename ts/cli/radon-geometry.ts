import { InvalidArgumentError } from 'commander';
import { type CallOptions } from '../core/options.js';
import { RidgeflowError } from '../core/errors.js';
import type { NdArray } from '../core/array.js';
import {
  type BeamKernel,
  type FanBeamImage,
  type FilterName,
  type ParallelBeamImage,
  type Projector,
  cgls,
  fanBeamFilteredBackprojection,
  fanBeamProjector,
  filteredBackprojection,
  parallelBeamProjector,
  sart,
  sirt,
  totalVariation,
} from '../radon/index.js';

/** How `ridgeflow radon inverse` reconstructs. */
export type Method = 'fbp' | 'cgls' | 'sirt' | 'sart' | 'tv';

/** The options of `ridgeflow radon` that say where rays run. */
export interface GeometryOptions {
  geometry: 'parallel' | 'fan';
  range?: number;
  pixelSize: number;
  detectors?: number;
  spacing?: number;
  offset: number;
  truncated?: boolean;
  kernel: BeamKernel;
  sourceDistance?: number;
  detectorDistance: number;
  arrangement: 'flat' | 'equiangular';
}

/** The options that say how an image is made again. */
export interface ReconstructionOptions {
  method: Method;
  filter: FilterName;
  iterations?: number;
  nonNegative?: boolean;
  weight?: number;
  relaxation?: number;
}

/** A beam with its image. */
export type Geometry = { fan: false; beam: ParallelBeamImage } | { fan: true; beam: FanBeamImage };

/** The beam that the options describe, over an image of this shape. */
export function geometryOf(
  options: GeometryOptions,
  angles: Float64Array,
  shape: readonly number[],
  count?: number,
): Geometry {
  const { pixelSize, spacing, offset, truncated, kernel } = options;
  const detector = { count: count ?? options.detectors, spacing, offset, truncated };
  const shared = { angles, shape, pixelSize, detector };
  if (options.geometry === 'parallel') return { fan: false, beam: { ...shared, kernel } };
  const { sourceDistance, detectorDistance, arrangement } = options;
  if (sourceDistance === undefined) {
    throw new RidgeflowError('INVALID_ARGUMENT', 'Expected --source-distance with --geometry fan');
  }
  if (kernel !== 'joseph') {
    throw new RidgeflowError(
      'INVALID_ARGUMENT',
      `Expected --kernel joseph with --geometry fan, which has no other, but received ${kernel}`,
    );
  }
  return { fan: true, beam: { ...shared, sourceDistance, detectorDistance, arrangement } };
}

/** The projector of a geometry. */
export function projectorOf({ fan, beam }: Geometry): Projector {
  return fan ? fanBeamProjector(beam) : parallelBeamProjector(beam);
}

/** The largest square image that a sinogram's detectors cover, [n, n]. */
export function coveredShape(options: GeometryOptions, detectors: number): [number, number] {
  const { pixelSize, sourceDistance, detectorDistance, arrangement, truncated, range } = options;
  // Over a full turn the longer side of a row off-centre sees every line.
  const around = (range ?? (options.geometry === 'fan' ? 360 : 180)) >= 360;
  const offset = Math.abs(options.offset) * (truncated && around ? -1 : 1);
  let spacing = options.spacing ?? pixelSize;
  let reach: number;
  if (options.geometry === 'fan' && sourceDistance !== undefined) {
    const distance = sourceDistance + detectorDistance;
    spacing = options.spacing ?? (pixelSize * distance) / sourceDistance;
    const edge = (((detectors - 1) * spacing) / 2 - offset) / distance;
    reach = sourceDistance * Math.sin(arrangement === 'flat' ? Math.atan(edge) : Math.min(edge, Math.PI / 2));
  } else {
    reach = (detectors * spacing) / 2 - offset;
  }
  const side = Math.max(1, Math.floor((2 * reach) / (pixelSize * Math.SQRT2) + 1e-9));
  return [side, side];
}

/** Makes an image of a sinogram; iterative methods say how their residual fell. */
export async function reconstruct(
  sinogram: NdArray,
  geometry: Geometry,
  { method, filter, iterations, nonNegative, weight, relaxation }: ReconstructionOptions,
  call: CallOptions,
): Promise<{ image: NdArray; residuals?: Float64Array }> {
  const options = { ...call, projector: projectorOf(geometry), iterations };
  switch (method) {
    case 'fbp': {
      const image = geometry.fan
        ? await fanBeamFilteredBackprojection(sinogram, { ...geometry.beam, ...call, filter })
        : await filteredBackprojection(sinogram, { ...beamOf(geometry.beam), ...call, filter });
      return { image };
    }
    case 'cgls':
      return cgls(sinogram, options);
    case 'sirt':
      return sirt(sinogram, { ...options, nonNegative, relaxation });
    case 'sart':
      return sart(sinogram, { ...options, nonNegative, relaxation });
    case 'tv':
      return totalVariation(sinogram, {
        ...options,
        nonNegative: nonNegative ?? false,
        weight: weight ?? 0.01,
      });
  }
}

/** Parses rows × columns, like 256x256. */
export function parseShape(text: string): [number, number] {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (!match || Number(match[1]) < 1 || Number(match[2]) < 1) {
    throw new InvalidArgumentError('It must be rows x columns, like 256x256.');
  }
  return [Number(match[1]), Number(match[2])];
}

/** Parses any finite number. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Parses a number of at least 0. */
export function parseNonNegative(text: string): number {
  const value = parseNumber(text);
  if (value < 0) throw new InvalidArgumentError('It must be a number of at least 0.');
  return value;
}

/** A parallel beam without the kernel of its projections, which filtered backprojection has no choice of. */
function beamOf({ angles, shape, pixelSize, detector }: ParallelBeamImage) {
  return { angles, shape, pixelSize, detector };
}
