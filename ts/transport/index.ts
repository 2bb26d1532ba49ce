export type { PairCost } from './arguments.js';
export { uniformDirections } from './directions.js';
export { EntropicPlan } from './entropic-plan.js';
export { sinkhorn, sinkhornMatrix } from './sinkhorn.js';
export { type SinkhornDivergence, sinkhornDivergence } from './sinkhorn-divergence.js';
export type { SinkhornOptions, SinkhornState } from './sinkhorn-iteration.js';
export { type SlicedDistance, slicedWasserstein } from './sliced-wasserstein.js';
