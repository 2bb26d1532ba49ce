export type { Checkpointing } from './checkpoint.js';
export { type TrainComposedDaeOptions, type TrainedComposition, trainComposedDae } from './composition.js';
export type { DescentOptions, EarlyStopping } from './descent.js';
export type { OptimiserOptions } from '../../kernel/optimiser.js';
export type { LayerNoise, StackOptions } from './layer-by-layer.js';
export type { TrainingNoise } from './noise.js';
export type { StackedDae } from './stack.js';
export { type TrainDaeOptions, trainDae } from './train-dae.js';
export { type TrainStackedDaeOptions, trainStackedDae } from './train-stack.js';
export type { EpochLoss, TrainedDae } from './trained-dae.js';
export {
  type CompareStackingOptions,
  type StackingComparison,
  type StackingRun,
  type TrajectoryDistance,
  compareStacking,
  trajectoryDistance,
} from './compare-stacking.js';
export { readDae, writeDae } from './files.js';
export type { AnyTrainedDae } from './kind.js';
export { type LayerSeparation, type LayerSeparationOptions, layerSeparation } from './layer-separation.js';
export { readDaeLayersModel, writeDaeLayersModel } from './layers-model.js';
export { writeDaeOnnx } from './onnx.js';
export {
  type FitComposedDaeOptions,
  type FitDaeOptions,
  type FitStackedDaeOptions,
  fitComposedDae,
  fitDae,
  fitStackedDae,
} from './fit-dae.js';
export { type FineTuneOptions, type FineTuned, fineTune } from './fine-tune.js';
export { type UnitFlow, type UnitFlowOptions, unitFlow } from './unit-flow.js';
