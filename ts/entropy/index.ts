export {
  type DivergenceOptions,
  type RenyiDivergenceOptions,
  klDivergence,
  renyiDivergence,
} from './divergence.js';
export type { SampleEstimate } from './estimate.js';
export { fisherInformation } from './fisher-information.js';
export { gaussianEntropy } from './gaussian-entropy.js';
export {
  type DimensionEstimate,
  type MaximumLikelihoodDimensionOptions,
  type TwoNearestNeighbourOptions,
  maximumLikelihoodDimension,
  twoNearestNeighbourDimension,
} from './intrinsic-dimension.js';
export { type KernelEntropyOptions, type KernelEstimate, kernelEntropy } from './kernel-entropy.js';
export {
  type EntropyEstimate,
  type NearestNeighbourEntropyOptions,
  entropyFromDistances,
  entropyOverRanks,
  nearestNeighbourEntropy,
} from './nearest-neighbour-entropy.js';
export { type MutualInformationOptions, mutualInformation } from './mutual-information.js';
export { type Neighbours, nearestNeighbours } from './nearest-neighbours.js';
export { type JitterOptions, jitter } from './rounding.js';
