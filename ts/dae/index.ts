export { DEFAULT_DEPTHS, type DepthComparisonOptions, compareDepths } from './compare-depths.js';
export { type ComposedDae, type ComposedDaeOptions, composedDae } from './composed-dae.js';
export { type ContinuousDae, type ContinuousDaeOptions, continuousDae } from './continuous-dae.js';
export { type DaeMapOptions, daeMap } from './dae-map.js';
export { defaultNoise, defaultSmoothing } from './defaults.js';
export type { Depth, DepthComparison, DepthRun, DistanceMethod } from './depth-comparison.js';
export { type NoiseDensity, laplaceNoise, noiseFromDensity, uniformBallNoise } from './noise.js';
export { type CloudTransport, type CloudTransportOptions, transportCloud } from './transport-cloud.js';
export type { DaeMap, TransportMap } from './transport-map.js';
