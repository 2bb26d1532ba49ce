export type { PairCost } from './arguments.js';
export { uniformDirections } from './directions.js';
export { type WeightedPoints, displacementInterpolation, interpolateAlongMap } from './displacement.js';
export { EntropicPlan } from './entropic-plan.js';
export {
  type ExactCloudPlan,
  type ExactPlan,
  type ExactTransportOptions,
  exactTransport,
  exactTransportMatrix,
} from './exact-transport.js';
export { type LinePlan, type LineTransportOptions, circleTransport, lineTransport } from './line.js';
export {
  type MaxSlicedDistance,
  type MaxSlicedWassersteinOptions,
  maxSlicedWasserstein,
} from './max-sliced-wasserstein.js';
export {
  type GaussianBarycentreOptions,
  gaussianBarycentre,
  gaussianGeodesic,
  gaussianWasserstein,
} from './gaussian-wasserstein.js';
export {
  type FixedSupportBarycentre,
  type FixedSupportBarycentreOptions,
  fixedSupportBarycentre,
} from './fixed-support-barycentre.js';
export { frechetDistance } from './frechet-distance.js';
export {
  type FreeSupportBarycentre,
  type FreeSupportBarycentreOptions,
  freeSupportBarycentre,
} from './free-support-barycentre.js';
export { type GaussianMixtureDistance, gaussianMixtureWasserstein } from './gaussian-mixture-wasserstein.js';
export { sinkhorn, sinkhornMatrix } from './sinkhorn.js';
export { type SinkhornDivergence, sinkhornDivergence } from './sinkhorn-divergence.js';
export type { SinkhornOptions, SinkhornState } from './sinkhorn-iteration.js';
export {
  type SlicedDistance,
  type SlicedWassersteinOptions,
  slicedWasserstein,
} from './sliced-wasserstein.js';
