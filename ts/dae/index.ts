export { DEFAULT_DEPTHS, type DepthComparisonOptions, compareDepths } from './compare-depths.js';
export { defaultNoise, defaultSmoothing } from './defaults.js';
export type { Depth, DepthComparison, DepthRun, DistanceMethod } from './depth-comparison.js';
export { type CloudTransport, type CloudTransportOptions, transportCloud } from './transport-cloud.js';
