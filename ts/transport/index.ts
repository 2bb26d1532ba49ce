export { uniformDirections } from './directions.js';
export { type SlicedDistance, slicedWasserstein } from './sliced-wasserstein.js';
