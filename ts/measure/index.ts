export type { RowsLike, VectorLike } from './arguments.js';
export { type EmpiricalMeasure, type EmpiricalParameters, empirical } from './empirical.js';
export {
  type GaussianMixtureParameters,
  type GaussianParameters,
  gaussian,
  gaussianMixture,
} from './gaussian.js';
export type { DensityRequest, DensityValues, Estimate, EstimateOptions, Measure } from './measure.js';
export type { GaussianMixture } from './mixture.js';
export {
  type CheckerboardOptions,
  type CirclesOptions,
  type GaussianGridOptions,
  type SampleSet,
  type SampleSetOptions,
  checkerboard,
  circles,
  gaussianGrid,
  sCurve,
  swissRoll,
  twoMoons,
} from './sample-sets.js';
export { type SmoothedParameters, smoothed } from './smoothed.js';
export { type ScoreOptions, type ScoreValues, score } from './score.js';
export {
  type Standardisation,
  type StandardiseMethod,
  type StandardiseOptions,
  standardise,
} from './standardise.js';
