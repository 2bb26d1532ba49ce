import { ARRAY, CALL, list, object, options, type Argument } from '../core/call.js';
import type { projectCloud, projectedDensity, projectedExtents } from './cloud.js';
import type { directionSet } from './directions.js';
import type { fanBeamLines, fanBeamProjector } from './fan-beam.js';
import type { fanBeamFilteredBackprojection } from './fan-reconstruction.js';
import type { filteredBackprojection } from './filtered-backprojection.js';
import type { heatSlices } from './heat.js';
import type { hyperplaneProjector } from './hyperplanes.js';
import type { cgls, sart, sirt } from './iterative.js';
import type { parallelBeamProjector } from './parallel-beam.js';
import type { rasterize, sheppLogan } from './phantom.js';
import type { inverseRadonTransform } from './radon-inversion.js';
import type { filteredBackprojectionSlices } from './slices.js';
import type { totalVariation } from './total-variation.js';
import type { backproject, radonTransform } from './transform.js';
import type { xrayLines, xrayProjector } from './xray.js';
import { MIXTURE } from '../measure/signatures.js';

/** A {@link Projector}, the library's or the caller's. */
const PROJECTOR = object(['imageShape', 'dataShape', 'project()', 'backproject()', 'select()'], true);

const RAYS = object(['directions', 'positions']);

const LINES = object(['origins', 'directions', 'shape']);

/** What all iterative reconstructions take. */
const ITERATIVE = {
  ...CALL,
  angles: 1,
  detector: 1,
  initial: 1,
  iterations: 1,
  kernel: 1,
  pixelSize: 1,
  projector: PROJECTOR,
  shape: 1,
} as const;

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  axialDirections: { angles: list() },
  backproject: {
    sinogram: ARRAY,
    options: options<Argument<typeof backproject, 1>>()({
      ...CALL,
      angles: 1,
      detector: 1,
      kernel: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  cgls: {
    sinogram: ARRAY,
    options: options<Argument<typeof cgls, 1>>()(ITERATIVE),
  },
  directionSet: {
    options: options<Argument<typeof directionSet, 2>>()({ dtype: 1, kind: 1, seed: 1 }, true),
  },
  equalAngles: {},
  fanBeamFilteredBackprojection: {
    sinogram: ARRAY,
    options: options<Argument<typeof fanBeamFilteredBackprojection, 1>>()({
      ...CALL,
      angleWeights: 1,
      angles: 1,
      arrangement: 1,
      detector: 1,
      detectorDistance: 1,
      filter: 1,
      pixelSize: 1,
      scan: 1,
      shape: 1,
      sourceDistance: 1,
    }),
  },
  fanBeamLines: {
    options: options<Argument<typeof fanBeamLines, 0>>()({
      angles: 1,
      arrangement: 1,
      detector: 1,
      detectorDistance: 1,
      pixelSize: 1,
      shape: 1,
      sourceDistance: 1,
    }),
  },
  fanBeamProjector: {
    options: options<Argument<typeof fanBeamProjector, 0>>()({
      angles: 1,
      arrangement: 1,
      detector: 1,
      detectorDistance: 1,
      pixelSize: 1,
      shape: 1,
      sourceDistance: 1,
    }),
  },
  filteredBackprojection: {
    sinogram: ARRAY,
    options: options<Argument<typeof filteredBackprojection, 1>>()({
      ...CALL,
      angleWeights: 1,
      angles: 1,
      detector: 1,
      filter: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  filteredBackprojectionSlices: {
    data: ARRAY,
    options: options<Argument<typeof filteredBackprojectionSlices, 1>>()({
      ...CALL,
      angleWeights: 1,
      angles: 1,
      detector: 1,
      filter: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  heatSlices: {
    sinogram: ARRAY,
    options: options<Argument<typeof heatSlices, 1>>()({ ...CALL, amplification: 1, spacing: 1, time: 1 }),
  },
  hyperplaneProjector: {
    options: options<Argument<typeof hyperplaneProjector, 0>>()({
      detector: 1,
      directions: 1,
      kernel: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  hyperplanesOf: { geometry: object(['directions', 'shape']) },
  integrateEllipsoids: { ellipsoids: list(), lines: LINES },
  integrateMixture: { mixture: MIXTURE, lines: LINES },
  inverseRadonTransform: {
    data: ARRAY,
    options: options<Argument<typeof inverseRadonTransform, 1>>()({
      ...CALL,
      detector: 1,
      directionWeights: 1,
      directions: 1,
      filter: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  parallelBeamProjector: {
    options: options<Argument<typeof parallelBeamProjector, 0>>()({
      angles: 1,
      detector: 1,
      kernel: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  projectBall: { ball: object(['center', 'radius']), rays: RAYS },
  projectCloud: {
    points: ARRAY,
    options: options<Argument<typeof projectCloud, 1>>()({ ...CALL, directions: 1, into: 1 }),
  },
  projectEllipsoids: { ellipsoids: list(), rays: RAYS },
  projectMixture: { mixture: MIXTURE, rays: RAYS },
  projectedDensity: {
    cloud: object([]),
    options: options<Argument<typeof projectedDensity, 1>>()({
      ...CALL,
      bandwidth: 1,
      bins: 1,
      directions: 1,
    }),
  },
  projectedExtents: {
    cloud: object([]),
    options: options<Argument<typeof projectedExtents, 1>>()({ ...CALL, directions: 1 }),
  },
  radonTransform: {
    image: ARRAY,
    options: options<Argument<typeof radonTransform, 1>>()({
      ...CALL,
      angles: 1,
      detector: 1,
      kernel: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
  rasterize: {
    ellipsoids: list(),
    options: options<Argument<typeof rasterize, 1>>()({ dtype: 1, pixelSize: 1, shape: 1, subsamples: 1 }),
  },
  raysOf: { beam: object(['angles', 'shape']) },
  sart: {
    sinogram: ARRAY,
    options: options<Argument<typeof sart, 1>>()({
      ...ITERATIVE,
      nonNegative: 1,
      relaxation: 1,
    }),
  },
  sheppLogan: { options: options<Argument<typeof sheppLogan, 0>>()({ dimension: 1 }, true) },
  sirt: {
    sinogram: ARRAY,
    options: options<Argument<typeof sirt, 1>>()({
      ...ITERATIVE,
      nonNegative: 1,
      relaxation: 1,
    }),
  },
  totalVariation: {
    sinogram: ARRAY,
    options: options<Argument<typeof totalVariation, 1>>()({
      ...ITERATIVE,
      nonNegative: 1,
      weight: 1,
    }),
  },
  xrayLines: {
    options: options<Argument<typeof xrayLines, 0>>()({ detector: 1, directions: 1, pixelSize: 1, shape: 1 }),
  },
  xrayProjector: {
    options: options<Argument<typeof xrayProjector, 0>>()({
      detector: 1,
      directions: 1,
      pixelSize: 1,
      shape: 1,
    }),
  },
};
