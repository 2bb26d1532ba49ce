export { medianSquaredDistance } from './bandwidth.js';
export { continuousDaeFlow, type ContinuousDaeFlowOptions } from './continuous-dae.js';
export { dilated, type Dilation } from './dilation.js';
export { flowMatching } from './flow-matching.js';
export { Flow, type FlowParts, type LikelihoodOptions, type TransportOptions } from './flow.js';
export { fokkerPlanckFlow, type FokkerPlanckParameters } from './fokker-planck.js';
export { heatFlow, type HeatFlowOptions } from './heat.js';
export { kernelFlow, type KernelFlowOptions, type NoiseInjection } from './kernel-flow.js';
export {
  langevin,
  metropolisAdjustedLangevin,
  type LangevinParameters,
  type MetropolisLangevin,
  type MetropolisOptions,
  type MetropolisPath,
} from './langevin.js';
export { maximumMeanDiscrepancy, type MaximumMeanDiscrepancyOptions } from './maximum-mean-discrepancy.js';
export { ornsteinUhlenbeckFlow, type OrnsteinUhlenbeckOptions } from './ornstein-uhlenbeck.js';
export {
  pairedFlowMatching,
  shufflePairs,
  type PairedFlowMatchingParameters,
} from './paired-flow-matching.js';
export { probabilityFlow, type ProbabilityFlowOptions } from './probability-flow.js';
export {
  lawOf,
  ornsteinUhlenbeck,
  varianceExploding,
  variancePreserving,
  type DiffusionProcess,
  type OrnsteinUhlenbeckParameters,
  type VarianceExplodingParameters,
  type VariancePreservingParameters,
} from './process.js';
export { rectifiedFlow, type RectifiedFlow, type RectifiedFlowOptions } from './rectified-flow.js';
export { reverseDiffusion } from './reverse-diffusion.js';
export { sinkhornDivergenceFlow, type SinkhornDivergenceFlowOptions } from './sinkhorn-divergence-flow.js';
export { slicedWassersteinFlow, type SlicedWassersteinFlowOptions } from './sliced-wasserstein-flow.js';
export { steinVariationalGradientDescent, type SteinOptions } from './stein.js';
export {
  StochasticFlow,
  type StochasticFlowParts,
  type StochasticTransportOptions,
} from './stochastic-flow.js';
