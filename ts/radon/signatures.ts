import {
  ARRAY,
  ARRAY_OPTIONAL,
  CALL,
  FLAG,
  LIST,
  NUMBER,
  TEXT,
  list,
  object,
  options,
  type Argument,
} from '../core/rules.js';
import type { projectCloud, projectedDensity, projectedExtents } from './cloud.js';
import type { directionSet } from './directions.js';
import type { fanBeamLines, fanBeamProjector } from './fan-beam.js';
import type { fanBeamFilteredBackprojection } from './fan-reconstruction.js';
import type { filteredBackprojection } from './filtered-backprojection.js';
import type { heatSlices } from './heat.js';
import type { Detector } from './geometry.js';
import type { hyperplaneProjector } from './hyperplanes.js';
import type { cgls, sart, sirt } from './iterative.js';
import type { parallelBeamProjector } from './parallel-beam.js';
import type { rasterise, sheppLogan } from './phantom.js';
import type { inverseRadonTransform } from './radon-inversion.js';
import type { filteredBackprojectionSlices } from './slices.js';
import type { totalVariation } from './total-variation.js';
import type { backproject, radonTransform } from './transform.js';
import type { FlatDetector, xrayLines, xrayProjector } from './xray.js';
import { MIXTURE } from '../measure/signatures.js';

/** A {@link Projector}, the library's or the caller's. */
const PROJECTOR = object(['imageShape', 'dataShape', 'project()', 'backproject()', 'select()'], true);

const RAYS = object(['directions', 'positions']);

const LINES = object(['origins', 'directions', 'shape']);

const BINS = options<Argument<typeof projectedDensity, 1>['bins']>()({
  count: NUMBER,
  offset: NUMBER,
  spacing: NUMBER,
});

const DETECTOR = options<Detector>()(
  { count: NUMBER, offset: NUMBER, spacing: NUMBER, truncated: FLAG },
  true,
);

const FLAT_DETECTOR = options<FlatDetector>()(
  { offset: LIST, shape: LIST, spacing: NUMBER, truncated: FLAG },
  true,
);

/** What all iterative reconstructions take. */
const ITERATIVE = {
  ...CALL,
  angles: LIST,
  detector: DETECTOR,
  initial: ARRAY_OPTIONAL,
  iterations: NUMBER,
  kernel: TEXT,
  pixelSize: NUMBER,
  projector: PROJECTOR,
  shape: LIST,
} as const;

/** A fan of rays and where it is seen. */
const FAN = {
  angles: LIST,
  arrangement: TEXT,
  detector: DETECTOR,
  detectorDistance: NUMBER,
  pixelSize: NUMBER,
  shape: LIST,
  sourceDistance: NUMBER,
} as const;

/** What the public functions of this subject take, for {@link checkCall}. The compiler holds the names of options to their types. */
export const SIGNATURES = {
  axialDirections: { angles: list() },
  backproject: {
    sinogram: ARRAY,
    options: options<Argument<typeof backproject, 1>>()({
      ...CALL,
      angles: LIST,
      detector: DETECTOR,
      kernel: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  cgls: {
    sinogram: ARRAY,
    options: options<Argument<typeof cgls, 1>>()(ITERATIVE),
  },
  directionSet: {
    options: options<Argument<typeof directionSet, 2>>()({ dtype: 1, kind: TEXT, seed: 1 }, true),
  },
  equalAngles: {},
  fanBeamFilteredBackprojection: {
    sinogram: ARRAY,
    options: options<Argument<typeof fanBeamFilteredBackprojection, 1>>()({
      ...CALL,
      angleWeights: LIST,
      angles: LIST,
      arrangement: TEXT,
      detector: DETECTOR,
      detectorDistance: NUMBER,
      filter: TEXT,
      pixelSize: NUMBER,
      scan: TEXT,
      shape: LIST,
      sourceDistance: NUMBER,
    }),
  },
  fanBeamLines: {
    options: options<Argument<typeof fanBeamLines, 0>>()({
      ...FAN,
    }),
  },
  fanBeamProjector: {
    options: options<Argument<typeof fanBeamProjector, 0>>()({
      ...FAN,
    }),
  },
  filteredBackprojection: {
    sinogram: ARRAY,
    options: options<Argument<typeof filteredBackprojection, 1>>()({
      ...CALL,
      angleWeights: LIST,
      angles: LIST,
      detector: DETECTOR,
      filter: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  filteredBackprojectionSlices: {
    data: ARRAY,
    options: options<Argument<typeof filteredBackprojectionSlices, 1>>()({
      ...CALL,
      angleWeights: LIST,
      angles: LIST,
      detector: DETECTOR,
      filter: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  heatSlices: {
    sinogram: ARRAY,
    options: options<Argument<typeof heatSlices, 1>>()({
      ...CALL,
      amplification: NUMBER,
      spacing: NUMBER,
      time: NUMBER,
    }),
  },
  hyperplaneProjector: {
    options: options<Argument<typeof hyperplaneProjector, 0>>()({
      detector: DETECTOR,
      directions: 1,
      kernel: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  hyperplanesOf: { geometry: object(['directions', 'shape']) },
  integrateEllipsoids: { ellipsoids: list(), lines: LINES },
  integrateMixture: { mixture: MIXTURE, lines: LINES },
  inverseRadonTransform: {
    data: ARRAY,
    options: options<Argument<typeof inverseRadonTransform, 1>>()({
      ...CALL,
      detector: DETECTOR,
      directionWeights: LIST,
      directions: 1,
      filter: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  parallelBeamProjector: {
    options: options<Argument<typeof parallelBeamProjector, 0>>()({
      angles: LIST,
      detector: DETECTOR,
      kernel: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  projectBall: { ball: object(['centre', 'radius']), rays: RAYS },
  projectCloud: {
    points: ARRAY,
    options: options<Argument<typeof projectCloud, 1>>()({
      ...CALL,
      directions: ARRAY,
      into: ARRAY_OPTIONAL,
    }),
  },
  projectEllipsoids: { ellipsoids: list(), rays: RAYS },
  projectMixture: { mixture: MIXTURE, rays: RAYS },
  projectedDensity: {
    cloud: object([]),
    options: options<Argument<typeof projectedDensity, 1>>()({
      ...CALL,
      bandwidth: NUMBER,
      bins: BINS,
      directions: ARRAY,
    }),
  },
  projectedExtents: {
    cloud: object([]),
    options: options<Argument<typeof projectedExtents, 1>>()({ ...CALL, directions: ARRAY }),
  },
  radonTransform: {
    image: ARRAY,
    options: options<Argument<typeof radonTransform, 1>>()({
      ...CALL,
      angles: LIST,
      detector: DETECTOR,
      kernel: TEXT,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  rasterise: {
    ellipsoids: list(),
    options: options<Argument<typeof rasterise, 1>>()({
      dtype: 1,
      pixelSize: NUMBER,
      shape: LIST,
      subsamples: NUMBER,
    }),
  },
  raysOf: { beam: object(['angles', 'shape']) },
  sart: {
    sinogram: ARRAY,
    options: options<Argument<typeof sart, 1>>()({
      ...ITERATIVE,
      nonNegative: FLAG,
      relaxation: NUMBER,
    }),
  },
  sheppLogan: { options: options<Argument<typeof sheppLogan, 0>>()({ dimension: NUMBER }, true) },
  sirt: {
    sinogram: ARRAY,
    options: options<Argument<typeof sirt, 1>>()({
      ...ITERATIVE,
      nonNegative: FLAG,
      relaxation: NUMBER,
    }),
  },
  totalVariation: {
    sinogram: ARRAY,
    options: options<Argument<typeof totalVariation, 1>>()({
      ...ITERATIVE,
      nonNegative: FLAG,
      weight: NUMBER,
    }),
  },
  xrayLines: {
    options: options<Argument<typeof xrayLines, 0>>()({
      detector: FLAT_DETECTOR,
      directions: 1,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
  xrayProjector: {
    options: options<Argument<typeof xrayProjector, 0>>()({
      detector: FLAT_DETECTOR,
      directions: 1,
      pixelSize: NUMBER,
      shape: LIST,
    }),
  },
};
