export { type Labels } from './classes.js';
export { type FisherRatio, fisherRatio } from './fisher-ratio.js';
export { type Silhouette, silhouette } from './silhouette.js';
export { type Accuracy, nearestNeighbourAccuracy } from './neighbour-accuracy.js';
export { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe.js';
export { type EffectiveRank, effectiveRank } from './effective-rank.js';
export { centredKernelAlignment } from './alignment.js';
export { type Separability, separability } from './separability.js';
