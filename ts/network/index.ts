export { type FitNetworkOptions, type NetworkFit, fitNetwork } from './fit.js';
export { type FitError, fitError } from './fit-error.js';
export { type ShallowNetwork, type ShallowNetworkParameters, shallowNetwork } from './shallow-network.js';
export type { NetworkTarget, SplitOptions } from './target.js';
export { type RandomUnitOptions, type Units, pairUnits, randomUnits } from './units.js';
export { type FoldChoice, type FoldOptions, chooseByFolds } from './folds.js';
export { type WidthStudy, errorByWidth } from './width-study.js';
export {
  type CompileFlowOptions,
  type CompiledFlow,
  type FlowDistance,
  compileFlow,
  distanceFromFlow,
} from './compile-flow.js';
export {
  type ResidualLayer,
  type ResidualNetwork,
  type ResidualNetworkParameters,
  residualNetwork,
} from './residual-network.js';
export { readLayersModel, writeLayersModel } from './layers-model.js';
export type { Network } from './network.js';
export { readNetworkOnnx, writeNetworkOnnx } from './onnx.js';
export type { OptimiserOptions } from '../kernel/optimiser.js';
export { type TrainNetworkOptions, type TrainedNetwork, trainNetwork } from './train.js';
export { type OracleUnitOptions, type OracleUnits, oracleUnits } from './oracle-units.js';
export {
  type SpectrumComparison,
  type SpectrumComparisonOptions,
  compareWithSpectrum,
} from './spectrum-comparison.js';
export { type SpectrumSlice, type SpectrumSliceOptions, spectrumSlice } from './spectrum-slice.js';
export { type FlowSpectraOptions, type FlowSpectrum, flowSpectra } from './flow-spectra.js';
export * from './model/index.js';
export * from './analysis/index.js';
export * from './blocks/index.js';
