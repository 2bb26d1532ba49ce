export {
  type ActivationLayer,
  type ActivationOptions,
  type Activations,
  openActivations,
} from './activations.js';
export { chooseLayers } from './choose-layers.js';
export { type AttentionLayer, type AttentionLayers, attentionLayers } from './attention-layers.js';
export type { FeatureMaps, SequencePooling } from './feature-maps.js';
export type { ModelData } from './model-data.js';
export type {
  Block,
  InputType,
  LeftOutLayer,
  ModelInput,
  ModelLayer,
  ModelPadding,
  ModelValue,
  NetworkModel,
  OpenModelOptions,
} from './model.js';
export { openModel } from './open.js';
export { type ResidualStream, type StreamBlock, residualStreams } from './residual-streams.js';
export { RandomProjection } from './random-projection.js';
