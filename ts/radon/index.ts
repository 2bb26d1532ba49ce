export type { CloudPart, CloudParts, ProjectedExtentsOptions } from './cloud-parts.js';
export {
  type ProjectCloudOptions,
  type ProjectedDensity,
  type ProjectedDensityOptions,
  projectCloud,
  projectedDensity,
  projectedExtents,
} from './cloud.js';
export { type DirectionKind, type DirectionSetOptions, directionSet } from './directions.js';
export { type Ellipsoid, projectBall, projectEllipsoids, projectMixture } from './exact.js';
export { type LineSet, integrateEllipsoids, integrateMixture } from './exact-lines.js';
export {
  type FanArrangement,
  type FanBeam,
  type FanBeamImage,
  fanBeamLines,
  fanBeamProjector,
} from './fan-beam.js';
export { type FanBeamReconstructionOptions, fanBeamFilteredBackprojection } from './fan-reconstruction.js';
export type { FilterName } from './filter.js';
export { type FilteredBackprojectionOptions, filteredBackprojection } from './filtered-backprojection.js';
export { type Detector, type Hyperplanes, type ParallelBeam, equalAngles, raysOf } from './geometry.js';
export {
  type GridKernel,
  type HyperplaneGeometry,
  type HyperplaneProjectorOptions,
  hyperplaneProjector,
  hyperplanesOf,
} from './hyperplanes.js';
export { type HeatSlicesOptions, heatSlices } from './heat.js';
export type { IterationOptions, IterativeOptions, IterativeResult } from './iteration.js';
export { type RelaxedOptions, cgls, sart, sirt } from './iterative.js';
export { type ParallelBeamImage, parallelBeamProjector } from './parallel-beam.js';
export type { Projector } from './projector.js';
export { type InverseRadonOptions, inverseRadonTransform } from './radon-inversion.js';
export type { Directions } from './unit-vectors.js';
export { filteredBackprojectionSlices } from './slices.js';
export { type FlatDetector, type XrayBeam, axialDirections, xrayLines, xrayProjector } from './xray.js';
export { type RasteriseOptions, rasterise, sheppLogan } from './phantom.js';
export {
  type BackprojectOptions,
  type BeamKernel,
  type RadonTransformOptions,
  backproject,
  radonTransform,
} from './transform.js';
export { type TotalVariationOptions, totalVariation } from './total-variation.js';
