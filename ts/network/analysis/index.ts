export { type AlignmentMatrix, type AlignmentMatrixOptions, alignmentMatrix } from './alignment-matrix.js';
export {
  type NetworkAnalysis,
  type NetworkAnalysisOptions,
  type LayerAnalysis,
  analyseNetwork,
} from './analyse.js';
export {
  type AttentionAnalysis,
  type AttentionAnalysisOptions,
  type AttentionHead,
  type AttentionLayerAnalysis,
  analyseAttention,
} from './attention.js';
export type { ClassMeasures, LayerMeasures, Separation } from './layer-measures.js';
export type { LayerPlane } from './planes.js';
export { type BlockDerivatives, type StepMeasures, type StreamMeasures, blockDerivatives } from './steps.js';
